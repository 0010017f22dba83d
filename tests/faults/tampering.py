"""Run folders that are damaged or tampered with at random, and what becomes of reading them."""

import json
import shutil
import signal
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.faults.mutations import forget_peak, peak_kb
from wordspot.config import TrainingConfig
from wordspot.errors import WordspotError
from wordspot.evaluation.seed_groups import read_group
from wordspot.runs.metrics import is_over
from wordspot.runs.run import Run

SECONDS = 20
"""Longest time that the reading of a run may take."""
VALUES: tuple[Any, ...] = (
    None,
    "",
    "\x1b[31m",
    "../../etc/passwd",
    -1,
    0,
    10_000,
    10**9,
    2**63,
    1e308,
    True,
    [],
    {},
    ["low"] * 1_000_000,
)
TEXTS = (b"", b"{", b"{}\n", b"[]", b"null", b"\x00\xff\xfe", b"[" * 200_000, b"a,b\n1,2\n")
READERS: tuple[Callable[[Run], object], ...] = (
    lambda run: run.config,
    lambda run: is_over(run.metrics, TrainingConfig()),
    lambda run: run.validation_accuracy,
    lambda run: run.speakers,
    lambda run: run.thresholds,
    lambda run: run.times_evaluated("testing"),
    lambda run: run.recognizer,
    lambda run: run.plot_curves() if run.metrics else None,
    lambda run: run.evaluation("testing").plot_confusion(),
    lambda run: read_group("a", [run], "testing").confidence,
)


def tamper(folder: Path, draw: np.random.Generator) -> str:
    """Change a file of a run in one way; gives its name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".svg")
    path = files[draw.integers(len(files))]
    content = path.read_bytes()
    match draw.integers(5):
        case 0:
            path.write_bytes(content[: draw.integers(len(content))])
        case 1:
            path.write_bytes(TEXTS[draw.integers(len(TEXTS))])
        case 2:
            path.unlink()
        case 3:
            changed = bytearray(content)
            for place in draw.integers(len(changed), size=3):
                changed[place] = draw.integers(256)
            path.write_bytes(changed)
        case _:
            if path.suffix != ".json":
                path = folder / "config.json"
            stored = json.loads(path.read_text(encoding="utf-8"))
            change_value(stored, draw)
            path.write_text(json.dumps(stored), encoding="utf-8")
    return path.name


def change_value(stored: Any, draw: np.random.Generator) -> None:
    """Change or remove one value at any depth of what JSON gave."""
    while True:
        keys = list(stored) if isinstance(stored, dict) else list(range(len(stored)))
        key = keys[draw.integers(len(keys))]
        if isinstance(stored[key], dict | list) and stored[key] and draw.random() < 0.8:
            stored = stored[key]
            continue
        if draw.random() < 0.2:
            del stored[key]
        else:
            stored[key] = VALUES[draw.integers(len(VALUES))]
        return


def read_tampered(numbers: range, run: Path, folder: Path) -> dict[str, int]:
    """Read a run that is tampered with in as many ways; count readings, refusals, the most memory (kB).

    Raises whatever else than WordspotError they raise.
    """

    def too_long(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, too_long)
    found: Counter[str] = Counter(read=0, refused=0)
    most = 0
    place = folder / "tampered"
    try:
        for number in numbers:
            shutil.copytree(run, place)
            name = tamper(place, np.random.default_rng((2, number)))
            forget_peak()
            started = peak_kb()
            signal.alarm(SECONDS)
            for reader in READERS:
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        reader(Run(place))
                except WordspotError as error:
                    found["refused" if str(error).count("\n") == 0 else "unexplained"] += 1
                except Exception as error:
                    error.add_note(f"number {number}, {name}")
                    raise
                else:
                    found["read"] += 1
            signal.alarm(0)
            most = max(most, peak_kb() - started)
            shutil.rmtree(place)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return {**found, "most_memory_kb": most}
