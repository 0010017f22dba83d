"""Errors that a user can fix: each is one line that says what is wrong, where, and what to do."""

import sys
import warnings

from wordspot.text import shown


class WordspotError(Exception):
    """A failure with a one-line message for the user; the command line exits with `exit_code`."""

    exit_code = 1


class UsageError(WordspotError):
    """Wrong use: a setting, an argument or a folder that can't be right."""

    exit_code = 2


class DivergedError(WordspotError):
    """Training whose loss became infinite or NaN."""


class ClipError(WordspotError):
    """A sound file that can't be used as a clip; `reason` says why, without the path."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(path, reason)  # both, so that the error can pass from process to process
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def warn_in_one_line() -> None:
    """Print warnings like errors: one line, without the source line."""
    warnings.showwarning = lambda message, *_args, **_kwargs: print(
        f"wordspot: {shown(message)}", file=sys.stderr
    )
