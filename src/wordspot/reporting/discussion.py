"""An author's interpretation of results: a Markdown file with a section for each place that it belongs to."""

import re
from collections.abc import Sequence
from pathlib import Path

from wordspot.errors import UsageError

HEADING = re.compile(r"^## +(.+?) *$", re.MULTILINE)


def read_discussion(path: Path | str, places: Sequence[str]) -> dict[str, str]:
    """Read what an author says at each place, from sections whose headings `## <place>` name them.

    What stands above the first section is a note to other authors, and left out. Raises UsageError for a file
    that can't be read, and for a section that is empty, there twice, or not among the `places`.
    """
    path = Path(path)
    try:
        _, *parts = HEADING.split(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"{path}: {reason}: --discussion takes a Markdown file") from None
    sections: dict[str, str] = {}
    for place, text in zip(parts[::2], parts[1::2], strict=True):
        if place not in places:
            raise UsageError(f"{path}: no place {place!r}: name one of {', '.join(places)}")
        if place in sections:
            raise UsageError(f"{path}: {place!r} has two sections: make them one")
        if not text.strip():
            raise UsageError(f"{path}: {place!r} has no text: write it, or leave the section out")
        sections[place] = text.strip()
    if not sections:
        raise UsageError(f"{path}: no section: put a line `## {places[0]}` above the text of that place")
    return sections
