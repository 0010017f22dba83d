"""The author's file of a discussion: what is read of it, and what is refused."""

from pathlib import Path

import pytest

from tests.helpers import assert_one_line
from wordspot.errors import UsageError
from wordspot.reporting.discussion import read_discussion

PLACES = ("learning", "the mistakes")


def test_sections_by_their_places(tmp_path: Path) -> None:
    path = tmp_path / "discussion.md"
    path.write_text(
        "# Of the study\nby me\n\n## the mistakes\n\nShort *words*.\n\n### Why\nVowels.\n## learning\nx\n"
    )
    assert read_discussion(path, PLACES) == {
        "the mistakes": "Short *words*.\n\n### Why\nVowels.",
        "learning": "x",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"## elsewhere\ntext", "no place 'elsewhere': name one of learning, the mistakes"),
        (b"## learning\na\n## learning\nb", "'learning' has two sections"),
        (b"## learning\n\n## the mistakes\nb", "'learning' has no text"),
        (b"text alone", "no section: put a line `## learning` above"),
        (b"## learning\n\xff", "not UTF-8 text"),
        (None, "No such file or directory: --discussion takes a Markdown file"),
    ],
)
def test_what_is_no_discussion(text: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "discussion.md"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(UsageError) as error:
        read_discussion(path, PLACES)
    assert said in str(error.value)
    assert_one_line(error.value)
