"""Results as tables for a terminal."""

import sys

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wordspot.analysis.comparison import Comparison
from wordspot.analysis.evaluate import Evaluation
from wordspot.analysis.explore import Exploration
from wordspot.corpus.index import Index
from wordspot.figures import SYNTHETIC

WIDE = 160
"""Characters in a line of a file."""


def show(title: str, rows: pd.DataFrame) -> None:
    """Print a frame as a table, its first column to the left and the others to the right."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(rows.columns):
        table.add_column(str(name), justify="right" if number else "left")
    for _, row in rows.iterrows():
        table.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row))
    # Where nobody looks, as in a file, lines may be as long as the table needs.
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    console.print(Text(title, style="bold"), soft_wrap=True)
    console.print(table)


def of_synthetic(heard: Evaluation | Comparison | Index) -> str:
    """Mark the title of a table where no human voice was heard."""
    return f" ({SYNTHETIC})" if heard.synthetic else ""


def print_evaluation(result: Evaluation) -> None:
    """Print the scores of a recogniser: the whole, then word by word."""
    low, high = result.interval
    show(
        f"{result.split}{of_synthetic(result)}: accuracy {result.accuracy:.1%} "
        f"(95 % interval {low:.1%} to {high:.1%}), "
        f"macro F1 {result.macro_f1:.3f}, {result.clips} clips of {result.speakers} speakers",
        pd.DataFrame(result.words),
    )


def print_exploration(exploration: Exploration) -> None:
    """Print what a corpus holds."""
    marked = of_synthetic(exploration.index)
    show(f"Clips in {exploration.index.root}{marked}", exploration.counts().reset_index())
    show(f"Speakers{marked}", exploration.speakers().rename("speakers").reset_index())
    show(f"Durations in seconds{marked}", exploration.durations().reset_index())
    show(f"Formats{marked}", exploration.formats())
    print(f"recordings of background noise: {len(exploration.index.noises)}")
    print(f"files that can't be used: {len(exploration.unusable)}")
    for error in exploration.unusable[:10]:
        print(f"  {error}")


def print_comparison(result: Comparison) -> None:
    """Print what each model costs and how well it does, what it confuses, then the pairs of models."""
    for title, rows in comparison_tables(result).items():
        show(title, rows)


def comparison_tables(result: Comparison) -> dict[str, pd.DataFrame]:
    """Table a comparison: scores, costs, confusions and pairs, each under its title, as text."""
    costs = [
        {
            "model": one.name,
            "clips": f"{one.training_clips:,}"
            + (f", {one.synthetic_clips_added:,} synthetic" if one.synthetic_clips_added else ""),
            "parameters": f"{one.parameters:,}",
            "file": f"{one.kilobytes:,.0f} kB",
            "multiply-adds": f"{one.macs / 1e6:.1f} M",
            "one clip": f"{one.latency_ms:.1f} ms",
            "training": f"{one.minutes:.1f} min",
            "epochs": f"{one.epochs:.0f}",
            "to 95 %": f"{one.epochs_to_95:.1f}",
        }
        for one in result.contenders
    ]
    scores = [
        {
            "model": one.name,
            "runs": len(one.runs),
            "validation": f"{one.validation_accuracy:.1%}",
            result.split: f"{one.accuracy:.1%}",
            "spread": "-" if one.spread is None else f"{one.spread:.1%}",
            "95 % interval": "{:.1%} - {:.1%}".format(*one.interval),
            "macro F1": f"{one.macro_f1:.3f}",
            "calibration": f"{one.calibration_error:.3f}",
        }
        for one in result.contenders
    ]
    noisy = [
        {"model": one.name, "as they are": f"{one.accuracy:.1%}"}
        | {f"{ratio} dB": f"{accuracy:.1%}" for ratio, accuracy in one.noise.items()}
        for one in result.contenders
    ]
    confused = [
        {
            "model": one.name,
            "said, recognised, clips": ", ".join(
                f"{pair.said} {pair.recognised} {pair.clips:.3g}" for pair in one.confused
            ),
        }
        for one in result.contenders
    ]
    pairs = [
        {
            "model": pair.one,
            "against": pair.other,
            "difference": f"{pair.difference:+.1%}",
            "95 % interval": "{:+.1%} - {:+.1%}".format(*pair.interval),
            "only it right": pair.only_one_right,
            "only the other": pair.only_other_right,
            "p (McNemar, Holm)": f"{pair.p_value:.2g}",
        }
        for pair in result.pairs
    ]
    tables = {
        f"Accuracy on the {result.split} part, {result.clips} clips of {result.speakers} speakers": scores,
        "Costs: multiply-adds and time of one clip on one core; epochs, and those to 95 % of the best": costs,
        f"Accuracy with {result.noise} at signal-to-noise ratios": noisy if result.noise else [],
        "Words taken for others, clips in a run": confused,
        "Pairs on the same clips": pairs,
    }
    marked = of_synthetic(result)
    return {f"{title}{marked}": pd.DataFrame(rows) for title, rows in tables.items() if rows}
