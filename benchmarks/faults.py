"""How much the program withstands: kills, mutated sound files, tampered runs. Counts go to a file of JSON.

    python -m benchmarks.faults --out reports/faults.json

The suite does the same in a short form (tests/faults). Whatever is not as it should be ends this program with
an error. Linux only.
"""

import argparse
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from tests.conftest import WORDS, write_corpus
from tests.faults.kills import WORKS, kill_at_random
from tests.faults.mutations import read_mutated
from tests.faults.tampering import read_tampered

from wordspot.config import CorpusConfig, RecurrentConfig, RunConfig, TrainingConfig
from wordspot.evaluation.tables import Table, number
from wordspot.files import write_json
from wordspot.training.loop import train


def finished_run(folder: Path) -> Path:
    """Train and evaluate a small run to be tampered with."""
    config = RunConfig(
        RecurrentConfig(hidden_size=8, num_layers=1), training=TrainingConfig(epochs=2, batch_size=8)
    )
    data = write_corpus(folder / "data")
    run = train(replace(config, corpus=CorpusConfig(words=WORDS)), data, folder / "run", quiet=True)
    run.evaluate("testing")
    write_json(run.folder / "thresholds.json", {"low": 0.5})
    return run.folder


def faults_table(found: Mapping[str, Mapping[str, int]]) -> Table:
    """Table the counts."""
    rows = []
    for name, counts in found.items():
        if "kills" in counts:
            rows.append([f"kill -9 in {name}", number(counts["kills"]), told_kills(counts["compared"])])
            continue
        memory = f"at most {counts['most_memory_kb'] / 1000:,.0f} MB more memory"
        files = f"{number(counts['read'])} read, {number(counts['refused'])} refused with a reason"
        rows.append([name, number(counts["read"] + counts["refused"]), f"{files}; {memory}"])
    return Table("", ["what", "times", "what became of it"], rows, left=(0, 2))


def told_kills(compared: int) -> str:
    """Say what became of work that was killed, which went on in so many folders."""
    return f"all {compared} results equal to that of an unbroken run; no part or lock left"


def main() -> None:
    """Do it all, and keep the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutated", type=int, default=5_000, help="sound files")
    parser.add_argument("--tampered", type=int, default=500, help="run folders")
    parser.add_argument("--kills", type=int, default=20, help="kills of each kind of work")
    parser.add_argument("--minutes", type=float, default=1e9, help="time for the kills of each kind of work")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    console = Console(stderr=True, highlight=False)
    found: dict[str, dict[str, int]] = {}

    def keep(name: str, counts: dict[str, int]) -> None:
        found[name] = counts
        console.print(f"{name}: {counts}")
        write_json(asked.out, found)

    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        os.environ["WORDSPOT_CACHE"] = str(place / "cache")
        keep("mutated sound files", read_mutated(range(asked.mutated), place))
        keep("tampered runs", read_tampered(range(asked.tampered), finished_run(place / "tampering"), place))
        for name in WORKS:
            (place / name).mkdir()
            keep(name, kill_at_random(name, asked.kills, place / name, asked.minutes))


if __name__ == "__main__":
    main()
