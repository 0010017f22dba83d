"""The report of a tiny study: its pages, and its numbers against the study's."""

import gzip
import re
import shutil
from dataclasses import asdict, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import torch
from pypdf import PdfReader
from torch import Tensor

from tests.helpers import assert_one_line
from wordspot import config as config_module
from wordspot.config import RecurrentConfig, RunConfig, vary
from wordspot.errors import UsageError
from wordspot.evaluation.compare import pair_up
from wordspot.evaluation.comparison import Comparison
from wordspot.evaluation.tables import percent, percent_interval
from wordspot.experiments.study import Result, read_study
from wordspot.files import write_json
from wordspot.models import make_model
from wordspot.models.encoders import Encoder
from wordspot.models.pooling import Pooling
from wordspot.recipes import RECIPES
from wordspot.reporting.config_tables import features_table, models_table, recipes_table
from wordspot.reporting.facts import PLACES, describe_machines, results_table
from wordspot.reporting.narrative import best_model, difference, finding, highlighted_pairs, method
from wordspot.reporting.report import draw_figures, find_sources, write_report
from wordspot.runs.run import Run

Study = tuple[Path, dict[str, Result]]


def words_of(pdf: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(pdf).pages).split())


def letters(text: str) -> str:
    """Leave out what breaking lines may change."""
    return re.sub(r"[\s-]", "", text)


def test_numbers_of_the_report_are_the_studys(shared_study: Study, tmp_path: Path) -> None:
    folder, results = shared_study
    pdf = write_report(folder, tmp_path / "new" / "report.pdf", corpus="a few synthetic words")
    assert 2 <= len(PdfReader(pdf).pages) <= 4
    text = words_of(pdf)
    assert "3 models on a few synthetic words: low, high, rise" in text
    family: Comparison = results["family"].comparison
    assert letters(best_model(family)) in letters(text)
    for name in ("features", "data-scaling"):
        for told in (results[name].question, results[name].note, finding(results[name])):
            assert letters(told) in letters(text)
    clips = (
        "48 training clips of 8 speakers, 18 validation clips of 3 speakers and 18 test clips of 3 speakers"
    )
    assert letters(clips) in letters(text)
    run = Run(next(folder.rglob("config.json")).parent)
    precision = run.provenance["precision"]  # what is faster depends on the processor
    assert letters(f"training in {precision}") in letters(text)
    assert "mean of 2 seeds" in text
    assert "synthetic speech" not in text.lower()


def test_the_tables_of_the_report(shared_study: Study, tmp_path: Path) -> None:
    folder, results = shared_study
    text = words_of(write_report(folder, tmp_path / "report.pdf"))
    table = results_table(results["family"])
    assert letters(f"{table.title}.") in letters(text)
    assert " ".join(table.columns) in text
    for one, row in zip(results["family"].comparison.models, table.rows, strict=True):
        assert " ".join(row) in text
        assert row[:2] == [one.name, f"{one.parameters:,}"]
        assert row[3] == percent(one.accuracy)
        assert row[5:9] == [
            percent_interval(one.interval),
            f"{one.macro_f1:.3f}",
            f"{one.calibration_error:.3f}",
            f"{one.latency_ms:.1f} ms",
        ]
        assert row[10] == ("-" if one.epochs_to_90 is None else f"{one.epochs_to_90:.1f}")


def test_both_comparisons_have_a_table(shared_study: Study, tmp_path: Path) -> None:
    folder, results = shared_study
    for name in ("family", "controlled"):
        (tmp_path / name).symlink_to(folder / "family")
    alike = replace(results["family"], name="controlled", question="All else being equal?")
    write_json(tmp_path / "study.json", [asdict(alike), asdict(results["family"])])
    text = words_of(write_report(tmp_path))
    assert "controlled: accuracy on the test split" in text
    assert "family: accuracy on the test split" in text
    assert text.index("All else being equal?") < text.index("Which model is best?")
    write_json(tmp_path / "study.json", [asdict(alike)])
    text = words_of(write_report(tmp_path))
    assert "controlled: accuracy on the test split" in text
    assert "family" not in text


