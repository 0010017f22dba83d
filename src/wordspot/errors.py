"""What a user can mend: each error is one line that says what is wrong, where, and the mend."""

import sys
import warnings


class WordspotError(Exception):
    """A failure with a one-line message for the user; the command line exits with `exit_code`."""

    exit_code = 1


class UsageError(WordspotError):
    """Wrong use: a setting, an argument or a place that can't be meant as it was given."""

    exit_code = 2


class DivergedError(WordspotError):
    """A training whose loss is no number any more."""


class ClipError(WordspotError):
    """One sound file that can't be used as a clip; `reason` says why, without the path."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(path, reason)  # both, so that the error can pass from process to process
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def warn_in_one_line() -> None:
    """Show warnings as errors are shown: one line, without a place in the code."""
    warnings.showwarning = lambda message, *_args, **_kwargs: print(f"wordspot: {message}", file=sys.stderr)
