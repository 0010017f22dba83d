"""How the threads of OpenMP wait for each other, which has to be set before torch is loaded."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

POLICY = "OMP_WAIT_POLICY"
"""Variable of the OpenMP standard, which a process reads once, when it loads torch."""


def wait_passively() -> None:
    """Let threads sleep while they wait, unless the user has chosen otherwise.

    By default they spin, and so keep a core from the thread they wait for: beside another busy process,
    training falls to a fiftieth of its speed.
    """
    os.environ.setdefault(POLICY, "passive")


@contextmanager
def passive_children() -> Iterator[None]:
    """Have processes that are started meanwhile wait passively; this one keeps its environment."""
    before = os.environ.get(POLICY)
    wait_passively()
    try:
        yield
    finally:
        if before is None:
            del os.environ[POLICY]
