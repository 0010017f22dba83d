"""Results as tables for a terminal."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wordspot.analysis.compare import Comparison
from wordspot.analysis.evaluate import Evaluation
from wordspot.analysis.explore import Exploration


def show(title: str, rows: pd.DataFrame) -> None:
    """Print a frame as a table, its first column to the left and the others to the right."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(rows.columns):
        table.add_column(str(name), justify="right" if number else "left")
    for _, row in rows.iterrows():
        table.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row))
    console = Console()
    console.print(Text(title, style="bold"), soft_wrap=True)
    console.print(table)


def print_evaluation(result: Evaluation) -> None:
    """Print the scores of a recogniser: the whole, then word by word."""
    low, high = result.interval
    show(
        f"{result.split}: accuracy {result.accuracy:.1%} "
        f"(95 % interval {low:.1%} to {high:.1%}), "
        f"macro F1 {result.macro_f1:.3f}, {result.clips} clips of {result.speakers} speakers",
        pd.DataFrame(result.words),
    )


def print_exploration(exploration: Exploration) -> None:
    """Print what a corpus holds."""
    show(f"Clips in {exploration.index.root}", exploration.counts().reset_index())
    show("Speakers", exploration.speakers().rename("speakers").reset_index())
    show("Durations in seconds", exploration.durations().reset_index())
    show("Formats", exploration.formats())
    print(f"recordings of background noise: {len(exploration.index.noises)}")
    print(f"files that can't be used: {len(exploration.unusable)}")
    for error in exploration.unusable[:10]:
        print(f"  {error}")


def print_study(rows: Sequence[Any]) -> None:
    """Print the rows of a study, one for each run."""
    shown = [
        {
            "model": row.model,
            "parameters": f"{row.parameters:,}",
            "minutes": f"{row.minutes:.1f}",
            "validation": f"{row.validation_accuracy:.1%}",
            "test": f"{row.test_accuracy:.1%}",
            "95 % interval": "{:.1%} - {:.1%}".format(*row.interval),
            "macro F1": f"{row.macro_f1:.3f}",
        }
        for row in rows
    ]
    show("Accuracy, with the test part's interval", pd.DataFrame(shown))


def print_comparison(result: Comparison) -> None:
    """Print what each run costs and how well it does, then every pair of runs."""
    costs = [
        {
            "run": one.run,
            "parameters": f"{one.parameters:,}",
            "file": f"{one.kilobytes:,.0f} kB",
            "training": f"{one.minutes:.1f} min",
            "epochs to 95 %": one.epochs_to_95,
            "one clip": f"{one.latency_ms:.1f} ms",
        }
        for one in result.contenders
    ]
    scores = [
        {
            "run": one.run,
            "accuracy": f"{one.accuracy:.1%}",
            "95 % interval": "{:.1%} - {:.1%}".format(*one.interval),
            "macro F1": one.macro_f1,
            "calibration error": one.calibration_error,
        }
        for one in result.contenders
    ]
    pairs = [
        {
            "run": pair.one,
            "against": pair.other,
            "only it right": pair.only_one_right,
            "only the other": pair.only_other_right,
            "p (McNemar, Holm)": f"{pair.p_value:.2g}",
        }
        for pair in result.pairs
    ]
    show(
        "Costs: time of one clip on one core, epochs to 95 % of the best validation accuracy",
        pd.DataFrame(costs),
    )
    show(f"Scores on the {result.split} part", pd.DataFrame(scores))
    show("Pairs on the same clips", pd.DataFrame(pairs))
