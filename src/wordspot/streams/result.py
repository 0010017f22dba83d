"""What an evaluation on recordings found, also as JSON; `reporting/stream_table.py` makes a table of that."""

from dataclasses import asdict, dataclass, field
from typing import Any

from wordspot.deploy.settings import Detection
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
