"""Tables: the same cells wherever they are shown, and the numbers of what they are of."""

import html
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from wordspot.evaluation.comparison import Comparison, Confusion, ModelResult, Pair
from wordspot.evaluation.tables import Table, calibration, comparison_tables, evaluation_table, pairs_table
from wordspot.experiments.study import Result, summary
from wordspot.runs.evaluation import Evaluation, WordScores

SYNTHETIC = "(synthetic speech)"
WORDS = Table(
    "Words & scores",
    ["word", "said as", "share"],
    [["<b>", "[red]no[/red]", "93.8 %"], ["a|b", "ö", "1"]],
    left=(0, 1),
)
RNN = ModelResult(
    name="rnn",
    runs=["rnn/seed-0", "rnn/seed-1"],
    training_clips=30_780,
    parameters=62_346,
    kilobytes=253.4,
    macs=3_146_000,
    latency_ms=2.74,
    minutes=12.34,
    epochs=14.6,
    stopped_early=1,
    seconds_per_epoch=51.234,
    epochs_to_90=4.5,
    seconds_to_90=230.4,
    validation_accuracy=0.8881,
    accuracy=0.8766,
    std=0.0031,
    interval=(0.8612, 0.8913),
    macro_f1=0.87549,
    calibration_error=0.0214,
    confusion=[[8, 2], [1, 9]],
    confused=[Confusion("yes", "no", 2.0), Confusion("no", "yes", 1.333333)],
    noise={20: 0.8541, 5: 0.7112},
)
LSTM = replace(
    RNN,
    name="<b>",
    runs=["lstm"],
    epochs=15.0,
    stopped_early=0,
    epochs_to_90=None,
    seconds_to_90=None,
    training_clips=30_780 + 4000,
    synthetic_clips_added=4000,
    accuracy=0.9352,
    std=None,
    confused=[],
    noise={20: 0.9111, 5: 0.8222},
)
COMPARISON = Comparison(
    "testing",
    4890,
    202,
    "abc",
    ["yes", "no"],
    "pink noise",
    [RNN, LSTM],
    [Pair("rnn", "<b>", -0.0586, (-0.0701, 0.0012), 0.000012, (2, 1), 31.5, 318.0, None)],
)
EVALUATION = Evaluation(
    split="validation",
    clips=3703,
    speakers=256,
    fingerprint="abc",
    accuracy=0.93842,
    interval=(0.9131, 0.9589),
    interval_over_speakers=(0.9131, 0.9589),
    interval_over_clips=(0.93, 0.945),
    macro_f1=0.93777,
    words=[WordScores("<b>", 0.9312, 0.95, 0.94051, 397), WordScores("no", 0.9, 0.8, 0.847, 406)],
    confusion=[[390, 7], [81, 325]],
)


class Cells(HTMLParser):
    """Reads the caption and the cells of a table in HTML as a browser does."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.caption = ""
        self.rows: list[list[str]] = []
        self.sides: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.sides.append(str(dict(attrs)["style"]).removeprefix("text-align: "))

    def handle_data(self, data: str) -> None:
        if self.tags[-1] == "caption":
            self.caption += data
        else:
            self.rows[-1][-1] += data


def printed(table: Table, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Give the lines of a printed table that are not blank."""
    capsys.readouterr()
    table.print()
    return [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]


def cells_of(line: str) -> list[str]:
    return re.split(r"\s{2,}", line)


def markdown_cells(text: str) -> list[list[str]]:
    rows = [re.split(r" ?(?<!\\)\| ?", line)[1:-1] for line in text.splitlines()]
    return [[html.unescape(re.sub(r"\\([|\[\]`])", r"\1", cell)) for cell in row] for row in rows]


def test_the_same_cells_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    title, header, rule, *lines = printed(WORDS, capsys)
    assert title == WORDS.title
    assert cells_of(header) == WORDS.columns
    assert set(rule) == {"─"}
    assert [cells_of(line) for line in lines] == WORDS.rows

    header_cells, marks, *rows = markdown_cells(WORDS.to_markdown())
    assert header_cells == WORDS.columns
    assert marks == [":--", ":--", "--:"]
    assert rows == WORDS.rows

    shown = Cells(WORDS._repr_html_())
    assert shown.caption == WORDS.title
    assert shown.rows == [WORDS.columns, *WORDS.rows]
    assert shown.sides == ["left", "left", "right"] * 3
    assert "b" not in shown.tags
    assert "&lt;b&gt;" in WORDS._repr_html_()
    assert "Words &amp; scores" in WORDS._repr_html_()


