"""What the figures of a study say in words: every sentence is chosen by the numbers that it tells of."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from wordspot.analysis.comparison import Comparison, Contender, Pair
from wordspot.analysis.results import Group
from wordspot.study.experiments import WORTH

SIGNIFICANT = 0.05


def percent(share: float, digits: int = 1) -> str:
    """Write a share as a percentage.

    >>> percent(0.9384)
    '93.8 %'
    """
    return f"{100 * share:.{digits}f} %"


def interval(bounds: tuple[float, float]) -> str:
    """Write the interval of a share.

    >>> interval((0.913, 0.959))
    '91.3 to 95.9 %'
    """
    return f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f} %"


def points(difference: float) -> str:
    """Write a difference of shares in percentage points.

    >>> points(0.051), points(0.01)
    ('5.1 points', '1.0 point')
    """
    return f"{100 * difference:.1f} point{'' if f'{100 * difference:.1f}' == '1.0' else 's'}"


def p_value(value: float) -> str:
    """Write a p-value.

    >>> p_value(0.0321), p_value(1e-9), p_value(1.0)
    ('p = 0.032', 'p < 0.001', 'p = 1')
    """
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence does.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def ranked(comparison: Comparison) -> list[Contender]:
    """Order the models, the most accurate first."""
    return sorted(comparison.contenders, key=lambda one: -one.accuracy)


def turned(pair: Pair) -> Pair:
    """Look at a test from the other side."""
    low, high = pair.interval
    return Pair(
        one=pair.other,
        other=pair.one,
        difference=-pair.difference,
        interval=(-high, -low),
        only_one_right=pair.only_other_right,
        only_other_right=pair.only_one_right,
        p_value=pair.p_value,
    )


def pair_of(comparison: Comparison, one: str, other: str) -> Pair:
    """Find the test of two models, seen from the one. Raises StopIteration where none was made."""
    pair = next(pair for pair in comparison.pairs if {pair.one, pair.other} == {one, other})
    return pair if pair.one == one else turned(pair)


def chosen(comparison: Comparison) -> list[Contender]:
    """Choose the models whose mistakes are shown: RNN, LSTM and CNN-LSTM where there, and the best."""
    best = ranked(comparison)[0].name
    found = [one for one in comparison.contenders if one.name in ("rnn", "lstm", "cnn-lstm", best)]
    return found if len(found) > 1 else ranked(comparison)[:4]


def told_pairs(comparison: Comparison) -> list[Pair]:
    """List the tests that the text tells of: each model chosen, against the one before it."""
    names = [one.name for one in chosen(comparison)]
    return [pair_of(comparison, one, before) for before, one in pairwise(names)]


def level_with_best(comparison: Comparison) -> list[Contender]:
    """List the models that the clips can't tell from the best one."""
    best, *others = ranked(comparison)
    return [one for one in others if pair_of(comparison, best.name, one.name).p_value >= SIGNIFICANT]


def best_model(comparison: Comparison) -> str:
    """Say which model is best, and from which it can't be told apart."""
    best, *others = ranked(comparison)
    runs = len(best.runs)
    of = f"the mean of {runs} runs with other seeds" if runs > 1 else "one run"
    clips = "clips of synthetic speech" if comparison.synthetic else "clips"
    text = (
        f"{best.name} is the most accurate: {percent(best.accuracy)} of the {clips} ({of}; 95 % interval "
        f"{interval(best.interval)})."
    )
    level = [one.name for one in level_with_best(comparison)]
    if not others:
        return text
    if not level:
        return f"{text} Its lead over every other model is significant (McNemar's test, Holm's correction)."
    return f"{text} Its lead over {listed(level)} may be chance (McNemar's test, Holm's correction)."


def difference(pair: Pair) -> str:
    """Say how far two models are apart, and whether that is more than chance."""
    if pair.difference < 0:
        pair = turned(pair)
    low, high = (f"{100 * bound:+.1f}" for bound in pair.interval)
    verdict = "more than chance" if pair.p_value < SIGNIFICANT else "which may be chance"
    return (
        f"{pair.one} recognises {points(pair.difference)} more than {pair.other} (95 % interval over "
        f"speakers {low} to {high}; {pair.only_one_right} clips against {pair.only_other_right}, "
        f"{p_value(pair.p_value)}), {verdict}."
    )


def speed_of_learning(contenders: Sequence[Contender]) -> str:
    """Say how soon each model is nearly as good as it gets."""
    order = sorted(contenders, key=lambda one: one.epochs_to_95)
    told = [f"{one.name} after {one.epochs_to_95:.1f} epochs" for one in order]
    return f"95 % of its best validation accuracy is reached by {listed(told)}."


