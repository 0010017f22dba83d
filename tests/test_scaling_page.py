"""The figures in docs/scaling.md follow from the measurements that the project keeps; memory stays flat."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.plan import (
    EFFICIENCY,
    SIZES,
    estimated_mb,
    facts,
    measured,
    storage_table,
    tables,
    training_table,
)

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "scaling.md").read_text(encoding="utf-8")
WORDS = " ".join(PAGE.split())
KEPT = measured()


@pytest.mark.parametrize("name", tables(KEPT))
def test_every_table_is_on_the_page(name: str) -> None:
    assert tables(KEPT)[name].to_markdown() in PAGE


def test_every_figure_is_on_the_page() -> None:
    for name, value in facts(KEPT).items():
        assert value in WORDS, name


def test_the_arithmetic_by_hand() -> None:
    """A million clips of 1,291 µs are 21.5 minutes for an epoch and 10.8 core-hours for thirty."""
    row = training_table("lstm", KEPT, [1_000_000]).rows[0]
    seconds = 30 * 1291 / (64 * EFFICIENCY)
    assert row[:5] == ["1,000,000", "22 min", "10.8", f"{seconds / 60:.0f} min", "1"]
    row = training_table("wordspot", KEPT, [100_000_000]).rows[0]
    assert row[1:3] == ["2.9 days", "2,064"]  # 100 million times 2,477 µs, and thirty times that
    row = storage_table(KEPT, [100_000_000]).rows[0]
    assert row[2] == "3.2 h"  # at 8,789 a second
    assert estimated_mb(10_443, KEPT.opening) == 555
    assert estimated_mb(105_000, KEPT.opening) == 623


def test_memory_is_flat_for_what_was_measured() -> None:
    assert KEPT.clips >= 200_000
    assert KEPT.growth < 1.1
    assert SIZES[-1] == 100_000_000


def test_the_benchmark(tmp_path: Path) -> None:
    out = tmp_path / "scale.json"
    command = [
        sys.executable,
        "-m",
        "benchmarks.scale",
        "--clips",
        "900",
        "--seconds",
        "0.1",
        "--out",
        f"{out}",
    ]
    subprocess.run(command, check=True, cwd=PROJECT, capture_output=True)
    few, many = json.loads(out.read_text())["sizes"]
    assert (few["clips"], many["clips"]) == (90, 900)
    assert many["training_clips"] == 900 - 36  # all but those of three speakers for each other split
    assert 900 * 3200 < many["bytes"] < 900 * 3400
    for step in ("packing_mb", "reading_mb", "training_mb"):
        assert few[step] > 100
        assert many[step] > 100