def test_a_file_keeps_every_digit(capsys: pytest.CaptureFixture[str]) -> None:
    numbers = [f"{place}.{123456789 + place}" for place in range(60)]
    table = Table("Numbers " * 40, [f"column-{place}" for place in range(60)], [numbers])
    title, header, _, line = printed(table, capsys)
    assert title == table.title.strip()
    assert cells_of(header) == table.columns
    assert cells_of(line) == numbers


def test_a_narrow_terminal_keeps_every_digit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    table = Table("", ["a", "b"], [["1" * 20, "2" * 15]])
    lines = [re.sub(r"\x1b\[\d*m", "", line) for line in printed(table, capsys)]
    assert max(map(len, lines)) <= 20
    digits = re.sub(r"\D", "", "".join(lines))
    assert (digits.count("1"), digits.count("2"), len(digits)) == (20, 15, 35)


def test_a_terminal_of_80_columns_shows_every_number_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    names = ["bidirectional, hidden size 35", "recipe"]
    numbers = [f"{place}.{123456789 + place}" for place in range(9)]
    columns = ["model", *(f"heading of {place}" for place in range(9))]
    table = Table("Numbers", columns, [[name, *numbers] for name in names])
    lines = [re.sub(r"\x1b\[\d*m", "", line) for line in printed(table, capsys)]
    assert max(map(len, lines)) <= 80
    found = [cell for line in lines for cell in line.split()]
    for one in numbers:
        assert found.count(one) == 2
    assert found.count("recipe") > 1  # each part begins with the names


def test_an_evaluation(capsys: pytest.CaptureFixture[str]) -> None:
    table = evaluation_table(EVALUATION)
    assert table.title == (
        "validation split: accuracy 93.8 % (95 % interval 91.3 to 95.9 %), macro F1 0.938, "
        "3703 clips of 256 speakers"
    )
    assert table.columns == ["word", "precision", "recall", "F1", "clips"]
    assert table.rows == [
        ["<b>", "0.931", "0.950", "0.941", "397"],
        ["no", "0.900", "0.800", "0.847", "406"],
    ]
    assert Cells(table._repr_html_()).rows[1:] == table.rows
    assert printed(table, capsys)[0] == table.title
    assert evaluation_table(replace(EVALUATION, split="all")).title.startswith("all clips: ")


def test_the_numbers_of_a_comparison() -> None:
    scores, costs, training, noise, confusions, pairs = comparison_tables(COMPARISON)
    assert scores.title == "Accuracy on the testing split (4890 clips of 202 speakers)"
    assert dict(zip(scores.columns, scores.rows[0], strict=True)) == {
        "model": "rnn",
        "seeds": "2",
        "validation": "88.8 %",
        "testing": "87.7 %",
        "std": "0.3 %",
        "95 % interval": "86.1 to 89.1 %",
        "macro F1": "0.875",
        "ECE": "0.021",
    }
    assert scores.rows[1][:5] == ["<b>", "1", "88.8 %", "93.5 %", "-"]
    assert dict(zip(costs.columns, costs.rows[0], strict=True)) == {
        "model": "rnn",
        "training clips": "30,780",
        "weights": "62,346",
        "file": "253 kB",
        "MACs": "3.1 M",
        "one clip": "2.7 ms",
    }
    assert costs.rows[1][1] == "34,780, 4,000 synthetic"
    assert dict(zip(training.columns, training.rows[0], strict=True)) == {
        "model": "rnn",
        "training": "12.3 min",
        "epochs": "14.6",
        "s per epoch": "51.2",
        "epochs to 90 %": "4.5",
        "s to 90 %": "230",
    }
    assert training.rows[1][2:] == ["15", "51.2", "not reached", "not reached"]
    assert training.title.endswith("stopped early for lack of improvement: rnn: 1 of 2 runs")
    assert "pink noise" in noise.title
    assert noise.columns == ["model", "clean", "20 dB", "5 dB"]
    assert noise.rows == [["rnn", "87.7 %", "85.4 %", "71.1 %"], ["<b>", "93.5 %", "91.1 %", "82.2 %"]]
    assert confusions.rows == [["rnn", "yes as no 2, no as yes 1.33"], ["<b>", ""]]
    assert dict(zip(pairs.columns, pairs.rows[0], strict=True)) == {
        "model": "rnn",
        "against": "<b>",
        "difference": "-5.9",
        "95 % interval": "-7.0 to +0.1",
        "p": "1.2e-05",
        "only model": "31.5",
        "only against": "318",
    }