def kinds_of_error(contenders: Sequence[Contender]) -> str:
    """Say what each model confuses most, and what all of them do."""
    told = []
    for one in contenders:
        pairs = [f"{pair.said} for {pair.recognised} ({pair.clips:.3g})" for pair in one.confused[:2]]
        told += [f"{one.name} takes {listed(pairs)}"] if pairs else []
    if not told:
        return "No model confuses any words."
    shared = set.intersection(
        *({(pair.said, pair.recognised) for pair in one.confused} for one in contenders if one.confused)
    )
    text = f"Most often, in clips of a run, {'; '.join(told)}."
    if shared:
        pairs = [f"{said} for {recognised}" for said, recognised in sorted(shared)]
        text += f" Among the commonest mistakes of each {'is' if len(pairs) == 1 else 'are'} {listed(pairs)}."
    return text


def in_noise(comparison: Comparison) -> str:
    """Say how the best model and the hardiest one do in the loudest noise."""
    loudest = min(comparison.contenders[0].noise)
    best = ranked(comparison)[0]
    hardy = max(comparison.contenders, key=lambda one: one.noise[loudest])
    text = (
        f"With {comparison.noise} at {loudest} dB the accuracy of {best.name} falls from "
        f"{percent(best.accuracy)} to {percent(best.noise[loudest])}"
    )
    if hardy is best:
        return f"{text}, still the highest of all."
    return f"{text}; the highest there is that of {hardy.name}, {percent(hardy.noise[loudest])}."


def against_recipe(comparison: Comparison) -> str:
    """Say which variants of an experiment differ from the recipe by more than chance."""
    pairs = sorted(comparison.pairs, key=lambda pair: -pair.difference)
    told = [
        f"{pair.one} ({100 * pair.difference:+.1f} points, {p_value(pair.p_value)})"
        for pair in pairs
        if pair.p_value < SIGNIFICANT
    ]
    best, worst = pairs[0], pairs[-1]
    extremes = (
        f"The best variant is {best.one} ({100 * best.difference:+.1f} points against the recipe), the worst "
        f"{worst.one} ({100 * worst.difference:+.1f})."
    )
    if not told:
        return f"{extremes} No variant differs from the recipe by more than chance."
    return f"{extremes} More than chance is the difference of {listed(told)}."


def of_experiment(name: str, comparison: Comparison) -> str:
    """Say what an experiment other than the family gave."""
    return amounts(comparison) if name in ("amounts", WORTH) else against_recipe(comparison)


def added(clips: int) -> str:
    """Say how many training clips are synthetic beside recorded ones.

    >>> added(4000), added(0)
    (', with 4,000 synthetic clips added to the training part', '')
    """
    return f", with {clips:,} synthetic clips added to the training part" if clips else ""


def amounts(comparison: Comparison) -> str:
    """Say how accuracy grows with the training clips, those with synthetic ones beside them apart."""
    order = sorted(comparison.contenders, key=lambda one: one.training_clips)
    alone = [one for one in order if not one.synthetic_clips_added]
    mixed = [one for one in order if one.synthetic_clips_added]
    told = [f"{percent(one.accuracy)} with {one.training_clips:,}" for one in alone]
    text = f"The accuracy is {listed(told)} training clips of all words together."
    if not mixed:
        return text
    told = [
        f"{percent(one.accuracy)} with {one.training_clips - one.synthetic_clips_added:,}" for one in mixed
    ]
    added = f"{mixed[0].synthetic_clips_added:,} synthetic clips"
    return f"{text} With {added} beside recorded ones it is {listed(told)}."


def hopeless(groups: Sequence[Group]) -> str:
    """Say how many clips no run of any model recognises, and how many all do."""
    right = np.concatenate([group.right for group in groups])  # (R, N)
    never, always = int((~right.any(axis=0)).sum()), int(right.all(axis=0).sum())
    return (
        f"Of the {right.shape[1]:,} clips {always:,} are recognised by every run of every model, and "
        f"{never:,} by none."
    )


def calibration(contenders: Sequence[Contender]) -> str:
    """Say whose probabilities can be believed most and least."""
    order = sorted(contenders, key=lambda one: one.calibration_error)
    return (
        f"Probabilities are nearest to the truth from {order[0].name} (expected calibration error "
        f"{order[0].calibration_error:.3f}) and farthest from {order[-1].name} "
        f"({order[-1].calibration_error:.3f})."
    )


def conclusion(comparison: Comparison) -> str:
    """Say what to take: the best model, and the cheapest that is as good as far as the clips can tell."""
    best, last = ranked(comparison)[0], ranked(comparison)[-1]
    cheapest = min([best, *level_with_best(comparison)], key=lambda one: one.macs)
    text = f"{best.name} has {best.parameters:,} weights."
    if cheapest is not best:
        text += (
            f" {cheapest.name} can't be told from it by these clips and needs "
            f"{percent(cheapest.macs / best.macs, 0)} of its multiply-adds."
        )
    if last is best:
        return text
    return (
        f"{text} Between it and {last.name}, the least accurate, lie {points(best.accuracy - last.accuracy)}."
    )
