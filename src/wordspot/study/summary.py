"""The results of a study as text that stands beside its figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from wordspot.analysis.comparison import Comparison
from wordspot.analysis.tables import comparison_tables
from wordspot.figures import SYNTHETIC


@dataclass(frozen=True)
class Result:
    """What an experiment gave."""

    name: str
    question: str
    note: str
    comparison: Comparison


def summary(results: Sequence[Result]) -> str:
    """Write the tables of every experiment as Markdown, with links to its figures."""
    spoken = any(result.comparison.synthetic for result in results)
    lines = ["# Results of the study" + (f" ({SYNTHETIC})" if spoken else ""), ""]
    for result in results:
        lines += [f"## {result.question}", "", result.note, ""]
        for title, rows in comparison_tables(result.comparison).items():
            lines += [f"**{title}**", "", markdown(rows), ""]
        lines += [f"Figures: [{result.name}/]({result.name})", ""]
    return "\n".join(lines)


def markdown(rows: pd.DataFrame) -> str:
    """Write a table of text as Markdown, its first column to the left and the others to the right.

    >>> print(markdown(pd.DataFrame([{"model": "rnn", "accuracy": "88.8%"}])))
    | model | accuracy |
    | :-- | --: |
    | rnn | 88.8% |
    """
    marks = [":--"] + ["--:"] * (len(rows.columns) - 1)
    cells = [list(rows.columns), marks, *rows.astype(str).to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
