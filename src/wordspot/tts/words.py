"""Which words can be synthesised."""

import unicodedata
from collections.abc import Sequence

from wordspot.errors import UsageError

LONGEST = 60
"""Most letters of a word, which is also the name of a folder."""


def check_words(words: Sequence[str]) -> None:
    """Raise UsageError for words that the English voices can't say, or that can't be names of folders."""
    if not words:
        raise UsageError("words: none named: name the words to say")
    for word in words:
        letters = [character for character in word if character not in "'-"]
        if any(one.isalpha() and "LATIN" not in unicodedata.name(one, "") for one in letters):
            raise UsageError(f"words: {word!r}: the voices need Latin letters: spell it as it sounds")
        if not letters or not word[0].isalpha() or not all(one.isalpha() for one in letters):
            raise UsageError(
                f"words: {word!r} is not a word: use letters only, also for numbers (three, not 3)"
            )
        if len(word) > LONGEST:
            raise UsageError(
                f"words: {word[:LONGEST]}... is longer than {LONGEST} letters: name a shorter one"
            )
    twice = sorted({word for word in words if words.count(word) > 1})
    if twice:
        raise UsageError(f"words: {', '.join(twice)} is named twice")
