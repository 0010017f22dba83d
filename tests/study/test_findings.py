"""Sentences that the numbers choose."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wordspot.analysis.comparison import Comparison, Confusion, Contender, Pair
from wordspot.analysis.results import Group
from wordspot.study.findings import (
    against_recipe,
    amounts,
    best_model,
    calibration,
    conclusion,
    difference,
    hopeless,
    in_noise,
    kinds_of_error,
    of_experiment,
    pair_of,
    speed_of_learning,
)


def contender(name: str, accuracy: float, **settings: object) -> Contender:
    made = Contender(
        name=name,
        runs=["a", "b", "c"],
        training_clips=100,
        parameters=1000,
        kilobytes=4.0,
        macs=1_000_000,
        latency_ms=1.0,
        minutes=1.0,
        epochs=10.0,
        epochs_to_95=3.0,
        validation_accuracy=accuracy,
        accuracy=accuracy,
        spread=0.01,
        interval=(accuracy - 0.02, accuracy + 0.02),
        macro_f1=accuracy,
        calibration_error=0.05,
        confusion=[[9, 1], [0, 10]],
        confused=[Confusion("go", "no", 2.5)],
        noise={20: accuracy - 0.1, 0: accuracy - 0.4},
    )
    return replace(made, **settings)  # type: ignore[arg-type]


RNN = contender("rnn", 0.88)
LSTM = contender("lstm", 0.94, epochs_to_95=1.5, calibration_error=0.01, macs=3_000_000)
GRU = contender(
    "gru", 0.93, confused=[Confusion("up", "go", 4.0), Confusion("go", "no", 1.0)], macs=2_000_000
)
PAIRS = [
    Pair("rnn", "lstm", -0.06, (-0.08, -0.04), 1, 19, 0.0001),
    Pair("rnn", "gru", -0.05, (-0.07, -0.03), 2, 18, 0.002),
    Pair("lstm", "gru", 0.01, (-0.01, 0.03), 6, 4, 0.75),
]
FAMILY = Comparison("testing", 200, 20, "", ["go", "no"], "pink noise", [RNN, LSTM, GRU], PAIRS)


def test_the_best_model_and_what_is_level_with_it() -> None:
    assert best_model(FAMILY) == (
        "lstm is the most accurate: 94.0 % of the clips (the mean of 3 runs with other seeds; 95 % "
        "interval 92.0 to 96.0 %). Its lead over gru may be chance (McNemar's test, Holm's correction)."
    )
    alone = replace(FAMILY, contenders=[replace(LSTM, runs=["a"]), RNN])
    assert best_model(alone) == (
        "lstm is the most accurate: 94.0 % of the clips (one run; 95 % interval 92.0 to 96.0 %). Its lead "
        "over every other model is significant (McNemar's test, Holm's correction)."
    )


def test_a_pair_is_told_from_the_better_side() -> None:
    assert difference(PAIRS[0]) == (
        "lstm recognises 6.0 points more than rnn (95 % interval over speakers +4.0 to +8.0; 19 clips "
        "against 1, p < 0.001), more than chance."
    )
    assert difference(PAIRS[2]).endswith("6 clips against 4, p = 0.75), which may be chance.")
    turned = pair_of(FAMILY, "lstm", "rnn")
    assert (turned.difference, turned.interval, turned.only_one_right) == (0.06, (0.04, 0.08), 19)
    with pytest.raises(StopIteration):
        pair_of(FAMILY, "lstm", "cnn")


def test_learning_errors_noise_and_calibration() -> None:
    assert speed_of_learning(FAMILY.contenders) == (
        "95 % of its best validation accuracy is reached by lstm after 1.5 epochs, rnn after 3.0 epochs and "
        "gru after 3.0 epochs."
    )
    assert kinds_of_error(FAMILY.contenders) == (
        "Most often, in clips of a run, rnn takes go for no (2.5); lstm takes go for no (2.5); gru takes up "
        "for go (4) and go for no (1). Among the commonest mistakes of each is go for no."
    )
    assert kinds_of_error([replace(RNN, confused=[])]) == "No model confuses any words."
    assert in_noise(FAMILY) == (
        "With pink noise at 0 dB the accuracy of lstm falls from 94.0 % to 54.0 %, still the highest of all."
    )
    hardy = replace(FAMILY, contenders=[LSTM, replace(RNN, noise={20: 0.8, 0: 0.6})])
    assert in_noise(hardy).endswith("to 54.0 %; the highest there is that of rnn, 60.0 %.")
    assert calibration(FAMILY.contenders).startswith(
        "Probabilities are nearest to the truth from lstm (expected"
    )


def test_what_to_take() -> None:
    assert conclusion(FAMILY) == (
        "lstm has 1,000 weights. gru can't be told from it by these clips and needs 67 % of its "
        "multiply-adds. Between it and rnn, the least accurate, lie 6.0 points."
    )


def test_experiments() -> None:
    assert against_recipe(replace(FAMILY, pairs=PAIRS[:2])) == (
        "The best variant is rnn (-5.0 points against the recipe), the worst rnn (-6.0). More than chance is "
        "the difference of rnn (-5.0 points, p = 0.002) and rnn (-6.0 points, p < 0.001)."
    )
    assert against_recipe(replace(FAMILY, pairs=PAIRS[2:])).endswith(
        "No variant differs from the recipe by more than chance."
    )
    more = replace(FAMILY, contenders=[replace(LSTM, training_clips=7720), RNN])
    assert (
        amounts(more)
        == "The accuracy is 88.0 % with 100 and 94.0 % with 7,720 training clips of all words together."
    )
    mixed = replace(RNN, training_clips=340, synthetic_clips_added=300)
    assert amounts(replace(more, contenders=[LSTM, mixed])).endswith(
        " training clips of all words together. With 300 synthetic clips beside recorded ones it is 88.0 % "
        "with 40."
    )
    assert of_experiment("amounts", more) == of_experiment("synthetic", more) == amounts(more)
    assert of_experiment("features", replace(FAMILY, pairs=PAIRS[:2])).startswith("The best variant is rnn")


def test_clips_that_nobody_recognises() -> None:
    def group(rows: list[list[bool]]) -> Group:
        tables = [pd.DataFrame({"word": "go", "predicted": np.where(row, "go", "no")}) for row in rows]
        return Group("", [Path()] * len(rows), [], tables)

    groups = [group([[True, False, True], [True, False, False]]), group([[True, False, True]])]
    assert hopeless(groups) == ("Of the 3 clips 1 are recognised by every run of every model, and 1 by none.")
