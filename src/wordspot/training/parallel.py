"""Several runs at once, each in a process of its own."""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache, partial
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Thread

from wordspot.config import RunConfig, Runtime
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import WordspotError, warn_in_one_line
from wordspot.runs.run import Run
from wordspot.training.loop import train
from wordspot.waiting import passive_children

open_once = cache(open_corpus)
"""Opens a corpus once for all runs of a process; `processes` forgets it."""


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
    pool: ProcessPoolExecutor | None,
    *,
    quiet: bool = False,
) -> Iterator[Run]:
    """Train configs into their folders in what `processes` gives; yields each run when it is done.

    Small recurrent models leave most of a second core idle, so two runs at once with one thread each are
    faster than one after the other with two threads. Raises what `train` raises.
    """
    work = partial(_train, data, runtime, quiet or pool is not None)
    if pool is None:
        for config, out in runs:
            yield work(config, out)
        return
    for done in as_completed([pool.submit(work, config, out) for config, out in runs]):
        yield done.result()


def _train(data: str | Path, runtime: Runtime, quiet: bool, config: RunConfig, out: Path) -> Run:
    return train(config, open_once(data, config.corpus, runtime), out, runtime, quiet=quiet)


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
