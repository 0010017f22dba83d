"""What the results of a study say in sentences: each is chosen by the numbers that it tells of."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from wordspot.evaluation.calibration import describe_overconfidence
from wordspot.evaluation.comparison import Comparison, Confusion, ModelResult, Pair
from wordspot.evaluation.seed_groups import SeedGroup
from wordspot.evaluation.tables import percent, percent_interval, point_interval
from wordspot.experiments.experiments import BASE
from wordspot.experiments.study import Result
from wordspot.figures import SYNTHETIC
from wordspot.inspection.hypotheses import HypothesisTest
from wordspot.reporting.wording import listed, p_value, points, seeds_note, split_name

SIGNIFICANT = 0.05
TEST = "the test over speakers and seeds, adjusted for all pairs"
NETWORKS = "the test over speakers, adjusted for all pairs, which compares single trained networks"
MANY = 5
"""Settings of which no longer list is told where the others are fewer."""


def by_accuracy(comparison: Comparison) -> list[ModelResult]:
    """Order the models, the most accurate first."""
    return sorted(comparison.models, key=lambda one: -one.accuracy)


def pairs_of(comparison: Comparison, name: str) -> list[Pair]:
    """List the tests of one model against others, seen from its side, the most accurate other first."""
    seen = [pair if pair.one == name else pair.reversed for pair in comparison.pairs]
    return sorted((pair for pair in seen if pair.one == name), key=lambda pair: pair.difference)


def undecided(comparison: Comparison) -> list[Pair]:
    """List the tests of the most accurate model that found no significant difference."""
    tests = pairs_of(comparison, by_accuracy(comparison)[0].name)
    return [pair for pair in tests if pair.p_value >= SIGNIFICANT]


def highlighted_pairs(comparison: Comparison) -> list[Pair]:
    """List the tests that are discussed: each highlighted model against the one before it."""
    neighbours = pairwise(one.name for one in comparison.highlighted)
    return [
        pair for before, name in neighbours for pair in pairs_of(comparison, name) if pair.other == before
    ]


def best_model(comparison: Comparison) -> str:
    """Say which model is the most accurate, and whether its lead is significant."""
    best = by_accuracy(comparison)[0]
    speech = f" of {SYNTHETIC}" if comparison.synthetic else ""
    text = (
        f"{standing(comparison)}: it recognises {percent(best.accuracy)} of the "
        f"{split_name(comparison.split)} clips{speech} ({seeds_note(comparison.models)}; 95 % interval "
        f"{percent_interval(best.interval)})."
    )
    tests = pairs_of(comparison, best.name)
    if not tests:
        return text
    if undecided(comparison):
        return f"{text} {no_difference_found(best.name, undecided(comparison))}."
    names = [called(pair.other, pair.seeds[1]) for pair in tests]
    every = f"every other {kind_of(comparison.models)}"
    others = listed(names) if len(names) < len(comparison.models) - 1 else every
    return f"{text} Its lead over {others} is significant ({test_of(tests)})."


def test_of(pairs: Sequence[Pair]) -> str:
    """Name the test: with several seeds each it is one of models, else of trained networks."""
    return TEST if all(pair.of_models for pair in pairs) else NETWORKS


def kind_of(models: Sequence[ModelResult]) -> str:
    """Say what is compared: models, or single runs of them."""
    return "model" if any(len(one.runs) > 1 for one in models) else "run"


def called(name: str, runs: int) -> str:
    """Name a model, or its run where it has a single one.

    >>> called("lstm", 3), called("lstm", 1)
    ('lstm', 'the run of lstm')
    """
    return name if runs > 1 else f"the run of {name}"


def named(one: ModelResult) -> str:
    """Name a model by what its numbers are of."""
    return called(one.name, len(one.runs))


def sentence(text: str) -> str:
    """Begin with a capital where it is no name of a model."""
    return f"The run of {text.removeprefix('the run of ')}" if text.startswith("the run of ") else text


def standing(comparison: Comparison) -> str:
    """Say that the most accurate model is that, or one of several."""
    best, kind = by_accuracy(comparison)[0], kind_of(comparison.models)
    tied = sum(one.accuracy == best.accuracy for one in comparison.models)
    what = f"the most accurate {kind}" if tied == 1 else f"one of {tied} {kind}s with the highest accuracy"
    return sentence(f"{named(best)} is {what}")


def no_difference_found(name: str, pairs: Sequence[Pair]) -> str:
    """Say that tests of one model found no significant difference."""
    one = called(name, pairs[0].seeds[0])
    first, *more = (point_interval(pair.interval) for pair in pairs)
    intervals = [f"95 % interval {first} points", *more]
    others = [
        f"{called(pair.other, pair.seeds[1])} ({interval})"
        for pair, interval in zip(pairs, intervals, strict=True)
    ]
    return f"No significant difference was found between {one} and {listed(others, 'or')} by {test_of(pairs)}"


def method(comparison: Comparison) -> str:
    """Say how differences are tested; nothing where there are none."""
    if not comparison.pairs:
        return ""
    if all(pair.of_models for pair in comparison.pairs):
        return (
            "Differences are tested over speakers and seeds together. Intervals are simultaneous and "
            "p-values adjusted for all pairs: an interval excludes 0 exactly where p is under 0.05."
        )
    some = any(max(pair.seeds) > 1 for pair in comparison.pairs)
    over = "speakers, and seeds where a model has several" if some else "speakers"
    return (
        f"Differences are tested over {over}; intervals are simultaneous and p-values adjusted for all "
        "pairs. Single runs are compared here, that is trained networks: other seeds may give other "
        "differences."
    )


def difference(pair: Pair) -> str:
    """Say how far two models are apart, and whether the difference is significant."""
    if pair.difference < 0:
        pair = pair.reversed
    interval = f"95 % interval {point_interval(pair.interval)}, {p_value(pair.p_value)}"
    one, other = called(pair.one, pair.seeds[0]), called(pair.other, pair.seeds[1])
    if pair.p_value < SIGNIFICANT:
        text = f"{one} is {points(pair.difference)} more accurate than {other}, a significant difference"
        return f"{sentence(text)} ({interval})."
    return (
        f"No significant difference was found between {one} and {other} "
        f"({100 * pair.difference:+.1f} points; {interval})."
    )


def convergence(models: Sequence[ModelResult]) -> str:
    """Say after how many epochs and seconds each model reaches a fixed validation accuracy."""
    reached = sorted(
        (one.seconds_to_90, one.epochs_to_90, named(one), one.beside_time)
        for one in models
        if one.seconds_to_90 is not None and one.epochs_to_90 is not None
    )
    told = [
        f"{name} after {epochs:.1f} epochs ({seconds:.0f} s{device})"
        for seconds, epochs, name, device in reached
    ]
    sentences = [f"A validation accuracy of 90 % is reached by {listed(told)}."] if told else []
    it = "it" if told else "a validation accuracy of 90 %"
    missed = [one for one in models if one.seconds_to_90 is None]
    several = [one.name for one in missed if len(one.runs) > 1]
    single = [named(one) for one in missed if len(one.runs) == 1]
    if several:
        sentences.append(f"Not every run of {listed(several, 'or')} reaches {it}.")
    if single:
        does = "does" if len(single) == 1 else "do"
        sentences.append(sentence(f"{listed(single)} {does} not reach {it}."))
    return " ".join(sentences)


def confusions(models: Sequence[ModelResult]) -> str:
    """Say what each model confuses most, and which confusions they share."""
    told = []
    for one in models:
        pairs = [f"{swapped(pair)} ({pair.clips:.3g})" for pair in one.confused[:2]]
        told += [f"{named(one)} recognises {listed(pairs)}"] if pairs else []
    if not told:
        return f"No {kind_of(models)} confuses any words."
    text = f"The most frequent confusions, in clips per run: {'; '.join(told)}."
    first, *others = [{(pair.said, pair.recognised) for pair in one.confused} for one in models]
    shared = first.intersection(*others)
    if others and shared:
        pairs = [swapped(pair) for pair in models[0].confused if (pair.said, pair.recognised) in shared]
        text += f" All of these {kind_of(models)}s frequently recognise {listed(pairs)}."
    return text


def swapped(pair: Confusion) -> str:
    """Name a confusion: the word said and the word recognised."""
    return f"'{pair.said}' as '{pair.recognised}'"


def noise_robustness(comparison: Comparison) -> str:
    """Say how accurate models are in the loudest noise, for a comparison that measured it."""
    loudest = min(comparison.models[0].noise)
    best = by_accuracy(comparison)[0]
    robust = max(comparison.models, key=lambda one: one.noise[loudest])
    text = (
        f"With {comparison.noise} at a signal-to-noise ratio of {loudest} dB, {named(best)} recognises "
        f"{percent(best.noise[loudest])} of the {split_name(comparison.split)} clips, against "
        f"{percent(best.accuracy)} without it."
    )
    if len(comparison.models) == 1:
        return text
    if best.noise[loudest] == robust.noise[loudest]:
        return f"{text} No other {kind_of(comparison.models)} is more accurate in this noise."
    return f"{text} In this noise {named(robust)} is the most accurate ({percent(robust.noise[loudest])})."


def clip_difficulty(groups: Sequence[SeedGroup]) -> str:
    """Say how many clips every run of every model recognises, and how many no run does."""
    right = np.concatenate([group.right for group in groups])  # (R, N)
    always, never = int(right.all(axis=0).sum()), int((~right.any(axis=0)).sum())
    name = split_name(groups[0].evaluations[0].split)
    return (
        f"Of the {right.shape[1]:,} {name} clips, every run of every model recognises {always:,}; {never:,} "
        f"{'is' if never == 1 else 'are'} recognised by no run."
    )


def calibration(models: Sequence[ModelResult]) -> str:
    """Say whose probabilities are calibrated best and worst, and in which direction they err."""
    first, *others = sorted(models, key=lambda one: one.calibration_error)
    if not others:
        return f"The expected calibration error of {named(first)} is {calibration_error(first)}."
    text = f"{named(first)} has the lowest expected calibration error ({calibration_error(first)})"
    return sentence(f"{text}, {named(others[-1])} the highest ({calibration_error(others[-1])}).")


def calibration_error(one: ModelResult) -> str:
    """Write an expected calibration error, with its direction where it is known."""
    if one.overconfidence is None:
        return f"{one.calibration_error:.3f}"
    return f"{one.calibration_error:.3f}, {describe_overconfidence(one.overconfidence)}"


def conclusion(comparison: Comparison) -> str:
    """Say which model to use: the most accurate one, and a cheaper one where no difference was found."""
    order = by_accuracy(comparison)
    best, last = order[0], order[-1]
    text = (
        f"{standing(comparison)}. It has {best.parameters:,} weights and needs "
        f"{best.macs / 1e6:.1f} million MACs per clip."
    )
    macs = {one.name: one.macs for one in comparison.models}
    cheapest = min(undecided(comparison), key=lambda pair: macs[pair.other], default=None)
    if cheapest and macs[cheapest.other] < best.macs:
        share = percent(macs[cheapest.other] / best.macs, 0)
        text += (
            f" {no_difference_found(best.name, [cheapest])}; {cheapest.other} needs {share} of the MACs of "
            f"{best.name}."
        )
    if last.accuracy == best.accuracy:
        return text
    gap = sentence(f"{named(best)} is {points(best.accuracy - last.accuracy)} above {named(last)}")
    tests = [pair for pair in pairs_of(comparison, best.name) if pair.other == last.name]
    interval = "".join(f" (95 % interval {point_interval(pair.interval)})" for pair in tests)
    return f"{text} {gap}, the least accurate {kind_of(order)}{interval}."


def finding(result: Result) -> str:
    """Say what an experiment found."""
    if result.kind == "scaling":
        return data_scaling(result.comparison)
    references = {pair.other for pair in result.comparison.pairs}
    if result.kind == "settings" and len(references) == 1:
        return effect_of_settings(result.comparison, references.pop())
    return best_model(result.comparison)


def effect_of_settings(comparison: Comparison, reference: str) -> str:
    """Say which variants are the most and the least accurate, and which differ significantly."""
    tests = sorted(comparison.pairs, key=lambda pair: -pair.difference)
    against = "the recipe" if reference == BASE else reference
    best, worst = tests[0], tests[-1]
    first, last = called(best.one, best.seeds[0]), called(worst.one, worst.seeds[0])
    text = f"Against {against}, {first} is the most accurate variant ({signed(best)})"
    text += f" and {last} the least accurate ({signed(worst)})." if len(tests) > 1 else "."
    told = [f"{pair.one} ({p_value(pair.p_value)})" for pair in tests if pair.p_value < SIGNIFICANT]
    if not told:
        return f"{text} No significant difference from {against} was found ({test_of(tests)})."
    text = f"{text} The difference from {against} is significant for {listed(told)} ({test_of(tests)})."
    if not all(pair.of_models for pair in tests):
        text += " These are single runs: other seeds may differ as much."
    return text


def effect_in_conditions(comparison: Comparison) -> str:
    """Say which settings differ significantly from the reference in the loudest noise and on softer clips."""
    told = []
    for condition, pairs in comparison.hardest_conditions.items():
        where = f"at {condition}" if condition.endswith("SNR") else f"on clips {condition}"
        told.append(f"{where} for {significant(pairs)}")
    if not told:
        return ""
    return f"Accuracy differs significantly from {comparison.reference}, in points, {'; '.join(told)}."


def significant(pairs: Sequence[Pair]) -> str:
    """Name the settings that differ significantly, best first; where nearly all are worse, the others."""
    tests = sorted(pairs, key=lambda pair: -pair.difference)
    found = [pair for pair in tests if pair.p_value < SIGNIFICANT]
    others = [pair.one for pair in tests if pair.p_value >= SIGNIFICANT]
    if not found:
        return "none"
    if len(found) > MANY and len(others) < MANY and found[0].difference < 0:
        told = f"all but {listed(others)}" if others else "all"
        return f"{told} ({100 * found[0].difference:+.1f} to {100 * found[-1].difference:+.1f})"
    return listed([f"{pair.one} ({100 * pair.difference:+.1f})" for pair in found])


def signed(pair: Pair) -> str:
    """Write the difference of a pair with its sign."""
    return f"{100 * pair.difference:+.1f} points, 95 % interval {point_interval(pair.interval)}"


def data_scaling(comparison: Comparison) -> str:
    """Say how accuracy grows with the recorded training clips, for each number of synthetic ones added."""
    lines: dict[int, list[ModelResult]] = {}
    for one in sorted(comparison.models, key=lambda one: one.recorded_clips):
        lines.setdefault(one.synthetic_clips_added, []).append(one)
    sentences: list[str] = []
    for added, models in sorted(lines.items()):
        told = listed([f"{percent(one.accuracy)} with {one.recorded_clips:,}" for one in models])
        subject = "it" if sentences else f"the accuracy ({seeds_note(comparison.models)})"
        if added:
            sentences.append(f"With {added:,} synthetic clips added, {subject} is {told} recorded clips.")
        else:
            sentences.append(f"T{subject[1:]} is {told} training clips of all words together.")
    return " ".join(sentences)


def hypotheses(tests: Sequence[HypothesisTest]) -> str:
    """Say which traits are more or less frequent among mistakes than expected."""
    if not tests:
        return "No clip is missed."
    more = [traced(test) for test in tests if test.difference_interval[0] > 0]
    fewer = [traced(test) for test in tests if test.difference_interval[1] < 0]
    unclear = [
        test.hypothesis for test in tests if test.difference_interval[0] <= 0 <= test.difference_interval[1]
    ]
    sentences = [f"More frequent among mistakes than expected: {listed(more)}."] if more else []
    sentences += [f"Less frequent: {listed(fewer)}."] if fewer else []
    sentences += [f"No difference was found for {listed(unclear, 'or')}."] if unclear else []
    return " ".join(sentences)


def traced(test: HypothesisTest) -> str:
    """Write the shares that a hypothesis rests on."""
    return (
        f"{test.hypothesis} ({percent(test.share)} of the mistakes against {percent(test.expected)}, "
        f"95 % interval of the difference {point_interval(test.difference_interval)} points)"
    )
