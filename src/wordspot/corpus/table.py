"""Lists of clips, `path,word[,speaker][,split]`, as CSV or TSV, and the `metadata.csv` of Hugging Face."""

import csv
import os
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from wordspot.corpus.index import Clip, Index, fill_splits
from wordspot.errors import WordspotError
from wordspot.files import read_text
from wordspot.layout import SPLIT_NAMES, speaker_at, speaker_by, split_of
from wordspot.text import is_plain

TABLES = (".csv", ".tsv")
METADATA = "metadata.csv"
COLUMNS = {
    "path": ("path", "file_name", "file"),
    "word": ("word", "label"),
    "speaker": ("speaker", "speaker_id"),
    "split": ("split",),
}
"""What is read from a table, and the names of columns that hold it."""


def tables_in(root: Path) -> list[Path]:
    """List the `metadata.csv` of a folder and of folders of splits in it that name files and words."""
    places = [root, *sorted(path for path in root.iterdir() if path.name.lower() in SPLIT_NAMES)]
    there = [place / METADATA for place in places if (place / METADATA).is_file()]
    return [table for table in there if {"path", "word"} <= columns_of(rows_of(table)).keys()]


def index_tables(
    root: Path, tables: Sequence[Path], noises: list[Path], speaker_from: str | None = None
) -> Index:
    """Index the clips that tables in or below the folder `root` name, relative to the table's own folder.

    Speakers are those that the regular expression `speaker_from` finds in the path from `root`, else those
    of the column, else those that the files are named by. Splits are those of the column, else those that the
    folders of the files are named as, else by the hash of the speaker. Raises WordspotError for a table that
    can't be used.
    """
    clips = [clip for table in tables for clip in clips_of(table, root, speaker_from)]
    named = ", ".join(str(table.relative_to(root)) for table in tables)
    return Index(root, fill_splits(clips), noises, layout=f"clips listed in {named}")


def rows_of(table: Path) -> list[list[str]]:
    """Read the rows of a table, empty ones too. Raises WordspotError for a file that is no table."""
    delimiter = "\t" if table.suffix.lower() == ".tsv" else ","
    try:
        return list(csv.reader(StringIO(read_text(table).removeprefix("\ufeff")), delimiter=delimiter))
    except (ValueError, csv.Error):
        raise WordspotError(f"{table}: not a table in UTF-8: replace or remove it") from None


def columns_of(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Give the places of the known columns, from the first row of a table."""
    names = [name.strip().lower() for name in rows[0]] if rows else []
    return {
        column: next(names.index(name) for name in known if name in names)
        for column, known in COLUMNS.items()
        if any(name in names for name in known)
    }


def clips_of(table: Path, root: Path, speaker_from: str | None) -> Iterator[Clip]:
    """Give the clips that a table names, with their paths from the folder `root`."""
    rows = rows_of(table)
    columns = columns_of(rows)
    for needed in ("path", "word"):
        if needed not in columns:
            raise WordspotError(
                f"{table}: no column {' or '.join(COLUMNS[needed])}: the first row names the columns path, "
                "word, and where they are known speaker and split"
            )
    inside = table.parent.relative_to(root)
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        cells = {column: row[at].strip() for column, at in columns.items() if at < len(row)}
        path, word = cells.get("path", ""), cells.get("word", "")
        if not is_plain(path) or not is_plain(word):
            raise WordspotError(f"{table}: row {number} has no path or no word in plain text: correct it")
        if path.startswith("/"):
            path = os.path.relpath(path, table.parent.resolve())
        path = (inside / path).as_posix()
        by_regex = speaker_by(speaker_from, path) if speaker_from else None
        speaker = by_regex or cells.get("speaker") or speaker_at(path)
        split = cells.get("split")
        if split and split.lower() not in SPLIT_NAMES:
            raise WordspotError(f"{table}: row {number}: split {split!r} is none of {', '.join(SPLIT_NAMES)}")
        named = split or path.partition("/")[0]
        yield Clip(path, word, speaker, SPLIT_NAMES.get(named.lower()) or split_of(speaker))