def test_nine_models_and_four_experiments_fit_on_four_pages(
    shared_study: Study, shared_recordings: Path, tmp_path: Path
) -> None:
    folder, results = shared_study
    for name in ("family", "controlled"):
        (tmp_path / name).symlink_to(folder / "family")
    family = results["family"].comparison
    names = list(RECIPES)
    models = [replace(family.models[n % 3], name=name) for n, name in enumerate(names)]
    pairs = [replace(family.pairs[0], one=one, other=other) for one, other in combinations(names, 2)]
    whole = replace(results["family"], comparison=replace(family, models=models, pairs=pairs))
    made = [replace(whole, name="controlled"), whole]
    for number, kind in enumerate(("features", "features", "features", "data-scaling")):
        (tmp_path / f"{kind}-{number}").symlink_to(folder / kind)
        small = results[kind].comparison
        variants = [f"variant of name {n}" for n in range(12)]
        many = [replace(small.models[n % 2], name=name) for n, name in enumerate(variants)]
        against = [replace(small.pairs[0], one=name) for name in variants]
        note = "The model is lstm with a recipe shortened to 6 epochs and one seed. " * 5
        other = replace(small, models=small.models if kind == "data-scaling" else many, pairs=against)
        made.append(replace(results[kind], name=f"{kind}-{number}", note=note, comparison=other))
    write_json(tmp_path / "study.json", [asdict(one) for one in made])
    places = [place for place in PLACES if place != "conclusion"]
    text = "A plain network forgets the start of a word, and a gated one keeps it. " * 4
    discussion = tmp_path / "discussion.md"
    discussion.write_text("\n\n".join(f"## {place}\n\n{text}" for place in places))
    pdf = write_report(tmp_path, data=shared_recordings, discussion=discussion)
    assert len(models) == 9
    assert len(PdfReader(pdf).pages) <= 4
    assert "Table 5:" in words_of(pdf)
    assert "Figure 9:" in words_of(pdf)


def test_the_report_says_how_differences_are_tested(shared_study: Study, tmp_path: Path) -> None:
    folder, results = shared_study
    text = letters(words_of(write_report(folder, tmp_path / "report.pdf")))
    family = results["family"].comparison
    assert letters(method(family)) in text
    assert "speakersandseedstogether" in text
    for pair in highlighted_pairs(family):
        assert letters(difference(pair)) in text


def test_the_same_study_gives_the_same_bytes(shared_study: Study) -> None:
    folder, _ = shared_study
    first = write_report(folder)
    assert first == folder / "report.pdf"
    before = first.read_bytes()
    assert write_report(folder).read_bytes() == before


def test_a_study_of_the_family_alone(shared_study: Study, tmp_path: Path) -> None:
    folder, results = shared_study
    (tmp_path / "family").symlink_to(folder / "family")
    one = replace(results["family"].comparison, models=results["family"].comparison.models[:1], pairs=[])
    write_json(
        tmp_path / "study.json", [asdict(replace(results["family"], comparison=replace(one, noise=None)))]
    )
    text = words_of(write_report(tmp_path))
    assert "1 model on recordings: low, high, rise" in text
    assert "Differences are tested" not in text
    assert "Which features?" not in text
    assert "dB" not in text


