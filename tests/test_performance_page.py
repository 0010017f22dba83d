"""The figures in docs/performance.md are those of the measurements that the project keeps."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from wordspot.bench.measurement import Measurement, measurements_table

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "performance.md").read_text(encoding="utf-8")


def kept(name: str) -> Any:
    return json.loads((PROJECT / "reports" / "speed" / name).read_text(encoding="utf-8"))


def test_every_measurement_is_a_row_of_the_page() -> None:
    names = Measurement.__dataclass_fields__
    rows = [{name: one[name] for name in names} for one in kept("bench.json")["measurements"]]
    assert measurements_table(TypeAdapter(list[Measurement]).validate_python(rows)).to_markdown() in PAGE


def test_every_way_to_wait_is_a_row_of_the_page() -> None:
    for one in kept("sharing.json"):
        cells = [one["task"], one["threads"], one["way"], f"{one['alone']:,.0f}", f"{one['beside']:,.0f}"]
        assert f"| {' | '.join(map(str, cells))} |" in PAGE


def test_the_pairs_of_precisions_are_rows_of_the_page() -> None:
    found = kept("precision.json")
    for seed, pair in enumerate(found["pairs"]):
        assert f"| {seed} | {pair['float32']:.2f} % | {pair['bfloat16']:.2f} % |" in PAGE
    assert f"{found['mean_loss']:+.2f} points" in PAGE
