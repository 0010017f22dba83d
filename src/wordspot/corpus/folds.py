"""Cross-validation: the speakers of training and validation together, divided into folds."""

import hashlib

import pandas as pd

from wordspot.config import FOLDS, SILENCE
from wordspot.corpus.index import is_added


def in_fold(table: pd.DataFrame, fold: int) -> pd.DataFrame:
    """Let the speakers of one fold validate and the others of training and validation train.

    Test clips stay test clips; crops of noise, which have no speaker, and synthetic clips that are added to
    recordings, by which those are not to be validated, stay where they are.
    """
    movable = (table["split"] != "testing") & (table["word"] != SILENCE) & ~is_added(table)
    validates = table["speaker"].map({name: fold_of(name) == fold for name in set(table["speaker"])})
    split = validates.map({True: "validation", False: "training"})
    return table.assign(split=table["split"].mask(movable, split))


def fold_of(speaker: str) -> int:
    """Assign a speaker to a fold by the SHA-1 of the name.

    >>> [fold_of(name) for name in ("anna", "ben", "carla", "dora")]
    [4, 4, 0, 4]
    """
    return int(hashlib.sha1(f"fold {speaker}".encode()).hexdigest(), 16) % FOLDS
