"""The README's figures are those of the study that the project keeps."""

from pathlib import Path

import pytest

from wordspot.analysis.comparison import Contender
from wordspot.models.recognizer import pretrained
from wordspot.study.findings import interval, percent
from wordspot.study.study import read_study

PROJECT = Path(__file__).parents[1]
FAMILY = read_study(PROJECT / "reports")["family"].comparison


@pytest.mark.parametrize("one", FAMILY.contenders, ids=[one.name for one in FAMILY.contenders])
def test_a_row_of_the_table_of_models(one: Contender) -> None:
    assert one.spread is not None
    row = [
        f"`{one.name}`",
        f"{one.parameters:,}",
        f"{one.macs / 1e6:.1f} M",
        f"{one.minutes:.1f} min",
        percent(one.validation_accuracy),
        percent(one.accuracy),
        f"± {100 * one.spread:.1f}",
        interval(one.interval),
        f"{one.macro_f1:.3f}",
        percent(one.noise[5]),
    ]
    assert f"| {' | '.join(row)} |" in (PROJECT / "README.md").read_text(encoding="utf-8")


def test_the_words_of_the_recognisers_that_come_with_the_program() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert pretrained()
    assert f"# one of {' '.join(FAMILY.words)}" in readme
