"""Numbers in an author's text: a reference in braces becomes what the study has, and no other is let through.

- `{experiment/model/field}`, such as `{family/lstm/accuracy}`: a field of FIELDS.
- `{experiment/model/noise/0}`, `{experiment/model/soft/40}`: accuracy at 0 dB SNR, on clips 40 dB softer.
- `{experiment/model/confusion/said/recognised}`: clips per run.
- `{experiment/model/against/other}`: the difference in points with interval and p-value; on the clips of a
  condition with its name after it, `{augmentation/mixup/against/recipe/0 dB SNR}`.
- `{hypotheses/soft speech/share}`: a field of TESTED.
- `{"40 mel bands"}`: words with a number that is no result.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from wordspot.errors import UsageError
from wordspot.evaluation.comparison import Comparison, ModelResult, against
from wordspot.evaluation.tables import number, percent, percent_interval, point_interval
from wordspot.experiments.study import Result
from wordspot.inspection.hypotheses import HypothesisTest
from wordspot.reporting.wording import p_value

REFERENCE = re.compile(r"\{([^{}]*)\}")
PLAIN_NUMBER = re.compile(r"(?<![\w-])\d[\d.,]*")
"""A number by itself, not a part of a name such as cnn-lstm-1d or F1."""

FIELDS: dict[str, Callable[[ModelResult], str | None]] = {
    "accuracy": lambda one: percent(one.accuracy),
    "interval": lambda one: percent_interval(one.interval),
    "std": lambda one: None if one.std is None else percent(one.std),
    "validation_accuracy": lambda one: percent(one.validation_accuracy),
    "macro_f1": lambda one: f"{one.macro_f1:.3f}",
    "calibration_error": lambda one: f"{one.calibration_error:.3f}",
    "parameters": lambda one: f"{one.parameters:,}",
    "macs": lambda one: f"{one.macs / 1e6:.1f} million",
    "kilobytes": lambda one: f"{one.kilobytes:,.0f} kB",
    "latency_ms": lambda one: f"{one.latency_ms:.1f} ms",
    "training_clips": lambda one: f"{one.training_clips:,}",
    "minutes": lambda one: f"{one.minutes:.1f} min",
    "epochs": lambda one: number(one.epochs),
    "seconds_per_epoch": lambda one: f"{one.seconds_per_epoch:.1f} s",
    "epochs_to_90": lambda one: None if one.epochs_to_90 is None else f"{one.epochs_to_90:.1f}",
    "seconds_to_90": lambda one: None if one.seconds_to_90 is None else f"{one.seconds_to_90:.0f} s",
}
"""What a reference to a model can name, as the report writes it; None where the study has no value."""

TESTED: dict[str, Callable[[HypothesisTest], str]] = {
    "mistakes": lambda one: number(one.mistakes),
    "share": lambda one: percent(one.share),
    "interval": lambda one: percent_interval(one.interval),
    "expected": lambda one: percent(one.expected),
    "difference": lambda one: f"{100 * one.difference:+.1f} points",
    "difference_interval": lambda one: f"{point_interval(one.difference_interval)} points",
}
"""What a reference to a hypothesis can name."""

Value = TypeVar("Value")


def resolve(text: str, results: Mapping[str, Result], tests: Sequence[HypothesisTest] = ()) -> str:
    """Put the study's numbers in the place of references.

    Raises UsageError for a reference to what the study doesn't have, and for a number that is no reference.
    """
    plain = PLAIN_NUMBER.search(REFERENCE.sub("", text))
    if plain:
        found = plain[0].rstrip(".,")
        raise UsageError(
            f"{found} could differ from the study: write a reference such as {{family/lstm/accuracy}}, or "
            f'{{"{found}"}} for a number that is no result'
        )
    return REFERENCE.sub(lambda match: looked_up(match[1], results, tests), text)


def looked_up(reference: str, results: Mapping[str, Result], tests: Sequence[HypothesisTest]) -> str:
    """Give what one reference stands for. Raises UsageError for what the study doesn't have."""
    if reference.startswith('"') and reference.endswith('"') and len(reference) > 2:
        return reference[1:-1]
    try:
        first, name, field, *more = reference.split("/")
    except ValueError:
        raise UsageError(f"{{{reference}}}: write {{experiment/model/field}}") from None
    try:
        if first == "hypotheses":
            test = chosen({one.hypothesis: one for one in tests}, name)
            value: str | None = chosen(TESTED, field)(test)
        else:
            comparison = chosen(results, first).comparison
            model = chosen({one.name: one for one in comparison.models}, name)
            value = of_model(model, comparison, field, more)
    except UsageError as error:
        raise UsageError(f"{{{reference}}}: {error}") from None
    if value is None:
        raise UsageError(f"{{{reference}}}: the study has no value")
    return value


def of_model(model: ModelResult, comparison: Comparison, field: str, more: Sequence[str]) -> str | None:
    """Give a number of a model: a field, and for some fields what comes after it."""
    if field in ("noise", "soft") and len(more) == 1:
        measured = model.noise if field == "noise" else model.soft
        return percent(chosen({str(db): share for db, share in measured.items()}, more[0]))
    if field == "confusion" and len(more) == 2:
        places = {word: place for place, word in enumerate(comparison.words)}
        return number(model.confusion[chosen(places, more[0])][chosen(places, more[1])])
    if field == "against" and len(more) in (1, 2):
        pairs = chosen(comparison.condition_pairs, more[1]) if more[1:] else comparison.pairs
        test = chosen({pair.one: pair for pair in against(more[0], pairs)}, model.name)
        interval = f"95 % interval {point_interval(test.interval)}, {p_value(test.p_value)}"
        return f"{100 * test.difference:+.1f} points ({interval})"
    if more:
        raise UsageError(f"{field} has nothing after it")
    return chosen(FIELDS, field)(model)


def chosen(known: Mapping[str, Value], name: str) -> Value:
    """Look a name up. Raises UsageError that lists those that are known."""
    if name not in known:
        raise UsageError(f"{name!r} must be one of {', '.join(known) or 'nothing: none was measured'}")
    return known[name]
