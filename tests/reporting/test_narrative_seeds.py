"""What sentences say of single runs, of several seeds, and of differences that are not significant."""

import re
from dataclasses import replace

import pytest

from tests.reporting.test_narrative import FAMILY, GRU, LSTM, PAIRS, SINGLE, VARIANTS
from wordspot.evaluation.comparison import Comparison
from wordspot.experiments.study import Result
from wordspot.reporting.narrative import (
    best_model,
    calibration,
    conclusion,
    confusions,
    convergence,
    difference,
    finding,
    method,
    noise_robustness,
)

MIXED = replace(
    FAMILY,
    models=[FAMILY.models[0], LSTM, replace(GRU, runs=["a"])],
    pairs=[PAIRS[0], *(replace(pair, seeds=(3, 1)) for pair in PAIRS[1:])],
)
"""Of three models one has a single run."""


def undecided(comparison: Comparison) -> Comparison:
    """Give a comparison of which no test found anything."""
    return replace(comparison, pairs=[replace(pair, p_value=0.5) for pair in comparison.pairs])


def sentences(comparison: Comparison) -> list[str]:
    """Give all that is said of a comparison, as texts."""
    return [
        best_model(comparison),
        *(difference(pair) for pair in comparison.pairs),
        convergence(comparison.models),
        confusions(comparison.models),
        noise_robustness(comparison),
        calibration(comparison.models),
        conclusion(comparison),
        finding(Result("family", "?", "", comparison, "models")),
    ]


@pytest.mark.parametrize("comparison", [SINGLE, undecided(SINGLE)], ids=["decided", "undecided"])
def test_of_single_runs_nothing_is_said_of_models(comparison: Comparison) -> None:
    for text in sentences(comparison):
        assert not re.search(r"\bmodels?\b", text), text
        for name in re.finditer(r"\b(rnn|lstm|gru)\b", text):
            before, after = text[: name.start()], text[name.end() :]
            # What a model costs does not depend on its run.
            costs = before.endswith("of the MACs of ") or re.match(r" needs \d+ % of the MACs", after)
            assert costs or before.endswith("he run of "), text
    told = " ".join(sentences(comparison))
    assert "seeds" not in told
    assert "The run of lstm is the most accurate run: it recognises 94.0 %" in told
    if comparison is SINGLE:
        assert "The run of lstm is 6.0 points more accurate than the run of rnn, a significant" in told


def test_settings_of_single_runs_are_called_that() -> None:
    text = finding(Result("x", "?", "", VARIANTS, "settings"))
    assert "single trained networks" in text
    assert "These are single runs" in text
    none = finding(Result("x", "?", "", undecided(VARIANTS), "settings"))
    assert "single trained networks" in none
    assert "seeds, adjusted" not in text + none


@pytest.mark.parametrize("comparison", [FAMILY, SINGLE, MIXED], ids=["seeds", "single", "mixed"])
def test_what_is_not_significant_has_its_interval_and_is_never_called_equal(comparison: Comparison) -> None:
    nothing = undecided(comparison)
    for text in [*sentences(nothing), finding(Result("x", "?", "", undecided(VARIANTS), "settings"))]:
        for told in re.split(r"(?<=\.) (?=[A-Z])", text):
            if "ignificant" in told:
                # The findings of settings have it in the sentence before.
                assert "95 % interval" in (text if "variant" in text else told), text
        assert not re.search(r"\b(equal|equally|same|identical|as (good|accurate) as|no difference)\b", text)
    for pair in nothing.pairs:
        assert difference(pair).startswith("No significant difference was found between ")
        assert "more accurate" not in difference(pair)
        assert "95 % interval" in difference(pair)
    assert best_model(nothing).count("95 % interval") == 1 + 1  # its own, and named once for both differences
    assert len(re.findall(r"[+-][0-9.]+ to [+-][0-9.]+", best_model(nothing))) == 2


def test_the_method_with_several_seeds_tells_of_speakers_and_seeds() -> None:
    assert method(FAMILY) == (
        "Differences are tested over speakers and seeds together. Intervals are simultaneous and p-values "
        "adjusted for all pairs: an interval excludes 0 exactly where p is under 0.05."
    )


def test_the_method_with_single_runs_tells_of_speakers_alone() -> None:
    text = method(SINGLE)
    assert text.startswith("Differences are tested over speakers; ")
    assert "Single runs are compared here, that is trained networks: other seeds may give other" in text
    assert method(VARIANTS) == text


def test_the_method_where_some_models_have_several_seeds() -> None:
    text = method(MIXED)
    assert text.startswith("Differences are tested over speakers, and seeds where a model has several; ")
    assert "Single runs" in text


def test_there_is_no_method_without_pairs() -> None:
    assert method(replace(FAMILY, models=[LSTM], pairs=[])) == ""


def test_a_model_with_seeds_is_not_called_a_run_beside_a_single_one() -> None:
    lstm_gru = MIXED.pairs[2]
    assert difference(lstm_gru).startswith(
        "No significant difference was found between lstm and the run of gru (+1.0 points;"
    )
    better = replace(lstm_gru, p_value=0.01)
    assert difference(better).startswith("lstm is 1.0 point more accurate than the run of gru, a significant")
    worse = replace(better, difference=-0.01, interval=(-0.03, -0.002))
    assert difference(worse).startswith("The run of gru is 1.0 point more accurate than lstm, a significant")
    text = best_model(MIXED)
    assert "between lstm and the run of gru (" in text
    assert "single trained networks" in text


def test_the_lead_of_a_single_run() -> None:
    decided = replace(SINGLE, pairs=[replace(pair, p_value=0.01) for pair in SINGLE.pairs])
    assert best_model(decided).endswith(
        "Its lead over every other run is significant (the test over speakers, adjusted for all pairs, which "
        "compares single trained networks)."
    )
    assert "Its lead over the run of rnn is significant" in best_model(
        replace(decided, pairs=decided.pairs[:1])
    )
