"""References in an author's text become the study's numbers; what the study doesn't have is refused."""

from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.helpers import assert_one_line
from tests.reporting.test_narrative import FAMILY
from wordspot.errors import UsageError
from wordspot.experiments.study import Result
from wordspot.inspection.hypotheses import HypothesisTest
from wordspot.reporting.facts import PLACES
from wordspot.reporting.references import FIELDS, TESTED, resolve
from wordspot.reporting.report import write_report

RESULTS = {
    "family": Result(
        "family",
        "Which?",
        "",
        replace(
            FAMILY,
            words=["go", "no"],
            models=[
                replace(one, noise={0: 0.5}, soft={40: 0.75}, confusion=[[10, 2.5], [0, 12]])
                for one in FAMILY.models
            ],
            condition_pairs={"0 dB SNR": [replace(pair, difference=0.2) for pair in FAMILY.pairs]},
        ),
    )
}
SOFT = HypothesisTest("soft speech", "soft", 12.5, 0.3, (0.2, 0.4), 0.1, 0.2, (0.1, 0.3))


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("family/lstm/accuracy", "{one.accuracy:.1%}"),
        ("family/lstm/parameters", "{one.parameters:,}"),
        ("family/lstm/noise/0", "50.0 %"),
        ("family/lstm/soft/40", "75.0 %"),
        ("family/lstm/confusion/go/no", "2.5"),
        ("hypotheses/soft speech/share", "30.0 %"),
        ("hypotheses/soft speech/difference", "+20.0 points"),
        ("hypotheses/soft speech/difference_interval", "+10.0 to +30.0 points"),
        ('"40 mel bands"', "40 mel bands"),
    ],
)
def test_a_reference_becomes_the_studys_number(reference: str, value: str) -> None:
    one = next(one for one in FAMILY.models if one.name == "lstm")
    expected = value.format(one=one).replace("%", " %").replace("  ", " ")
    assert resolve(f"It is {{{reference}}}.", RESULTS, [SOFT]) == f"It is {expected}."


def test_a_difference_is_told_with_its_interval_from_either_side() -> None:
    pair = next(pair for pair in FAMILY.pairs if {pair.one, pair.other} == {"rnn", "lstm"})
    pair = pair if pair.one == "lstm" else pair.reversed
    low, high = pair.interval
    told = resolve("{family/lstm/against/rnn}", RESULTS)
    assert told.startswith(f"{100 * pair.difference:+.1f} points (95 % interval {100 * low:+.1f} to ")
    turned = resolve("{family/rnn/against/lstm}", RESULTS)
    assert turned.startswith(f"{-100 * pair.difference:+.1f} points (95 % interval {-100 * high:+.1f} to ")
    in_noise = resolve("{family/rnn/against/lstm/0 dB SNR}", RESULTS)
    assert in_noise[1:12] == "20.0 points"


def test_every_field_can_be_named() -> None:
    one = replace(FAMILY.models[0], std=0.01, epochs_to_90=3.0, seconds_to_90=30.0)
    result = replace(RESULTS["family"], comparison=replace(FAMILY, models=[one]))
    for field in FIELDS:
        assert resolve(f"{{family/{one.name}/{field}}}", {"family": result})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("It reaches 94.6 %.", "94.6 could differ from the study"),
        ("{family/lstm}", "write {experiment/model/field}"),
        ("{families/lstm/accuracy}", "'families' must be one of family"),
        ("{family/lsmt/accuracy}", "'lsmt' must be one of "),
        ("{family/lstm/precision}", "'precision' must be one of accuracy, "),
        ("{family/lstm/accuracy/0}", "accuracy has nothing after it"),
        ("{family/lstm/noise/3}", "'3' must be one of 0"),
        ("{family/lstm/against/lstm}", "'lstm' must be one of "),
        ("{family/lstm/confusion/go/stop}", "'stop' must be one of go, no"),
        ("{hypotheses/soft speech/share}", "nothing: none was measured"),
    ],
)
def test_what_the_study_does_not_have_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as error:
        resolve(text, RESULTS)
    assert_one_line(error.value)
    assert reason in str(error.value)


def test_names_with_digits_are_no_numbers() -> None:
    text = "The F1 of cnn-lstm-1d differs."
    assert resolve(text, RESULTS) == text


def test_the_report_sets_a_discussion_with_the_studys_numbers(
    shared_study: tuple[Path, dict[str, Result]], tmp_path: Path
) -> None:
    folder, results = shared_study
    discussion = tmp_path / "discussion.md"
    discussion.write_text(
        "## errors\n\nThe *LSTM* hears `low` best: {family/lstm/accuracy}.\n\n## conclusion\n\nUse #it [.\n"
    )
    pdf = write_report(folder, tmp_path / "report.pdf", discussion=discussion)
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(pdf).pages).split())
    lstm = next(one for one in results["family"].comparison.models if one.name == "lstm")
    assert f"The LSTM hears low best: {100 * lstm.accuracy:.1f} %." in text
    assert text.index("Error analysis") < text.index("The LSTM hears") < text.index("Improvements")
    assert "Use #it [." in text
    discussion.write_text("## errors\n\nThe LSTM has {family/lstm/acuracy}.\n")
    with pytest.raises(
        UsageError, match=r"discussion\.md: errors: \{family/lstm/acuracy\}: 'acuracy' must"
    ) as error:
        write_report(folder, tmp_path / "wrong.pdf", discussion=discussion)
    assert_one_line(error.value)
    assert not (tmp_path / "wrong.pdf").exists()


def test_the_documentation_names_every_place_and_field() -> None:
    text = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
    for name in (*PLACES, *FIELDS, *TESTED):
        assert f"`{name}`" in text