def test_a_table_of_pairs_says_what_the_differences_are_of() -> None:
    (mixed,) = COMPARISON.pairs
    models = replace(mixed, seeds=(2, 3), only_one_right=12_345.0, only_other_right=5 / 3)
    single = replace(mixed, seeds=(1, 1), mcnemar=0.0321)
    of_models, of_networks, of_both = (
        pairs_table(replace(COMPARISON, pairs=pairs)) for pairs in ([models], [single], [models, single])
    )
    assert "(speakers and seeds; intervals simultaneous, p adjusted for all pairs;" in of_models.title
    assert "single" not in of_models.title
    assert "McNemar" not in of_models.title
    assert of_models.columns[-1] == "only against"
    assert of_models.rows[0][5:] == ["12,345", "1.7"]
    assert "(speakers; intervals simultaneous" in of_networks.title
    assert "; single runs: differences of trained networks, not of models" in of_networks.title
    assert of_networks.title.endswith("; McNemar's test takes clips for independent, not adjusted")
    assert of_networks.columns[-2:] == ["only against", "McNemar p"]
    assert of_networks.rows[0][-1] == "0.032"
    # One pair of single runs is enough for the reservation.
    assert "not of models" in of_both.title
    assert [row[-1] for row in of_both.rows] == ["-", "0.032"]
    assert {len(row) for row in of_both.rows} == {len(of_both.columns)}
    # A model with several seeds beside a single run: no test of two single runs.
    title = pairs_table(COMPARISON).title
    assert "(speakers and seeds; " in title
    assert "not of models" in title
    assert "McNemar" not in title


def test_a_comparison_by_validation_names_no_column_twice() -> None:
    (scores, *_) = comparison_tables(replace(COMPARISON, split="validation"))
    assert scores.columns[2:4] == ["best epoch", "validation"]


def test_softer_clips_stand_beside_noise() -> None:
    soft = replace(COMPARISON, models=[replace(RNN, soft={20: 0.87, 40: 0.5})])
    noise = next(table for table in comparison_tables(soft) if "noise" in table.title)
    assert noise.title.endswith("and on clips that are softer")
    assert noise.columns[-2:] == ["-20 dB level", "-40 dB level"]
    assert noise.rows[0][-2:] == ["87.0 %", "50.0 %"]


def test_without_noise_there_is_no_table_of_it() -> None:
    quiet = replace(COMPARISON, noise=None, models=[replace(RNN, noise={})], pairs=[])
    assert [table.title.split()[0] for table in comparison_tables(quiet)] == [
        "Accuracy",
        "Costs",
        "Speed",
        "Most",
        "Differences",
    ]


def test_synthetic_speech_is_named_in_every_title(capsys: pytest.CaptureFixture[str]) -> None:
    made = replace(COMPARISON, synthetic=True)
    tables = [*comparison_tables(made), evaluation_table(replace(EVALUATION, synthetic=True))]
    assert len(tables) == 7
    for table in tables:
        assert SYNTHETIC in printed(table, capsys)[0]
        assert SYNTHETIC in Cells(table._repr_html_()).caption
    result = Result("family", "Which model?", "Short.", made)
    titles = [line for line in summary([result]).splitlines() if line.startswith(("# ", "**"))]
    assert len(titles) == 7
    assert all(SYNTHETIC in title for title in titles)


def test_recordings_are_not_called_synthetic() -> None:
    tables = [*comparison_tables(COMPARISON), evaluation_table(EVALUATION)]
    assert not any(SYNTHETIC in table.title for table in tables)
    assert SYNTHETIC not in summary([Result("family", "Which model?", "Short.", COMPARISON)])


def test_the_calibration_error_says_its_direction() -> None:
    under = replace(RNN, overconfidence=-0.0213)
    assert [calibration(one) for one in (RNN, under, replace(RNN, overconfidence=0.02))] == [
        "0.021",
        "0.021 under",
        "0.021 over",
    ]
