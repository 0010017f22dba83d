"""Publishing a tiny study: what is chosen, what the folders hold, and the card's numbers."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.helpers import assert_one_line
from wordspot.config import CorpusConfig
from wordspot.deploy.publish import best_run, publish
from wordspot.errors import UsageError
from wordspot.evaluation.comparison import ModelResult
from wordspot.evaluation.tables import percent
from wordspot.experiments.study import Result
from wordspot.files import write_json
from wordspot.reporting.model_card import limits, model_card
from wordspot.runs.run import Run

Study = tuple[Path, dict[str, Result]]


def with_validation(study: Study, folder: Path, accuracies: dict[str, float]) -> Path:
    """Give a study of the same runs in which the models have other validation accuracies."""
    (folder / "family").symlink_to(study[0] / "family")
    family = study[1]["family"].comparison
    models = [replace(one, validation_accuracy=accuracies[one.name]) for one in family.models]
    changed = replace(study[1]["family"], comparison=replace(family, models=models))
    write_json(folder / "study.json", [asdict(changed)])
    return folder


@pytest.mark.parametrize(
    ("accuracies", "chosen"),
    [
        ({"rnn": 0.5, "lstm": 0.6, "wordspot": 0.7}, ["wordspot", "lstm"]),
        ({"rnn": 0.6, "lstm": 0.5, "wordspot": 0.7}, ["wordspot", "rnn"]),
        ({"rnn": 0.6, "lstm": 0.7, "wordspot": 0.5}, ["lstm"]),
    ],
)
def test_the_best_model_and_the_best_that_streams_are_published(
    shared_study: Study, tmp_path: Path, accuracies: dict[str, float], chosen: list[str]
) -> None:
    study = with_validation(shared_study, tmp_path, accuracies)
    places = publish(study, tmp_path / "out", corpus="Synthetic words", licence="CC0, by nobody.")
    assert [place.name for place in places] == chosen
    by_name = {one.name: one for one in shared_study[1]["family"].comparison.models}
    for place in places:
        run = best_run(study / "family", by_name[place.name])
        names = {"README.md", "config.json", "metrics.jsonl", "model.safetensors", "speakers.json"}
        assert {path.name for path in place.iterdir()} == names
        for name in names - {"README.md"}:
            assert (place / name).read_bytes() == (run.folder / name).read_bytes()
        published = Run(place)
        assert published.config == run.config
        assert published.recognizer.speakers == run.recognizer.speakers
        card = (place / "README.md").read_text(encoding="utf-8")
        assert card.startswith(f"# {place.name}: 3 spoken words\n")
        assert ("It needs the whole clip" in card) is (place.name == "wordspot")
        assert ("it can run on streaming audio" in card) is (place.name != "wordspot")


def test_the_run_with_the_highest_validation_accuracy_is_chosen(shared_study: Study) -> None:
    folder, results = shared_study
    for one in results["family"].comparison.models:
        accuracies = [Run(folder / "family" / run).validation_accuracy for run in one.runs]
        assert best_run(folder / "family", one).validation_accuracy == max(accuracies)
    _, differing = lstm_of(shared_study)
    best = best_run(folder / "family", differing)
    assert best.folder == best_run(folder / "family", replace(differing, runs=differing.runs[::-1])).folder


def test_a_run_that_does_not_list_its_speakers(shared_study: Study, tmp_path: Path) -> None:
    shutil.copytree(shared_study[0], tmp_path / "study")
    for path in (tmp_path / "study").rglob("speakers.json"):
        path.unlink()
    for place in publish(tmp_path / "study", tmp_path / "out", corpus="-", licence="-"):
        assert not (place / "speakers.json").exists()
        assert Run(place).recognizer.speakers == frozenset()


def lstm_of(study: Study) -> tuple[Run, ModelResult]:
    one = next(one for one in study[1]["family"].comparison.models if one.name == "lstm")
    return Run(study[0] / "family" / one.runs[0]), one


def test_the_numbers_of_a_card_are_the_studys(shared_study: Study) -> None:
    run, one = lstm_of(shared_study)
    family = shared_study[1]["family"].comparison
    card = model_card(run, one, family, corpus="Synthetic words", licence="CC0, by nobody.")
    scores = run.evaluation("testing")
    assert f"| these weights | {percent(scores.accuracy)} |" in card
    assert f"| mean of 2 seeds | {percent(one.accuracy)} |" in card
    assert f"| {one.macro_f1:.3f} |" in card
    assert f"validation accuracy ({percent(one.validation_accuracy)}, mean of 2 seeds)" in card
    assert "Synthetic words: 48 training clips of 8 speakers, 18 validation clips of 3 speakers and" in card
    assert "and 18 test clips of 3 speakers. No speaker is in two splits. CC0, by nobody." in card
    assert f"| 1 x 8 LSTM | mean | 0.2 | {one.parameters:,} | {one.macs / 1e6:.1f} M |" in card
    assert "| model | clean | 20 dB |" in card
    assert f"| lstm | {' | '.join(map(percent, (one.accuracy, *one.noise.values())))} |" in card
    assert "synthetic speech" not in card
    weakest = min(scores.words, key=lambda word: word.f1)
    assert f"'{weakest.word}' ({weakest.f1:.3f}, 6 clips)" in card


def test_a_card_of_one_run_without_noise(shared_study: Study) -> None:
    run, one = lstm_of(shared_study)
    family = replace(shared_study[1]["family"].comparison, noise=None)
    card = model_card(run, replace(one, runs=one.runs[:1]), family, corpus="-", licence="-")
    assert "| these weights |" in card
    assert "| one run |" not in card
    assert "dB" not in card


def test_the_classes_that_a_recogniser_lacks(shared_study: Study) -> None:
    run, one = lstm_of(shared_study)
    scores = run.evaluation("testing")
    told = [
        limits(replace(run.config, corpus=CorpusConfig(unknown=unknown, silence=silence)), scores, one)[0]
        for unknown, silence in ((False, False), (True, False), (True, True))
    ]
    assert "no class for other words or silence" in told[0]
    assert "no class for silence" in told[1]
    assert "no class" not in told[2]


def test_publishing_twice_replaces_the_folders(shared_study: Study, tmp_path: Path) -> None:
    folder, _ = shared_study
    places = publish(folder, tmp_path, corpus="One", licence="-")
    (places[0] / "stray").write_text("")
    assert publish(folder, tmp_path, corpus="Other", licence="-") == places
    assert not (places[0] / "stray").exists()
    assert "Other: 48 training clips" in (places[0] / "README.md").read_text(encoding="utf-8")


def test_what_cannot_be_published(tmp_path: Path) -> None:
    for text in (None, "[]", "{"):
        if text is not None:
            (tmp_path / "study.json").write_text(text)
        with pytest.raises(UsageError) as error:
            publish(tmp_path, tmp_path / "out", corpus="-", licence="-")
        assert_one_line(error.value)
    assert not (tmp_path / "out").exists()
