"""The counts in docs/reliability.md are those that the project keeps."""

import json
from pathlib import Path

from benchmarks.faults import faults_table

from tests.faults.kills import WORKS

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "reliability.md").read_text(encoding="utf-8")
KEPT = json.loads((PROJECT / "reports" / "faults.json").read_text(encoding="utf-8"))


def test_the_counts_are_a_table_of_the_page() -> None:
    assert faults_table(KEPT).to_markdown() in PAGE


def test_every_kind_of_fault_was_tried() -> None:
    assert set(KEPT) == {"mutated sound files", "tampered runs", *WORKS}
    assert KEPT["mutated sound files"]["read"] + KEPT["mutated sound files"]["refused"] >= 5_000
    for name in WORKS:
        assert KEPT[name]["kills"] > 0
        assert KEPT[name]["compared"] > 0
    assert not any("unexplained" in counts for counts in KEPT.values())
