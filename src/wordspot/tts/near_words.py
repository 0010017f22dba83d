"""Texts that sound nearly like a word: what a recogniser most easily takes for it."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import numpy as np

from wordspot.errors import UsageError
from wordspot.tts.engines import installed_engines
from wordspot.tts.espeak import Espeak

VOWELS, CONSONANTS = "aeiou", "bcdfghjklmnprstvwyz"


def near_words(count: int, words: Sequence[str]) -> list[str]:
    """Give `count` texts that are one letter away from one of `words` and sound like none of them.

    Each comes as often as the others, in a drawn order; the first are the same whatever their count. Raises
    UsageError where eSpeak NG, which knows how they sound, is not installed.
    """
    if "espeak" not in installed_engines():
        raise UsageError("near words need eSpeak NG: pip install 'wordspot[synth]'")
    found = distinct(words, pronunciation())
    turns = -(-count // len(found)) if found else 0
    drawn = (found[n] for turn in range(turns) for n in np.random.default_rng(turn).permutation(len(found)))
    return list(drawn)[:count]


def distinct(words: Sequence[str], pronounced: Callable[[str], str]) -> list[str]:
    """List what is one letter away from one of `words`, one of each pronunciation that no word has."""
    found = {pronounced(word): "" for word in words}
    for word in words:
        for text in edits(word):
            found.setdefault(pronounced(text), text)
    return [text for text in found.values() if text]


def edits(word: str) -> Iterator[str]:
    """Change each letter of a word to each other vowel or consonant, or leave it out.

    >>> list(edits("up"))[:6]
    ['ap', 'ep', 'ip', 'op', 'ub', 'uc']
    """
    for place, letter in enumerate(word):
        before, after = word[:place], word[place + 1 :]
        yield from (before + other + after for other in letters_like(letter) if other != letter)
        if len(word) > 2:
            yield before + after


def letters_like(letter: str) -> str:
    """Give the letters of its kind."""
    return VOWELS if letter.lower() in VOWELS else CONSONANTS


@cache
def pronunciation() -> Callable[[str], str]:
    """Give what tells how a text sounds: its phonemes, without marks of stress and length."""
    engine = Espeak()
    return lambda text: re.sub(r"[^A-Za-z0-9@&]", "", engine.phonemes(text))
