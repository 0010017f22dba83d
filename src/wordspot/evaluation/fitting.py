"""How wide the columns of a table are in a terminal, so that no number is broken over lines."""

from collections.abc import Sequence

GAP = 2
"""Characters between two columns."""
MARGIN = 2
"""Characters at the two ends of a line."""
LONGEST_WORD = 20
"""A longer word of a text is broken where there is no room."""

Widths = dict[int, int]
"""Widths in characters of columns, by their places."""


def fitted(
    columns: Sequence[str], rows: Sequence[Sequence[str]], text: Sequence[int], width: int
) -> list[Widths]:
    """Choose the widths of columns for a terminal of `width` characters.

    Headings and columns of `text` are wrapped at spaces where there is no room; other cells never are. What
    doesn't fit even so goes into further tables, which begin with the first column too.

    >>> fitted(["model", "accuracy in %", "loss"], [["lstm", "94.6", "0.21"]], [0], 80)
    [{0: 5, 1: 13, 2: 4}]
    >>> fitted(["model", "accuracy in %", "loss"], [["lstm", "94.6", "0.21"]], [0], 23)
    [{0: 5, 1: 8, 2: 4}]
    >>> fitted(["model", "accuracy in %", "loss"], [["lstm", "94.6", "0.21"]], [0], 17)
    [{0: 5, 1: 8}, {0: 5, 2: 4}]
    """
    cells = [[row[place] for row in rows] for place in range(len(columns))]
    whole = [max(map(len, [name, *column])) for name, column in zip(columns, cells, strict=True)]
    least = [
        max(
            min(longest_word(column), LONGEST_WORD) if place in text else longest(column),
            longest_word([name]),
        )
        for place, (name, column) in enumerate(zip(columns, cells, strict=True))
    ]
    blocks: list[Widths] = [{}]
    for place in range(len(columns)):
        if place > 0 and needed({**blocks[-1], place: least[place]}) > width and len(blocks[-1]) > 1:
            blocks.append({0: least[0]})
        blocks[-1][place] = least[place]
    for block in blocks:
        for place in block:  # what room is left goes to the first columns
            block[place] = min(whole[place], block[place] + max(0, width - needed(block)))
    return blocks


def needed(widths: Widths) -> int:
    """Count the characters of a line with columns of these widths."""
    return sum(widths.values()) + GAP * (len(widths) - 1) + MARGIN


def longest(cells: Sequence[str]) -> int:
    """Give the length of the longest cell."""
    return max(map(len, cells), default=0)


def longest_word(cells: Sequence[str]) -> int:
    """Give the length of the longest word in cells."""
    return longest([word for cell in cells for word in cell.split()])
