"""Results as tables: each is described once, and shown in a terminal, Markdown, a notebook or a PDF."""

import html
import sys
from dataclasses import dataclass
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from wordspot.evaluation.comparison import Comparison, ModelResult
from wordspot.evaluation.fitting import fitted
from wordspot.figures import titled
from wordspot.runs.evaluation import Evaluation, Interval
from wordspot.text import markdown, shown

WIDE = 10_000
"""Most characters in a line of a file, more than any table needs."""


def percent(share: float, digits: int = 1) -> str:
    """Write a fraction as a percentage.

    >>> percent(0.9384)
    '93.8 %'
    """
    return f"{100 * share:.{digits}f} %"


def percent_interval(bounds: Interval) -> str:
    """Write an interval of a fraction in percent.

    >>> percent_interval((0.913, 0.959))
    '91.3 to 95.9 %'
    """
    return f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f} %"


def point_interval(bounds: Interval) -> str:
    """Write an interval of a difference in percentage points.

    >>> point_interval((-0.013, 0.009))
    '-1.3 to +0.9'
    """
    return f"{100 * bounds[0]:+.1f} to {100 * bounds[1]:+.1f}"


def number(count: float) -> str:
    """Write a count, or a mean of counts.

    >>> number(12345), number(5 / 3)
    ('12,345', '1.7')
    """
    return f"{count:,.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Table:
    """A titled table of text."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    left: tuple[int, ...] = (0,)
    """Columns that are aligned to the left."""

    def print(self) -> None:
        """Print to the terminal, in several parts where it is too wide; whole where the output is a file."""
        console = Console(width=None if sys.stdout.isatty() else WIDE)
        console.print(Text(shown(self.title), style="bold"), soft_wrap=True)
        columns, rows = list(map(shown, self.columns)), [list(map(shown, row)) for row in self.rows]
        for widths in fitted(columns, rows, self.left, console.width):
            table = RichTable(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
            for place, width in widths.items():
                side: Literal["left", "right"] = "left" if place in self.left else "right"
                table.add_column(Text(columns[place]), justify=side, overflow="fold", width=width)
            for row in rows:
                table.add_row(*(Text(row[place]) for place in widths))
            console.print(table)

    def to_markdown(self) -> str:
        """Write as Markdown, without the title.

        >>> print(Table("", ["model", "accuracy"], [["rnn", "88.8 %"]]).to_markdown())
        | model | accuracy |
        | :-- | --: |
        | rnn | 88.8 % |
        """
        marks = [":--" if number in self.left else "--:" for number in range(len(self.columns))]
        lines = [list(map(markdown, self.columns)), marks, *(list(map(markdown, row)) for row in self.rows)]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def _repr_html_(self) -> str:
        """Show in a notebook."""

        def line(cells: list[str], tag: str) -> str:
            sides = ["left" if number in self.left else "right" for number in range(len(cells))]
            return "".join(
                f'<{tag} style="text-align: {side}">{html.escape(cell)}</{tag}>'
                for cell, side in zip(cells, sides, strict=True)
            )

        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in self.rows)
        return (
            f"<table><caption>{html.escape(self.title)}</caption>"
            f"<thead><tr>{line(self.columns, 'th')}</tr></thead><tbody>{body}</tbody></table>"
        )


def evaluation_table(result: Evaluation) -> Table:
    """Table the scores of a recogniser word by word, under those of the whole."""
    title = (
        f"accuracy {percent(result.accuracy)} (95 % interval {percent_interval(result.interval)}), macro F1 "
        f"{result.macro_f1:.3f}, {result.clips} clips of {result.speakers} speakers"
    )
    rows = [
        [one.word, f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}", str(one.clips)]
        for one in result.words
    ]
    name = "all clips" if result.split == "all" else f"{result.split} split"
    return Table(f"{titled(name, result)}: {title}", ["word", "precision", "recall", "F1", "clips"], rows)


def comparison_tables(result: Comparison) -> list[Table]:
    """Table a comparison: scores, costs, training, noise where it was measured, confusions and pairs."""
    tables = [scores_table(result), costs_table(result), training_table(result)]
    if result.noise:
        tables.append(noise_table(result))
    return [*tables, confusions_table(result), pairs_table(result)]


def scores_table(result: Comparison) -> Table:
    """Table how well each model does."""
    columns = ["model", "seeds", "validation", result.split, "std", "95 % interval", "macro F1", "ECE"]
    if result.split == "validation":
        columns[2] = "best epoch"
    rows = [
        [
            one.name,
            str(len(one.runs)),
            percent(one.validation_accuracy),
            percent(one.accuracy),
            "-" if one.std is None else percent(one.std),
            percent_interval(one.interval),
            f"{one.macro_f1:.3f}",
            calibration(one),
        ]
        for one in result.models
    ]
    title = f"Accuracy on the {result.split} split ({result.clips} clips of {result.speakers} speakers)"
    return Table(titled(title, result), columns, rows)


def calibration(one: ModelResult) -> str:
    """Write the expected calibration error with its direction: over- or under-confident."""
    if one.overconfidence is None:
        return f"{one.calibration_error:.3f}"
    return f"{one.calibration_error:.3f} {'over' if one.overconfidence > 0 else 'under'}"


def costs_table(result: Comparison) -> Table:
    """Table what each model costs to use."""
    columns = ["model", "training clips", "weights", "file", "MACs", "one clip"]
    rows = [
        [
            one.name,
            training_clips(one),
            f"{one.parameters:,}",
            f"{one.kilobytes:,.0f} kB",
            f"{one.macs / 1e6:.1f} M",
            f"{one.latency_ms:.1f} ms",
        ]
        for one in result.models
    ]
    return Table(titled("Costs (MACs and time of one clip on one core)", result), columns, rows)


def training_table(result: Comparison) -> Table:
    """Table how fast each model trains: to its end, and to a fixed accuracy."""
    columns = ["model", "training", "epochs", "s per epoch", "epochs to 90 %", "s to 90 %"]
    rows = [
        [
            one.name,
            f"{one.minutes:.1f} min{one.beside_time}",
            number(one.epochs),
            f"{one.seconds_per_epoch:.1f}{one.beside_time}",
            "not reached" if one.epochs_to_90 is None else f"{one.epochs_to_90:.1f}",
            "not reached" if one.seconds_to_90 is None else f"{one.seconds_to_90:.0f}{one.beside_time}",
        ]
        if one.epochs  # a pretrained recogniser's may be unknown
        else [one.name, *["-"] * 5]
        for one in result.models
    ]
    title = "Speed of training (epochs and seconds to a validation accuracy of 90 %)"
    early = [
        f"{one.name}: {one.stopped_early} of {len(one.runs)}" for one in result.models if one.stopped_early
    ]
    if early:
        title += f"; stopped early for lack of improvement: {', '.join(early)} runs"
    return Table(titled(title, result), columns, rows)


def training_clips(one: ModelResult) -> str:
    """Write the number of training clips."""
    added = f", {one.synthetic_clips_added:,} synthetic" if one.synthetic_clips_added else ""
    return f"{one.training_clips:,}{added}"


def noise_table(result: Comparison) -> Table:
    """Table the accuracy at each signal-to-noise ratio, and on softer clips where it was measured."""
    first = result.models[0]
    columns = [
        "model",
        "clean",
        *(f"{db} dB" for db in first.noise),
        *(f"-{db} dB level" for db in first.soft),
    ]
    rows = [
        [one.name, *map(percent, (one.accuracy, *one.noise.values(), *one.soft.values()))]
        for one in result.models
    ]
    title = f"Accuracy at signal-to-noise ratios ({result.noise})"
    if first.soft:
        title += ", and on clips that are softer"
    return Table(titled(title, result), columns, rows)


def confusions_table(result: Comparison) -> Table:
    """Table the most frequent confusions of each model."""
    rows = [
        [one.name, ", ".join(f"{pair.said} as {pair.recognised} {pair.clips:.3g}" for pair in one.confused)]
        for one in result.models
    ]
    title = titled("Most frequent confusions (mean clips per run)", result)
    return Table(title, ["model", "word said as word recognised, clips"], rows, left=(0, 1))


def pairs_table(result: Comparison) -> Table:
    """Table the differences of pairs of models."""
    columns = ["model", "against", "difference", "95 % interval", "p", "only model", "only against"]
    single = any(pair.mcnemar is not None for pair in result.pairs)
    several = any(max(pair.seeds) > 1 for pair in result.pairs)
    rows = [
        [
            pair.one,
            pair.other,
            f"{100 * pair.difference:+.1f}",
            point_interval(pair.interval),
            f"{pair.p_value:.2g}",
            number(pair.only_one_right),
            number(pair.only_other_right),
            *(["-" if pair.mcnemar is None else f"{pair.mcnemar:.2g}"] if single else []),
        ]
        for pair in result.pairs
    ]
    title = (
        f"Differences in points ({'speakers and seeds' if several else 'speakers'}; intervals "
        "simultaneous, p adjusted for all pairs; clips that only one of the two recognises)"
    )
    if not of_models(result):
        title += "; single runs: differences of trained networks, not of models"
    if single:
        columns.append("McNemar p")
        title += "; McNemar's test takes clips for independent, not adjusted"
    return Table(titled(title, result), columns, rows, left=(0, 1))


def of_models(result: Comparison) -> bool:
    """Tell whether every difference is one of models with several seeds, not of single networks."""
    return all(pair.of_models for pair in result.pairs)
