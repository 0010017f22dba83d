"""What a benchmark says: a ratio of two times, with its goal and the limit of the machine."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wordspot.bench.timing import Ratio, Seconds, ratio
from wordspot.evaluation.tables import Table


@dataclass(frozen=True)
class Measurement:
    """One ratio of times, measured in turns."""

    name: str
    ratio: Ratio
    detail: str
    """The two times."""
    at_least: float | None = None
    """Goal; None where there is none."""
    at_most: float | None = None
    limit: str = "-"
    """What the machine allows at most, or what else stands in the way."""

    @property
    def goal(self) -> str:
        """Write the goal."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "-" if self.at_most is None else f"at most {self.at_most:g}"

    @property
    def reached(self) -> bool | None:
        """Whether the median is as good as the goal; None where there is none."""
        if self.at_least is not None:
            return self.ratio.median >= self.at_least
        return None if self.at_most is None else self.ratio.median <= self.at_most


def quotient(name: str, one: Seconds, other: Seconds, per: str = " a clip", **goal: Any) -> Measurement:
    """Divide the times of two cases, each of one clip (or whatever `per` says), round by round."""
    return Measurement(name, ratio(one, other), f"{micros(one)} / {micros(other)}{per}", **goal)


def micros(seconds: Seconds) -> str:
    """Write a median time in microseconds."""
    return f"{1e6 * float(np.median(seconds)):,.0f} µs"


def measurements_table(found: list[Measurement]) -> Table:
    """Table measurements: ratio, quartiles, goal, times and limit."""
    rows = [
        [
            one.name,
            f"{one.ratio.median:.2f}",
            f"{one.ratio.low:.2f} to {one.ratio.high:.2f}",
            one.goal,
            {True: "yes", False: "no", None: "-"}[one.reached],
            one.detail,
            one.limit,
        ]
        for one in found
    ]
    columns = ["what", "ratio", "quartiles", "goal", "reached", "times (median)", "limit"]
    return Table("Ratios of times, measured in turns", columns, rows, left=(0, 5, 6))
