"""Sentences that the numbers choose: which model, which verdict, which number."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wordspot.evaluation.comparison import Comparison, Confusion, ModelResult, Pair
from wordspot.evaluation.seed_groups import SeedGroup
from wordspot.experiments.study import Result
from wordspot.inspection.hypotheses import HypothesisTest
from wordspot.reporting.narrative import (
    best_model,
    calibration,
    clip_difficulty,
    conclusion,
    confusions,
    convergence,
    data_scaling,
    difference,
    effect_in_conditions,
    finding,
    highlighted_pairs,
    hypotheses,
    noise_robustness,
    pairs_of,
    significant,
)
from wordspot.reporting.wording import data_note, seeds_note
from wordspot.runs.evaluation import Evaluation
from wordspot.runs.run import Run

NOT_FOUND = "No significant difference was found between"


def model_result(name: str, accuracy: float, **settings: object) -> ModelResult:
    made = ModelResult(
        name=name,
        runs=["a", "b", "c"],
        training_clips=100,
        parameters=1000,
        kilobytes=4.0,
        macs=1_000_000,
        latency_ms=1.0,
        minutes=1.0,
        epochs=10.0,
        stopped_early=0,
        seconds_per_epoch=6.0,
        epochs_to_90=3.0,
        seconds_to_90=18.0,
        validation_accuracy=accuracy,
        accuracy=accuracy,
        std=0.01,
        interval=(accuracy - 0.02, accuracy + 0.02),
        macro_f1=accuracy,
        calibration_error=0.05,
        confusion=[[9, 1], [0, 10]],
        confused=[Confusion("go", "no", 2.5)],
        noise={20: accuracy - 0.1, 0: accuracy - 0.4},
    )
    return replace(made, **settings)  # type: ignore[arg-type]


RNN = model_result("rnn", 0.88)
LSTM = model_result("lstm", 0.94, epochs_to_90=1.5, seconds_to_90=9.4, calibration_error=0.01, macs=3_000_000)
GRU = model_result(
    "gru", 0.93, confused=[Confusion("up", "go", 4.0), Confusion("go", "no", 1.0)], macs=2_000_000
)
PAIRS = [
    Pair("rnn", "lstm", -0.06, (-0.08, -0.04), 0.0001, (3, 3), 1, 19, None),
    Pair("rnn", "gru", -0.05, (-0.07, -0.03), 0.002, (3, 3), 2, 18, None),
    Pair("lstm", "gru", 0.01, (-0.01, 0.03), 0.75, (3, 3), 6, 4, None),
]
FAMILY = Comparison("testing", 200, 20, "", ["go", "no"], "pink noise", [RNN, LSTM, GRU], PAIRS)
VARIANTS = replace(
    FAMILY,
    split="validation",
    models=[replace(model_result(name, 0.9), runs=["a"]) for name in ("recipe", "weak", "strong", "same")],
    pairs=[
        Pair("weak", "recipe", -0.04, (-0.06, -0.02), 0.002, (1, 1), 2, 18, 0.001),
        Pair("strong", "recipe", 0.03, (0.01, 0.05), 0.03, (1, 1), 12, 2, 0.01),
        Pair("same", "recipe", 0.0, (-0.01, 0.01), 1.0, (1, 1), 3, 3, 1.0),
    ],
)
SINGLE = replace(
    FAMILY,
    models=[replace(one, runs=["a"], std=None) for one in FAMILY.models],
    pairs=[replace(pair, seeds=(1, 1), mcnemar=0.5) for pair in PAIRS],
)


def test_the_lead_of_the_best_model_is_not_significant() -> None:
    text = best_model(FAMILY)
    assert text.startswith(
        "lstm is the most accurate model: it recognises 94.0 % of the test clips (mean of 3 "
    )
    assert "95 % interval 92.0 to 96.0 %" in text
    assert (
        f"{NOT_FOUND} lstm and gru (95 % interval -1.0 to +3.0 points) by the test over speakers and seeds"
        in text
    )
    assert "rnn" not in text


def test_the_lead_of_the_best_model_is_significant() -> None:
    text = best_model(replace(FAMILY, models=[LSTM, RNN], pairs=PAIRS[:1]))
    assert text.endswith(
        "Its lead over every other model is significant (the test over speakers and seeds, adjusted for all "
        "pairs)."
    )
    some = best_model(replace(FAMILY, pairs=PAIRS[:1]))
    assert some.endswith(
        "Its lead over rnn is significant (the test over speakers and seeds, adjusted for all pairs)."
    )


def test_the_best_model_without_tests_and_among_equals() -> None:
    alone = replace(FAMILY, models=[replace(LSTM, runs=["a"])], pairs=[])
    assert best_model(alone).endswith("test clips (one run; 95 % interval 92.0 to 96.0 %).")
    assert "lstm is one of 2 models with the highest accuracy" in best_model(
        replace(FAMILY, models=[RNN, LSTM, replace(GRU, accuracy=0.94)])
    )
    assert " of the validation clips of synthetic speech (" in best_model(
        replace(FAMILY, split="validation", synthetic=True)
    )


def test_how_many_seeds_the_numbers_are_of() -> None:
    one = replace(RNN, runs=["a"])
    assert seeds_note([RNN, LSTM]) == "mean of 3 seeds"
    assert seeds_note([one, one]) == "one run each"
    assert seeds_note([one, LSTM]) == "mean over the seeds of each model"
    assert "(one run each; " in best_model(
        replace(FAMILY, models=[replace(model, runs=["a"]) for model in FAMILY.models])
    )


def test_what_is_said_of_the_data() -> None:
    data = {
        "clips": {"training": 100, "validation": 20, "testing": 20},
        "speakers": {"training": 60, "validation": 10, "testing": 20},
    }
    assert data_note(data) == "No speaker is in two splits."
    assert "40 are synthetic" in data_note(data | {"synthetic_clips_added": 40})
    nameless = data | {"speakers": {"training": 60, "validation": 20, "testing": 20}}
    assert data_note(nameless) == "These files name no speaker, so speaker-disjoint splits can't be checked."


def test_a_difference_is_told_from_the_better_side() -> None:
    text = difference(PAIRS[0])
    assert text == (
        "lstm is 6.0 points more accurate than rnn, a significant difference (95 % interval +4.0 to +8.0, "
        "p < 0.001)."
    )
    open_ = difference(PAIRS[2])
    assert open_ == f"{NOT_FOUND} lstm and gru (+1.0 points; 95 % interval -1.0 to +3.0, p = 0.75)."
    assert difference(replace(PAIRS[2], difference=-0.01, interval=(-0.03, 0.01))).startswith(
        f"{NOT_FOUND} gru and lstm (+1.0 points; 95 % interval -1.0 to +3.0"
    )


def test_tests_of_a_model_are_seen_from_its_side() -> None:
    gru, rnn = pairs_of(FAMILY, "lstm")
    assert (gru.other, gru.difference) == ("gru", 0.01)
    assert (rnn.one, rnn.other, rnn.difference) == ("lstm", "rnn", 0.06)
    assert (rnn.interval, rnn.only_one_right, rnn.only_other_right) == ((0.04, 0.08), 19, 1)
    assert pairs_of(FAMILY, "cnn") == []
    equal = replace(FAMILY, pairs=[replace(PAIRS[0], difference=0.0, interval=(0.0, 0.0), p_value=1.0)])
    assert "(+0.0 points; 95 % interval +0.0 to +0.0, p = 1)" in difference(pairs_of(equal, "lstm")[0])
    mixed = replace(FAMILY, pairs=[replace(PAIRS[0], seeds=(1, 3))])
    assert pairs_of(mixed, "lstm")[0].seeds == (3, 1)
    assert pairs_of(SINGLE, "lstm")[1].mcnemar == 0.5


def test_the_models_that_are_discussed() -> None:
    assert [one.name for one in FAMILY.highlighted] == ["rnn", "lstm"]
    assert [(pair.one, pair.other) for pair in highlighted_pairs(FAMILY)] == [("lstm", "rnn")]
    best = replace(FAMILY, models=[RNN, LSTM, replace(GRU, accuracy=0.99)])
    assert [(pair.one, pair.other) for pair in highlighted_pairs(best)] == [("lstm", "rnn"), ("gru", "lstm")]
    others = [model_result(f"own{number}", 0.9 - number / 100) for number in range(6)]
    own = replace(FAMILY, models=others[::-1], pairs=[])
    assert [one.name for one in own.highlighted] == ["own0", "own1", "own2", "own3"]
    assert highlighted_pairs(own) == []


def test_convergence_tells_epochs_and_seconds_the_fastest_first() -> None:
    slow = replace(GRU, seconds_to_90=180.0)
    assert convergence([slow, RNN, LSTM]) == (
        "A validation accuracy of 90 % is reached by lstm after 1.5 epochs (9 s), rnn after 3.0 epochs "
        "(18 s) and gru after 3.0 epochs (180 s)."
    )


def test_convergence_tells_what_is_not_reached() -> None:
    never = {"epochs_to_90": None, "seconds_to_90": None}
    some = [replace(one, **never) if one is not LSTM else one for one in FAMILY.models]  # type: ignore[arg-type]
    first = "A validation accuracy of 90 % is reached by lstm after 1.5 epochs (9 s)."
    assert convergence(some) == f"{first} Not every run of rnn or gru reaches it."
    assert convergence([some[0]]) == "Not every run of rnn reaches a validation accuracy of 90 %."
    single = [replace(one, runs=["a"]) for one in some]
    assert convergence(single) == (
        f"{first.replace('lstm', 'the run of lstm')} The run of rnn and the run of gru do not reach it."
    )
    assert convergence(single[:1]) == "The run of rnn does not reach a validation accuracy of 90 %."
    assert convergence([*some[:2], single[2]]).endswith(
        "Not every run of rnn reaches it. The run of gru does not reach it."
    )


def test_calibration_names_the_first_and_the_last() -> None:
    worst = replace(GRU, calibration_error=0.2)
    text = calibration([RNN, LSTM, worst])
    assert text.index("lstm") < text.index("(0.010)") < text.index("gru") < text.index("(0.200)")
    assert "rnn" not in text
    assert calibration([RNN]) == "The expected calibration error of rnn is 0.050."
    under = replace(RNN, overconfidence=-0.0494)
    assert calibration([under]).endswith("rnn is 0.050, under-confident by 0.049.")


def test_confusions_and_those_that_all_models_share() -> None:
    text = confusions(FAMILY.models)
    assert "rnn recognises 'go' as 'no' (2.5)" in text
    assert "gru recognises 'up' as 'go' (4) and 'go' as 'no' (1)" in text
    assert text.endswith("All of these models frequently recognise 'go' as 'no'.")
    perfect = replace(LSTM, confused=[])
    assert "All of these" not in confusions([RNN, perfect])
    assert "lstm" not in confusions([RNN, perfect])
    assert "All of these" not in confusions([RNN])
    assert confusions([perfect]) == "No model confuses any words."


def test_accuracy_in_the_loudest_noise() -> None:
    text = noise_robustness(FAMILY)
    assert "pink noise at a signal-to-noise ratio of 0 dB, lstm recognises 54.0 % of the test clips" in text
    assert "against 94.0 %" in text
    assert text.endswith("No other model is more accurate in this noise.")
    robust = replace(FAMILY, models=[LSTM, replace(RNN, noise={20: 0.8, 0: 0.6})])
    assert noise_robustness(robust).endswith("In this noise rnn is the most accurate (60.0 %).")
    assert "other model" not in noise_robustness(replace(FAMILY, models=[LSTM]))


def test_the_conclusion_names_a_cheaper_model_where_no_difference_was_found() -> None:
    text = conclusion(FAMILY)
    assert "lstm is the most accurate model. It has 1,000 weights and needs 3.0 million MACs" in text
    assert f"{NOT_FOUND} lstm and gru" in text
    assert "gru needs 67 % of the MACs of lstm" in text
    assert text.endswith(
        "lstm is 6.0 points above rnn, the least accurate model (95 % interval +4.0 to +8.0)."
    )
    untested = conclusion(replace(FAMILY, pairs=[]))
    assert untested.endswith("lstm is 6.0 points above rnn, the least accurate model.")
    dear = conclusion(replace(FAMILY, models=[RNN, LSTM, replace(GRU, macs=4_000_000)]))
    assert "gru" not in dear
    clear = conclusion(replace(FAMILY, pairs=[*PAIRS[:2], replace(PAIRS[2], p_value=0.01)]))
    assert "gru" not in clear
    assert "least accurate" not in conclusion(replace(FAMILY, models=[LSTM], pairs=[]))


def test_settings_are_told_against_the_recipe() -> None:
    text = finding(Result("any name", "?", "", VARIANTS, "settings"))
    assert text == (
        "Against the recipe, the run of strong is the most accurate variant (+3.0 points, 95 % interval +1.0 "
        "to +5.0) and the run of weak the least accurate (-4.0 points, 95 % interval -6.0 to -2.0). The "
        "difference from the recipe is significant for strong (p = 0.03) and weak (p = 0.002) (the test over "
        "speakers, adjusted for all pairs, which compares single trained networks). These are single runs: "
        "other seeds may differ as much."
    )
    several = replace(VARIANTS, pairs=[replace(pair, seeds=(2, 2)) for pair in VARIANTS.pairs])
    text = finding(Result("any name", "?", "", several, "settings"))
    assert "strong is the most accurate variant" in text
    assert text.endswith("(the test over speakers and seeds, adjusted for all pairs).")
    assert "run" not in text
    none = finding(Result("any name", "?", "", replace(VARIANTS, pairs=VARIANTS.pairs[2:]), "settings"))
    assert "(+0.0 points, 95 % interval -1.0 to +1.0)" in none
    assert none.endswith(
        "No significant difference from the recipe was found (the test over speakers, adjusted for all "
        "pairs, which compares single trained networks)."
    )
    other = [replace(pair, other="80 bands") for pair in VARIANTS.pairs]
    assert "difference from 80 bands is" in finding(Result("x", "?", "", replace(VARIANTS, pairs=other)))


def test_settings_are_told_in_the_hardest_conditions() -> None:
    weak, strong, same = VARIANTS.pairs
    alike = [replace(pair, p_value=0.5) for pair in VARIANTS.pairs]
    noisy = [replace(weak, difference=-0.2), strong, same]
    conditions = {"20 dB SNR": alike, "0 dB SNR": noisy, "20 dB softer": noisy, "40 dB softer": alike}
    assert effect_in_conditions(replace(VARIANTS, condition_pairs=conditions)) == (
        "Accuracy differs significantly from recipe, in points, at 0 dB SNR for strong (+3.0) and weak "
        "(-20.0); on clips 40 dB softer for none."
    )
    assert effect_in_conditions(VARIANTS) == ""
    names = ["pitch", "room", "gain", "shift", "mixup", "speed"]
    worse = [replace(weak, one=name, difference=-0.1 - place / 100) for place, name in enumerate(names)]
    conditions = {"0 dB SNR": [same, *worse], "40 dB softer": worse}
    assert effect_in_conditions(replace(VARIANTS, condition_pairs=conditions)) == (
        f"Accuracy differs significantly from recipe, in points, at 0 dB SNR for all but {same.one} "
        "(-10.0 to -15.0); on clips 40 dB softer for all (-10.0 to -15.0)."
    )
    assert significant([strong, *worse[:5]]).startswith("strong (+3.0), pitch (-10.0), room (-11.0), ")


def test_models_are_told_by_the_best_one_whatever_the_experiment_is_called() -> None:
    assert finding(Result("data-scaling", "?", "", FAMILY, "models")) == best_model(FAMILY)
    assert finding(Result("x", "?", "", replace(FAMILY, pairs=[]), "settings")).startswith("lstm is the most")


def test_data_scaling_tells_accuracy_against_training_clips() -> None:
    more = replace(FAMILY, models=[replace(LSTM, training_clips=7720), RNN])
    text = finding(Result("any name", "?", "", more, "scaling"))
    assert text == data_scaling(more)
    assert "(mean of 3 seeds) is 88.0 % with 100 and 94.0 % with 7,720 training clips" in text
    mixed = [
        replace(RNN, training_clips=300, synthetic_clips_added=300),
        replace(GRU, training_clips=340, synthetic_clips_added=300),
    ]
    both = data_scaling(replace(more, models=[LSTM, *mixed]))
    assert both.startswith("The accuracy (mean of 3 seeds) is 94.0 % with 100 training clips")
    assert both.endswith(
        "With 300 synthetic clips added, it is 88.0 % with 0 and 93.0 % with 40 recorded clips."
    )
    alone = data_scaling(replace(more, models=mixed))
    assert alone.startswith("With 300 synthetic clips added, the accuracy (mean of 3 seeds) is 88.0 %")


@pytest.mark.parametrize(("missed", "told"), [([1], "1 is"), ([1, 2], "2 are"), ([], "0 are")])
def test_clips_that_every_run_or_no_run_recognises(missed: list[int], told: str) -> None:
    def group(*rows: list[bool]) -> SeedGroup:
        tables = [pd.DataFrame({"word": "go", "predicted": np.where(row, "go", "no")}) for row in rows]
        evaluations = [
            Evaluation("testing", 4, 1, "", 0, (0, 0), (0, 0), (0, 0), 0, [], [], predictions=table)
            for table in tables
        ]
        return SeedGroup("", [Run(Path("none"))] * len(rows), evaluations)

    one = [place not in missed for place in range(4)]
    text = clip_difficulty([group(one, [*one[:3], False]), group(one)])
    assert f"Of the 4 test clips, every run of every model recognises {3 - len(missed)}; {told} " in text


def hypothesis(name: str, share: float, low: float, high: float) -> HypothesisTest:
    return HypothesisTest(name, "", 100, share, (0.0, 1.0), 0.1, share - 0.1, (low, high))


def test_hypotheses_on_mistakes() -> None:
    tests = [
        hypothesis("soft speech", 0.3, 0.12, 0.28),
        hypothesis("cut ends", 0.05, -0.09, -0.01),
        hypothesis("noise", 0.11, -0.02, 0.04),
        hypothesis("shared vowel", 0.1, -0.1, 0.1),
    ]
    assert hypotheses(tests) == (
        "More frequent among mistakes than expected: soft speech (30.0 % of the mistakes against 10.0 %, "
        "95 % interval of the difference +12.0 to +28.0 points). Less frequent: cut ends (5.0 % of the "
        "mistakes against 10.0 %, 95 % interval of the difference -9.0 to -1.0 points). No difference was "
        "found for noise or shared vowel."
    )
    assert hypotheses([]) == "No clip is missed."