@pytest.mark.parametrize("kind", ["settings", "models", "scaling"])
def test_the_figure_of_an_experiment_is_chosen_by_its_kind(
    shared_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    drawn = []
    monkeypatch.setattr(
        "wordspot.reporting.report.for_print",
        lambda path, _, plot, *__: drawn.append((path.name, plot.__name__)),
    )
    folder, results = shared_study
    other = replace(results["features"], kind=kind)  # type: ignore[arg-type]
    draw_figures(find_sources(folder, {"family": results["family"], "features": other}), tmp_path)
    expected = "plot_data_scaling" if kind == "scaling" else "plot_accuracies"
    assert drawn[-1] == ("experiment-features.svg", expected)


class Halves(Encoder):
    """Keeps every second frame."""

    def __init__(self, n_features: int, channels: int) -> None:
        super().__init__()
        self.size, self.stride = n_features, 2

    @staticmethod
    def describe(channels: int) -> str:
        return f"halves of {channels}"

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        return features[:, ::2]


class First(Pooling):
    """Takes the first state."""

    description = "first state"

    def __init__(self, size: int, bidirectional: bool) -> None:
        super().__init__()

    def forward(self, states: Tensor, frames: Tensor) -> Tensor:
        return states[:, 0]


def test_the_tables_know_every_recipe_and_what_is_added_later(
    shared_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(config_module.ENCODERS, "halves", Halves)
    monkeypatch.setitem(config_module.POOLINGS, "first", First)
    own = RunConfig(RecurrentConfig(encoder="halves", channels=7, pooling="first"))
    assert make_model(own.model, 40, 2)(torch.zeros(3, 9, 40), torch.tensor([9, 8, 7])).shape == (3, 2)
    configs = RECIPES | {"own": own}
    family = shared_study[1]["family"].comparison
    models = [replace(family.models[0], name=name, parameters=1234, macs=5_600_000) for name in configs]
    table = models_table(models, list(configs.values()), family)
    assert [row[0] for row in table.rows] == list(configs)
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert table.rows[-1] == ["own", "halves of 7", "2 x 128 LSTM", "first state", "0.2", "1,234", "5.6 M"]
    assert table.rows[list(configs).index("bc-resnet")][2] == "-"


def test_models_that_share_features_or_a_recipe_share_a_row(shared_study: Study) -> None:
    family = shared_study[1]["family"].comparison
    models = [replace(family.models[0], name=name) for name in ("a", "b", "c")]
    base = RunConfig()
    mfcc = vary(base, transform="mfcc", n_mfcc=13, learning_rate=0.5, mixup_p=0.25, time_mask_p=0)
    configs = [base, mfcc, vary(base, seed=1)]
    features = features_table(models, configs, family)
    assert [row[:3] for row in features.rows] == [["a, c", "log-mel", "40"], ["b", "13 MFCC", "40"]]
    recipes = recipes_table(models, configs, family)
    assert [(row[0], row[2], row[-1]) for row in recipes.rows] == [
        ("a, c", "0.002", "time shift, frequency mask, time mask"),
        ("b", "0.5", "time shift, mixup 0.25, frequency mask"),
    ]
    assert {len(row) for row in features.rows} == {len(features.columns)}
    assert {len(row) for row in recipes.rows} == {len(recipes.columns)}


def test_what_makes_no_report(tmp_path: Path) -> None:
    for text in (None, "[]", "{", '[{"name": "family"}]'):
        if text is not None:
            (tmp_path / "study.json").write_text(text)
        with pytest.raises(UsageError) as error:
            write_report(tmp_path)
        assert_one_line(error.value)
    assert not (tmp_path / "report.pdf").exists()


def test_report_and_differences_are_made_from_what_is_kept_alone(
    shared_study: tuple[Path, dict[str, Result]], tmp_path: Path
) -> None:
    """As `make keep` leaves a study: no weights, no recordings, predictions compressed."""
    study, results = shared_study
    kept = tmp_path / "kept"
    shutil.copytree(study, kept, ignore=shutil.ignore_patterns("*.safetensors", "speakers.json", "*.svg"))
    for path in kept.rglob("predictions-*.csv"):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    for name, result in read_study(kept).items():
        groups = result.groups(kept)
        against = {pair.other for pair in result.comparison.pairs} if result.kind != "models" else {None}
        assert pair_up(groups, against.pop()) == results[name].comparison.pairs
    assert write_report(kept).read_bytes() == write_report(study, tmp_path / "whole.pdf").read_bytes()


def test_every_machine_is_told_once() -> None:
    def made(processor: str, device: str, python: str) -> dict[str, Any]:
        return {
            "machine": {"processor": processor, "system": "Linux", "threads": 1},
            "device": device,
            "versions": {"python": python, "torch": "2.11.0", "torchaudio": "2.11.0"},
        }

    one = made("Z80", "cpu", "3.11.7")
    alone = "Z80 (Linux, 1 thread per run, cpu, training in float32)"
    assert (
        describe_machines([one, one]) == f"Machine: {alone}. Python 3.11.7, PyTorch 2.11.0, torchaudio 2.11.0"
    )
    other = made("6502", "cuda", "3.12.3") | {"precision": "bfloat16"}
    assert describe_machines([one, other]) == (
        f"Machines: 6502 (Linux, 1 thread per run, cuda, training in bfloat16); {alone}. Python 3.11.7 and "
        "3.12.3, PyTorch 2.11.0, torchaudio 2.11.0"
    )
