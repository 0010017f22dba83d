"""What corpora of 10,000 to 100 million clips take, computed from the measurements that the project keeps.

    python -m benchmarks.plan

docs/scaling.md has the tables. A column is marked with * where it is an estimate.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wordspot.evaluation.tables import Table, number

REPORTS = Path(__file__).parents[1] / "reports" / "speed"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
MODELS = ("lstm", "wordspot")
EPOCHS = 30
"""Of the recipes; large corpora need fewer."""
CORES = 64
"""Of one machine in the plan."""
EFFICIENCY = 1.75 / 2
"""Estimate of what each of many cores keeps of its speed: that of two trainings at once on two cores."""
CORE_HOUR, GB_MONTH = 0.05, 0.10
"""Estimates of what clouds ask for, in dollars: an hour of a core, and a month of a GB on a disk."""


@dataclass(frozen=True)
class Measured:
    """What the plan is computed from."""

    packing: float
    """Clips packed in a second, by one core."""
    training: dict[str, float]
    """Seconds of one core for each clip of an epoch, by model."""
    opening: dict[int, float]
    """Most memory of a process that has opened a packed corpus in the default store, in MB, by its clips."""
    clip_bytes: float
    """Bytes of a packed clip of a second, with its row of the table."""
    clips: int
    """Clips for which the memory of shards was measured."""
    growth: float
    """Ratio of the memory for so many clips to that for a tenth of them: the largest of all steps."""
    packing_mb: dict[int, float]
    """Most memory of a process that packs shards, in MB, by clips."""
    training_mb: float
    """Most memory of a process that trains on shards, in MB."""


def measured(reports: Path = REPORTS) -> Measured:
    """Read the measurements."""
    bench = json.loads((reports / "bench.json").read_text(encoding="utf-8"))["measurements"]
    scale = json.loads((reports / "scale.json").read_text(encoding="utf-8"))
    packing, training, opening = 0.0, {}, {}
    for one in bench:
        name, detail = one["name"], one["detail"].replace(",", "")
        if found := re.fullmatch(r"packing 105,000 clips: clips a second", name):
            packing = one["ratio"]["median"]
        if found := re.fullmatch(r"model / whole training \((.*)\)", name):
            training[found[1]] = int(re.findall(r"(\d+) µs", detail)[1]) / 1e6
        if found := re.fullmatch(r"opening ([\d,]+) packed clips: seconds", name):
            opening[int(found[1].replace(",", ""))] = float(re.findall(r"(\d+) MB", detail)[0])
    few, many = scale["sizes"]
    steps = "packing_mb", "reading_mb", "training_mb"
    return Measured(
        packing,
        training,
        opening,
        many["bytes"] / many["clips"],
        many["clips"],
        max(many[step] / few[step] for step in steps),
        {one["clips"]: one["packing_mb"] for one in scale["sizes"]},
        many["training_mb"],
    )


def estimated_mb(clips: int, measured_mb: Mapping[int, float]) -> float:
    """Estimate the memory of a process for some clips: on the line through two measurements."""
    (few, low), (many, high) = sorted(measured_mb.items())
    return low + (high - low) / (many - few) * (clips - few)


def storage_table(known: Measured, sizes: Sequence[int] = SIZES) -> Table:
    """Table bytes, packing and memory."""
    rows = [
        [
            number(clips),
            told_bytes(clips * known.clip_bytes),
            told_time(clips / known.packing),
            told_bytes(1e6 * estimated_mb(clips, known.opening)),
            told_bytes(1e6 * estimated_mb(clips, known.packing_mb)),
            told_bytes(1e6 * known.training_mb),
            told_dollars(clips * known.clip_bytes / 1e9 * GB_MONTH),
        ]
        for clips in sizes
    ]
    memory = ["memory: store*", "packing shards*", "training on shards"]
    columns = ["clips", "packed", "packing, one core", *memory, "disk a month*"]
    return Table("", columns, rows, left=())


def training_table(model: str, known: Measured, sizes: Sequence[int] = SIZES) -> Table:
    """Table the time and cost of training a model."""
    rows = []
    for clips in sizes:
        epoch = clips * known.training[model]
        hours = EPOCHS * epoch / 3600
        seconds = EPOCHS * epoch / (CORES * EFFICIENCY)
        speed = CORES * EFFICIENCY / known.training[model]
        rows.append(
            [
                number(clips),
                told_time(epoch),
                f"{hours:,.1f}" if hours < 100 else f"{hours:,.0f}",
                told_time(seconds),
                str(machines(seconds)),
                f"{told_bytes(speed * known.clip_bytes)}/s",
                told_dollars(hours / EFFICIENCY * CORE_HOUR),
            ]
        )
    columns = [
        "clips",
        "an epoch, one core",
        f"core-hours, {EPOCHS} epochs",
        f"{CORES} cores*",
        "machines for a day*",
        "read*",
        "cost*",
    ]
    return Table("", columns, rows, left=())


def machines(seconds: float) -> int:
    """Count the machines that are done in a day with what takes one of them so long."""
    return max(1, -int(-seconds // 86_400))


def told_bytes(size: float) -> str:
    """Write bytes.

    >>> told_bytes(3.2e8), told_bytes(3.2e12)
    ('320 MB', '3.2 TB')
    """
    for unit, name in ((1e12, "TB"), (1e9, "GB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size / 1e6:,.0f} MB"


def told_time(seconds: float) -> str:
    """Write a time.

    >>> told_time(13), told_time(1300), told_time(36_000), told_time(400_000)
    ('13 s', '22 min', '10.0 h', '4.6 days')
    """
    for most, unit, text in ((120, 1, "{:.0f} s"), (7200, 60, "{:.0f} min"), (172_800, 3600, "{:.1f} h")):
        if seconds < most:
            return text.format(seconds / unit)
    return f"{seconds / 86_400:,.1f} days"


def told_dollars(dollars: float) -> str:
    """Write a price.

    >>> told_dollars(0.004), told_dollars(1234)
    ('under $0.01', '$1,234')
    """
    if dollars < 0.01:
        return "under $0.01"
    return f"${dollars:,.2f}" if dollars < 10 else f"${dollars:,.0f}"


def tables(known: Measured | None = None) -> dict[str, Table]:
    """Give every table of the page."""
    known = known or measured()
    return {"storage": storage_table(known)} | {model: training_table(model, known) for model in MODELS}


def facts(known: Measured) -> dict[str, Any]:
    """Give the single figures that the page tells."""
    few, many = sorted(known.opening)
    weights = 240_906
    step = 64 * known.training["lstm"]
    gigabit = 1e9 / 8
    return {
        "bytes a clip": number(round(known.clip_bytes)),
        "bytes of memory a clip": f"{1e6 * (known.opening[many] - known.opening[few]) / (many - few):,.0f}",
        "clips": number(known.clips),
        "growth": f"{100 * (known.growth - 1):.0f} %",
        "gradients": told_bytes(4 * weights),
        "a step": f"{1000 * step:.0f} ms",
        "gradients in a step": f"{1000 * 2 * 4 * weights / (10 * gigabit):.1f} ms",
        "clips of another process": told_bytes(64 * 4 * 16_000),
        "clips of seven others": f"{1000 * 7 * 64 * 4 * 16_000 / (10 * gigabit):.0f} ms",
    }


def main() -> None:
    """Print the tables and the figures."""
    known = measured()
    for name, table in tables(known).items():
        print(f"{name}\n\n{table.to_markdown()}\n")
    for name, value in facts(known).items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
