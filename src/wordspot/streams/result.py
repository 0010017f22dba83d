"""What an evaluation on recordings found: as JSON and as a table."""

from dataclasses import asdict, dataclass, field
from typing import Any

from wordspot.deploy.settings import Detection
from wordspot.evaluation.tables import Table, percent, percent_interval
from wordspot.figures import titled
from wordspot.layout import Split
from wordspot.streams.scoring import Score
from wordspot.streams.settings import StreamConfig
from wordspot.streams.thresholds import GRID


@dataclass(frozen=True)
class StreamResult:
    """The score of one recording at the thresholds that were asked for, and at all of GRID."""

    name: str
    other_words: int
    """How often another word was said."""
    score: Score
    curve: list[Score] = field(repr=False)
    """Scores at each threshold of GRID, the same for all words."""


@dataclass(frozen=True)
class StreamEvaluation:
    """How good a recogniser is on recordings made of one split."""

    recogniser: str
    split: Split
    config: StreamConfig
    settings: Detection
    thresholds: dict[str, float]
    processor: dict[str, float]
    """Share of one core that it takes, live and in files."""
    synthetic: bool
    """Whether the words are synthetic speech."""
    results: list[StreamResult]

    def to_json(self) -> dict[str, Any]:
        """Write all of it as JSON, with rates and intervals."""
        return {
            "recogniser": self.recogniser,
            "split": self.split,
            "synthetic": self.synthetic,
            "config": asdict(self.config),
            "detection": asdict(self.settings),
            "thresholds": self.thresholds,
            "share_of_one_core": self.processor,
            "recordings": [result_json(result) for result in self.results],
        }


def result_json(result: StreamResult) -> dict[str, Any]:
    """Write the score of a recording as JSON."""
    score = result.score
    return {
        "name": result.name,
        "hours": score.hours,
        "words_said": score.said,
        "other_words_said": result.other_words,
        "missed": score.missed,
        "miss_rate": score.miss_rate,
        "miss_rate_interval": score.miss_interval,
        "false_accepts": score.false_accepts,
        "false_accepts_per_hour": score.false_accepts_per_hour,
        "false_accepts_per_hour_interval": score.false_accepts_interval,
        "latency_s": {"median": score.latency_s(0.5), "90 %": score.latency_s(0.9)},
        "by_word": {word: asdict(counts) for word, counts in score.by_word.items()},
        "curve": [
            {"threshold": threshold, "missed": one.missed, "false_accepts": one.false_accepts}
            for threshold, one in zip(GRID, result.curve, strict=True)
        ],
    }


def stream_table(result: StreamEvaluation) -> Table:
    """Table misses, false accepts and latency of each recording."""
    rows = []
    for one in result.results:
        score = one.score
        low, high = score.false_accepts_interval
        cells = ["-", "-", "-"]
        if score.miss_rate is not None and score.miss_interval is not None:
            cells[:2] = [percent(score.miss_rate), percent_interval(score.miss_interval)]
        median, late = score.latency_s(0.5), score.latency_s(0.9)
        if median is not None and late is not None:
            cells[2] = f"{1000 * median:.0f} ({1000 * late:.0f})"
        rate = f"{score.false_accepts_per_hour:.1f}"
        rows.append([one.name, str(score.said), *cells[:2], rate, f"{low:.1f} to {high:.1f}", cells[2]])
    hours = result.results[0].score.hours
    title = f"{result.recogniser}: recordings of {hours:g} h made of {result.split} clips"
    columns = [
        "recording",
        "words",
        "missed",
        "95 % interval",
        "false accepts an hour",
        "95 % interval",
        "latency: median (90 %), ms",
    ]
    return Table(titled(title, result), columns, rows)
