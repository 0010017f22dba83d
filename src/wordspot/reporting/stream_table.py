"""Misses, false accepts and latency in long recordings as a table, from what `evaluate-stream` writes."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from wordspot.errors import UsageError
from wordspot.evaluation.tables import Table, percent, percent_interval
from wordspot.figures import titled
from wordspot.files import read_json

COLUMNS = [
    "recording",
    "words",
    "missed",
    "95 % interval",
    "false accepts an hour",
    "95 % interval",
    "latency: median (90 %), ms",
]


def read_stream_table(path: Path) -> Table:
    """Make the table of a stream-<split>.json. Raises UsageError for any other file."""
    try:
        return stream_table(read_json(path))
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}: name the stream-testing.json of evaluate-stream"
        ) from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UsageError(f"{path}: not a result of `wordspot evaluate-stream`") from None


def stream_table(found: Mapping[str, Any]) -> Table:
    """Table misses, false accepts and latency of each recording."""
    hours = found["recordings"][0]["hours"]
    title = f"{found['recogniser']}: recordings of {hours:g} h made of {found['split']} clips"
    rows = [row_of(recording) for recording in found["recordings"]]
    return Table(titled(title, SimpleNamespace(synthetic=found["synthetic"])), COLUMNS, rows)


def row_of(recording: Mapping[str, Any]) -> list[str]:
    """Write the row of a recording; without words in it nothing can be missed."""
    low, high = recording["false_accepts_per_hour_interval"]
    missed, interval = recording["miss_rate"], recording["miss_rate_interval"]
    median, late = recording["latency_s"]["median"], recording["latency_s"]["90 %"]
    return [
        recording["name"],
        str(recording["words_said"]),
        "-" if missed is None else percent(missed),
        "-" if interval is None else percent_interval(interval),
        f"{recording['false_accepts_per_hour']:.1f}",
        f"{low:.1f} to {high:.1f}",
        "-" if median is None else f"{1000 * median:.0f} ({1000 * late:.0f})",
    ]
