"""Lists of clips, `path,word[,speaker][,split]`, as CSV or TSV, and the `metadata.csv` of Hugging Face."""

import csv
import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedReader, StringIO
from pathlib import Path
from typing import overload

from wordspot.corpus.index import Clip, Index, fill_split, fill_splits
from wordspot.errors import WordspotError
from wordspot.files import read_text
from wordspot.layout import SPLIT_NAMES, Split, speaker_at, speaker_by, split_of
from wordspot.text import is_plain

TABLES = (".csv", ".tsv")
METADATA = "metadata.csv"
MARK = "\ufeff"
"""What some programs begin a text in UTF-8 with."""
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
    try:
        return list(csv.reader(StringIO(read_text(table).removeprefix(MARK)), delimiter=delimiter_of(table)))
    except (ValueError, csv.Error):
        raise not_a_table(table) from None


def delimiter_of(table: Path) -> str:
    """Tell what stands between the cells of a table."""
    return "\t" if table.suffix.lower() == ".tsv" else ","


def not_a_table(table: Path) -> WordspotError:
    """Make the error of a file that is none."""
    return WordspotError(f"{table}: not a table in UTF-8: replace or remove it")


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
    columns = needed_columns(table, rows)
    for number, row in enumerate(rows[1:], 2):
        if row:
            yield clip_in(row, columns, table, root, number, speaker_from)


def needed_columns(table: Path, rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Give the places of the known columns. Raises WordspotError where files or words are not named."""
    columns = columns_of(rows)
    for needed in ("path", "word"):
        if needed not in columns:
            raise WordspotError(
                f"{table}: no column {' or '.join(COLUMNS[needed])}: the first row names the columns path, "
                "word, and where they are known speaker and split"
            )
    return columns


def clip_in(
    row: Sequence[str],
    columns: Mapping[str, int],
    table: Path,
    root: Path,
    number: int,
    speaker_from: str | None = None,
) -> Clip:
    """Give the clip that a row of a table names. Raises WordspotError for a row that can't be used."""
    cells = {column: row[at].strip() for column, at in columns.items() if at < len(row)}
    path, word = cells.get("path", ""), cells.get("word", "")
    if not is_plain(path) or not is_plain(word):
        raise WordspotError(f"{table}: row {number} has no path or no word in plain text: correct it")
    if path.startswith("/"):
        path = os.path.relpath(path, table.parent.resolve())
    path = (table.parent.relative_to(root) / path).as_posix()
    by_regex = speaker_by(speaker_from, path) if speaker_from else None
    speaker = by_regex or cells.get("speaker") or speaker_at(path)
    split = cells.get("split")
    if split and split.lower() not in SPLIT_NAMES:
        raise WordspotError(f"{table}: row {number}: split {split!r} is none of {', '.join(SPLIT_NAMES)}")
    named = split or path.partition("/")[0]
    return Clip(path, word, speaker, SPLIT_NAMES.get(named.lower()) or split_of(speaker))


class LongList(Sequence[Clip]):
    """The clips of an open table, each read when it is asked for: 8 bytes of it are in memory."""

    def __init__(self, file: BufferedReader, table: Path, speaker_from: str | None = None) -> None:
        """Go through the table once. Raises WordspotError where it can't be used."""
        self.file, self.table, self.speaker_from = file, table, speaker_from
        self.columns = needed_columns(table, [self._row(file.readline().removeprefix(MARK.encode()))])
        self.places, self.given = array("q"), set[Split]()
        place = file.tell()
        for number, line in enumerate(iter(file.readline, b""), 2):
            if row := self._row(line):
                self.given.add(clip_in(row, self.columns, table, table.parent, number, speaker_from).split)
                self.places.append(place)
            place += len(line)

    def _row(self, line: bytes) -> list[str]:
        try:
            return next(csv.reader([line.decode()], delimiter=delimiter_of(self.table)), [])
        except (ValueError, csv.Error):
            raise not_a_table(self.table) from None

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, number: int) -> Clip: ...
    @overload
    def __getitem__(self, number: slice) -> list[Clip]: ...
    def __getitem__(self, number: int | slice) -> Clip | list[Clip]:
        """Read the clip of a number."""
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        self.file.seek(self.places[number])
        row = self._row(self.file.readline())
        return fill_split(
            clip_in(row, self.columns, self.table, self.table.parent, number, self.speaker_from), self.given
        )
