"""Work that is killed at random moments, again and again, until it is done: is it what it would have been?"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests.conftest import write_corpus
from tests.helpers import assert_same_run, files_of

IN_A_ROW = 4
"""Kills in one folder before the work may end there."""
BEGIN = """
import sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
data, out = sys.argv[1], Path(sys.argv[2])
from wordspot.config import AugmentConfig, CorpusConfig, RecurrentConfig, RunConfig, TrainingConfig, vary
config = RunConfig(
    RecurrentConfig(hidden_size=16, num_layers=1, dropout=0.1),
    CorpusConfig(words=("low", "high", "rise")),
    augment=AugmentConfig(shift_ms=50),
    training=TrainingConfig(epochs=20, patience=20, batch_size=8),
)
"""
SAY = "print('ready', flush=True)\n"


@dataclass(frozen=True)
class Work:
    """A piece of work, as a script that makes the folder `out` of the clips in `data`."""

    script: str
    assert_same: Callable[[Path, Path], None]
    """Compares what an unbroken and a killed one left."""
    copies: int = 1
    """Files that each clip of the small corpus is linked to."""


def same_files(one: Path, other: Path) -> None:
    assert files_of(one) == files_of(other)


def same_study(one: Path, other: Path) -> None:
    runs = sorted(path.parent.relative_to(one) for path in one.rglob("config.json"))
    assert runs == sorted(path.parent.relative_to(other) for path in other.rglob("config.json"))
    assert len(runs) == 2
    for run in runs:
        assert_same_run(one / run, other / run)
        for name in ("evaluation-testing.json", "predictions-testing.csv"):
            assert (one / run / name).read_bytes() == (other / run / name).read_bytes()
    assert (other / "study.json").is_file()


def same_store(one: Path, other: Path) -> None:
    stores = [sorted((folder / "stores").iterdir()) for folder in (one, other)]
    assert [path.name for path in stores[0]] == [path.name for path in stores[1]]
    for here, there in zip(*stores, strict=True):
        assert (here / "samples.int16").read_bytes() == (there / "samples.int16").read_bytes()
        pd.testing.assert_frame_equal(pd.read_csv(here / "clips.csv"), pd.read_csv(there / "clips.csv"))


WORKS = {
    "training": Work(
        f"{BEGIN}from wordspot.training.loop import train\n{SAY}train(config, data, out, quiet=True)",
        assert_same_run,
    ),
    "study with two jobs": Work(
        f"{BEGIN}from wordspot.experiments.experiments import Experiment\n"
        "from wordspot.experiments.study import run_study\n"
        "variants = {'one': vary(config, epochs=6), 'other': vary(config, epochs=6, cell='gru')}\n"
        f"asked = [Experiment('family', 'Which?', '', 'testing', variants, 1, kind='models')]\n{SAY}"
        "run_study(asked, data, out, jobs=2, quiet=True)",
        same_study,
    ),
    "packing": Work(
        f"{BEGIN}import os\nos.environ['WORDSPOT_CACHE'] = str(out)\n"
        f"from wordspot.corpus.corpus import open_corpus\n{SAY}open_corpus(data, config.corpus)",
        same_store,
        copies=60,
    ),
    "synthesis": Work(
        f"{BEGIN}from wordspot.tts.settings import Synthesis\n"
        "from wordspot.tts.synthesize import synthesize\n"
        f"{SAY}synthesize(('low', 'high', 'rise'), out, Synthesis(clips=8, engines=('espeak',)), quiet=True)",
        same_files,
    ),
}


def kill_at_random(name: str, kills: int, folder: Path, minutes: float = 1e9) -> dict[str, int]:
    """Kill a piece of work so many times, and compare what it became with what an unbroken one gave.

    After some minutes there are no more kills. Counts the kills and the folders that were compared. Raises
    AssertionError where one differs or a part or a lock was left.
    """
    work = WORKS[name]
    data = linked(write_corpus(folder / "data"), folder / "linked", work.copies)
    with started(work, data, folder / "whole") as it:
        begun = time.monotonic()
        assert it.wait() == 0, name
    seconds = time.monotonic() - begun
    draw = np.random.default_rng(0)
    last = time.monotonic() + 60 * minutes
    killed = compared = in_a_row = 0
    out = folder / "killed"
    while (more := killed < kills and time.monotonic() < last) or in_a_row:
        with started(work, data, out) as it:
            if more and in_a_row < IN_A_ROW:
                try:
                    it.wait(draw.uniform(0, seconds))
                except subprocess.TimeoutExpired:
                    os.kill(it.pid, signal.SIGKILL)
            code = it.wait()
        if code == -signal.SIGKILL:
            killed, in_a_row = killed + 1, in_a_row + 1
            continue
        assert code == 0, f"{name}: exit code {code} after {killed} kills"
        work.assert_same(folder / "whole", out)
        left = [path for path in out.rglob("*") if path.suffix in (".part", ".lock")]
        assert left == [], f"{name}: left after {killed} kills"
        shutil.rmtree(out)
        compared, in_a_row = compared + 1, 0
    return {"kills": killed, "compared": compared}


def started(work: Work, data: Path, out: Path) -> "subprocess.Popen[str]":
    """Start a piece of work, and wait until its libraries are loaded."""
    process = subprocess.Popen(
        [sys.executable, "-c", work.script, str(data), str(out)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def linked(data: Path, folder: Path, copies: int) -> Path:
    """Give a corpus in which each clip of another is there several times, by as many speakers."""
    if copies == 1:
        return data
    for path in data.rglob("*.wav"):
        (folder / path.parent.name).mkdir(parents=True, exist_ok=True)
        speaker, rest = path.name.split("_nohash_")
        for number in range(copies):
            (folder / path.parent.name / f"{speaker}x{number}_nohash_{rest}").hardlink_to(path)
    return folder
