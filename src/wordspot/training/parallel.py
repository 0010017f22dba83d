"""Several runs at once, each in a process of its own."""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from typing import Any

from wordspot.config import RunConfig
from wordspot.errors import WordspotError, warn_in_one_line
from wordspot.training.loop import train
from wordspot.training.metrics import Metrics


def train_all(
    runs: Sequence[tuple[RunConfig, Path]], data: str | Path, jobs: int, **settings: Any
) -> Iterator[Path]:
    """Train runs, `jobs` at a time, with the settings of `train`; gives each run's folder when it is done.

    Small recurrent models leave most of a second core idle, so runs side by side with a thread each are
    half as fast again as one after the other with two. Raises what `train` raises, after which no run goes
    on, and WordspotError where a process dies.
    """
    if jobs == 1:
        for config, run in runs:
            yield train(config, data, run, **settings)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin) as pool:
        work = partial(train, data=data, quiet=True, after_epoch=_end_with_parent, **settings)
        try:
            for done in as_completed([pool.submit(work, config, out=run) for config, run in runs]):
                yield done.result()
        except BrokenProcessPool:
            raise WordspotError("a training process died, perhaps for lack of memory: lower --jobs") from None
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
