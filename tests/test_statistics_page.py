"""The figures in docs/statistics.md are those of the simulation that the project keeps."""

import json
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "statistics.md").read_text(encoding="utf-8")
KEPT = json.loads((PROJECT / "reports" / "verdicts.json").read_text(encoding="utf-8"))
RESULTS: list[dict[str, Any]] = KEPT["results"]


def row(result: dict[str, Any]) -> str:
    case = result["case"]
    cells = [case["models"], case["seeds"], case["speakers"]]
    if case["better_by"]:
        rates = [result["found"], result["covered"]]
        cells.append(f"{case['better_by']:g}")
    else:
        rates = [result["different"], result["covered"], result["mcnemar"]]
    return f"| {' | '.join([*map(str, cells), *(f'{rate:.1f} %' for rate in rates)])} |"


def test_every_case_is_a_row_of_the_page() -> None:
    for result in RESULTS:
        assert row(result) in PAGE


def test_equal_models_are_called_different_in_no_more_than_6_percent_of_families() -> None:
    equal = [result for result in RESULTS if not result["case"]["better_by"]]
    assert len(equal) >= 6
    for result in equal:
        assert result["families"] >= 2000
        assert result["different"] <= 6
        assert result["covered"] >= 94
    many = [result for result in equal if result["case"]["speakers"] > 100]
    assert min(result["different"] for result in many) > 2.5


def test_the_simulated_effects_are_like_those_of_the_kept_runs() -> None:
    shown = KEPT["effects_shown"]
    family = json.loads((PROJECT / "reports/family/comparison.json").read_text(encoding="utf-8"))
    without_rnn = [one for one in family["models"] if one["name"] != "rnn"]  # the only one far below
    mean = sum(one["accuracy"] for one in without_rnn) / len(without_rnn)
    pooled = (sum(one["std"] ** 2 for one in without_rnn) / len(without_rnn)) ** 0.5
    assert abs(shown["accuracy"] - 100 * mean) < 1.5
    assert 0.5 < shown["std_over_seeds"] / (100 * pooled) < 2
