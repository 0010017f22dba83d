"""Common English words that are none of the Speech Commands words, and don't sound like one of them."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

SHORTEST, LONGEST = 5, 12
"""Words of a sentence."""
WORDS_PER_SENTENCE = 3
"""Words that are said alone for each sentence of `other_texts`."""
TEXTS_SEED = 2**31
"""Seed of these sentences: no recording of `evaluate-stream`, whose seeds are smaller, has them."""


@cache
def common_words() -> tuple[str, ...]:
    """Read the list, which is sorted."""
    return tuple(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").split())


def other_words(count: int, words: Sequence[str]) -> list[str]:
    """Give `count` words of the list, without `words`, each as often as the others, in a drawn order.

    The first are the same whatever their count.
    """
    found: list[str] = []
    for turn in range(-(-count // len(common_words())) + 1):
        order = np.random.default_rng(turn).permutation(len(common_words()))
        found += [word for word in (common_words()[n] for n in order) if word not in words]
    return found[:count]


def other_texts(count: int, words: Sequence[str]) -> list[str]:
    """Give `count` texts without `words`: WORDS_PER_SENTENCE single words, then a sentence, and so on.

    The first are the same whatever their count.
    """
    alone = iter(other_words(count, words))
    running = iter(sentences(count, words, TEXTS_SEED))
    turns = (n % (WORDS_PER_SENTENCE + 1) == WORDS_PER_SENTENCE for n in range(count))
    return [next(running if running_next else alone) for running_next in turns]


def sentences(count: int, words: Sequence[str], seed: int) -> list[str]:
    """Draw `count` sentences without meaning of common words, none of which is one of `words`."""
    draw = np.random.default_rng((seed, 0))
    choice = np.array([word for word in common_words() if word not in words])
    return [" ".join(draw.choice(choice, draw.integers(SHORTEST, LONGEST + 1))) for _ in range(count)]
