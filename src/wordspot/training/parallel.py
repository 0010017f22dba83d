"""Several runs at once, each in a process of its own."""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path

from wordspot.config import RunConfig, Runtime
from wordspot.errors import WordspotError, warn_in_one_line
from wordspot.runs.metrics import Metrics
from wordspot.runs.run import Run
from wordspot.training.loop import train


def train_all(
    runs: Sequence[tuple[RunConfig, Path]],
    data: str | Path,
    jobs: int,
    runtime: Runtime,
    *,
    quiet: bool = False,
) -> Iterator[Run]:
    """Train configs into their folders, `jobs` at a time; yields each run when it is done.

    Small recurrent models leave most of a second core idle, so two runs at once with one thread each are
    half as fast again as one after the other with two threads. Raises what `train` raises, after which all
    runs end, and WordspotError where a process dies.
    """
    if jobs == 1:
        for config, out in runs:
            yield train(config, data, out, runtime, quiet=quiet)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin) as pool:
        work = partial(train, data=data, runtime=runtime, quiet=True, after_epoch=_end_with_parent)
        try:
            for done in as_completed([pool.submit(work, config, out=out) for config, out in runs]):
                yield done.result()
        except BrokenProcessPool:
            raise WordspotError("a training process died, perhaps out of memory: lower --jobs") from None
        except BaseException:
            for child in active_children():
                child.terminate()
            raise


def _begin() -> None:
    # An interrupt goes to every process of a terminal: the one that started these ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warn_in_one_line()


def _end_with_parent(_: Metrics) -> None:
    """End after an epoch where the process that began this one was killed: its successor may go on here."""
    parent = parent_process()
    if parent and not parent.is_alive():
        os._exit(1)
