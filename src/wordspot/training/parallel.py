"""Several runs at once, each in a process of its own, here or wherever an executor has one."""

import os
import platform
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache, partial
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Lock, Thread

from wordspot.config import RunConfig, Runtime
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError, WordspotError, warn_in_one_line
from wordspot.files import locked, output_folder
from wordspot.runs.run import Run
from wordspot.training.cluster import cluster
from wordspot.training.loop import train
from wordspot.waiting import passive_children

open_once = cache(open_corpus)
"""Opens a corpus once for all runs of a process; `processes` forgets it."""
ONE_RUN = Lock()
"""A process trains one run at a time: torch has one generator and one number of threads."""


@contextmanager
def executing(executor: Executor | str | None, jobs: int) -> Iterator[tuple[Executor | None, int]]:
    """Yield an executor, and how many runs it trains at once: this machine's processes where none is given.

    One that is given trains `jobs` runs at once; a text is the address of a Dask scheduler, whose workers
    train one each. Raises UsageError for threads of this process, which share torch's
    generator, and what `processes` and `cluster` raise.
    """
    if isinstance(executor, ThreadPoolExecutor):
        raise UsageError("executor: threads would share one generator of torch: use processes")
    try:
        if isinstance(executor, str):
            with cluster(executor) as (workers, count):
                yield workers, count
        elif executor:
            yield executor, jobs
        else:
            with processes(jobs) as pool:
                yield pool, jobs
    finally:
        open_once.cache_clear()


@contextmanager
def processes(jobs: int) -> Iterator[ProcessPoolExecutor | None]:
    """Yield `jobs` processes, which start at once; None for one job, which this process does itself.

    They end with this one, however it ends, and on any error. Raises WordspotError where one of them dies.
    """
    try:
        if jobs == 1:
            yield None
            return
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin) as pool:
            try:
                with passive_children():
                    for _ in range(jobs):
                        pool.submit(os.getpid)  # starts a process, since none is idle yet
                yield pool
            except BrokenProcessPool:
                raise WordspotError("a training process died, perhaps out of memory: lower --jobs") from None
            except BaseException:
                for child in active_children():
                    child.terminate()
                raise
    finally:
        open_once.cache_clear()


def train_all(
    runs: Sequence[tuple[RunConfig, Path]],
    data: str | Path,
    runtime: Runtime,
    pool: Executor | None,
    *,
    shared: Path | None = None,
    quiet: bool = False,
) -> Iterator[Run]:
    """Train configs into their folders in what `executing` gives; yields each run when it is done.

    Small recurrent models leave most of a second core idle, so two runs at once with one thread each are
    faster than one after the other with two threads. `shared` is a file that processes on other machines have
    to see. Raises what `train` raises.
    """
    work = partial(_train, data, runtime, quiet or pool is not None, shared)
    if pool is None:
        for config, out in runs:
            yield work(config, out)
        return
    for done in as_completed([pool.submit(work, config, out) for config, out in runs]):
        yield done.result()


def _train(
    data: str | Path, runtime: Runtime, quiet: bool, shared: Path | None, config: RunConfig, out: Path
) -> Run:
    if shared is None:
        return train(config, open_once(data, config.corpus, runtime), out, runtime, quiet=quiet)
    if not shared.is_file():
        raise UsageError(
            f"{shared}: not there on {platform.node()}: name an --out in a folder that all machines share"
        )
    # A worker that was given up as lost, or by a study that was stopped, may still be at work there. And a
    # worker outlives a study, so it keeps no corpus.
    with ONE_RUN, locked(output_folder(out) / "work"):
        return train(config, data, out, runtime, quiet=quiet)


def _begin() -> None:
    # An interrupt goes to every process of a terminal: the one that started these ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warn_in_one_line()
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End where the process that began this one was killed: its successor may train the same runs."""
    parent = parent_process()
    assert parent
    parent.join()
    os._exit(1)
