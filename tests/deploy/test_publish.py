"""Publishing a tiny study: what is chosen, what the folders hold, and the card's numbers."""

import re
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers import assert_one_line
from wordspot.config import CorpusConfig, TrainingConfig
from wordspot.deploy.publish import best_run, publish
from wordspot.errors import UsageError
from wordspot.evaluation.comparison import ModelResult
from wordspot.evaluation.tables import percent
from wordspot.experiments.study import Result
from wordspot.files import write_json
from wordspot.reporting.card_header import Credits
from wordspot.reporting.model_card import chosen, limits, model_card
from wordspot.runs.run import Run, pretrained

PROJECT = Path(__file__).parents[2]
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
    places = publish(study, tmp_path / "out", Credits("Synthetic words", "CC0, by nobody."), onnx=False)
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
        assert f"\n---\n\n# {place.name}: 3 spoken words\n" in card
        assert ("It needs the whole clip" in card) is (place.name == "wordspot")
        assert ("it can run on streaming audio" in card) is (place.name != "wordspot")


def test_models_that_are_named_are_published(shared_study: Study, tmp_path: Path) -> None:
    credits = Credits("Synthetic words", "CC0, by nobody.")
    places = publish(shared_study[0], tmp_path, credits, ["rnn", "lstm"], onnx=False)
    assert [place.name for place in places] == ["rnn", "lstm"]
    for place in places:
        card = (place / "README.md").read_text(encoding="utf-8")
        assert "The model and its run were chosen" not in card
    with pytest.raises(UsageError, match="models: cnn must be among rnn, lstm") as error:
        publish(shared_study[0], tmp_path / "no", credits, ["lstm", "cnn"], onnx=False)
    assert_one_line(error.value)
    assert not (tmp_path / "no").exists()


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
    for place in publish(tmp_path / "study", tmp_path / "out", Credits("-", "-"), onnx=False):
        assert not (place / "speakers.json").exists()
        assert Run(place).recognizer.speakers == frozenset()


def lstm_of(study: Study) -> tuple[Run, ModelResult]:
    one = next(one for one in study[1]["family"].comparison.models if one.name == "lstm")
    return Run(study[0] / "family" / one.runs[0]), one


def test_the_numbers_of_a_card_are_the_studys(shared_study: Study) -> None:
    run, one = lstm_of(shared_study)
    family = shared_study[1]["family"].comparison
    card = model_card(run, one, family, Credits("Synthetic words", "CC0, by nobody."))
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


def header_of(card: str) -> dict[str, Any]:
    """Read the header of a card as the Hub does: YAML between the first two lines of dashes."""
    empty, header, _ = card.split("---\n", 2)
    assert empty == ""
    read: dict[str, Any] = yaml.safe_load(header)
    return read


def test_the_header_of_a_card_is_what_the_hub_reads(shared_study: Study) -> None:
    run, one = lstm_of(shared_study)
    family = shared_study[1]["family"].comparison
    credits = Credits("Words: 'yes', no", "-", "cc0-1.0", "someone/words")  # that YAML must quote
    scores = run.evaluation("testing")
    accuracy = {"type": "accuracy", "name": "Accuracy", "value": round(scores.accuracy, 4)}
    f1 = {"type": "f1", "name": "Macro F1", "value": round(scores.macro_f1, 4)}
    task = {"type": "audio-classification", "name": "Audio classification"}
    dataset = {"type": "someone/words", "name": "Words: 'yes', no", "split": "test"}
    assert header_of(model_card(run, one, family, credits, onnx=True)) == {
        "license": "cc0-1.0",
        "library_name": "wordspot",
        "pipeline_tag": "audio-classification",
        "tags": ["keyword-spotting", "spoken-command-recognition", "pytorch", "safetensors", "onnx"],
        "datasets": ["someone/words"],
        "metrics": ["accuracy", "f1"],
        "model-index": [
            {"name": "lstm", "results": [{"task": task, "dataset": dataset, "metrics": [accuracy, f1]}]}
        ],
    }


def test_a_header_names_nothing_that_the_hub_does_not_have(shared_study: Study) -> None:
    run, one = lstm_of(shared_study)
    header = header_of(model_card(run, one, shared_study[1]["family"].comparison, Credits("Mine", "-")))
    assert header["license"] == "other"
    assert "datasets" not in header
    assert "onnx" not in header["tags"]
    assert header["model-index"][0]["results"][0]["dataset"]["type"] == "recordings"


@pytest.mark.parametrize("name", pretrained())
def test_the_headers_of_the_kept_recognisers_have_the_scores_of_their_cards(name: str) -> None:
    card = (Path(Run(name)) / "README.md").read_text(encoding="utf-8")
    header = header_of(card)
    (index,) = header["model-index"]
    (result,) = index["results"]
    accuracy, f1 = (metric["value"] for metric in result["metrics"])
    # The header has four digits of the score, and the card rounds the score itself, not these.
    scores = (accuracy, percent), (f1, "{:.3f}".format)
    ours, theirs = ({write(value + rest) for rest in (-5e-5, 5e-5)} for value, write in scores)
    row = rf"^\| these weights \| ({'|'.join(ours)}) \| .* \| ({'|'.join(theirs)}) \|$"
    assert re.search(row, card, re.MULTILINE)
    assert (index["name"], header["license"]) == (name, "mit")
    assert header["datasets"] == [result["dataset"]["type"]] == ["google/speech_commands"]


def test_the_package_stays_small() -> None:
    """A recogniser of the package has no ONNX file, which would double its size."""
    for name in pretrained():
        assert not list(Path(Run(name)).glob("*.onnx"))
    options = (PROJECT / "Makefile").read_text(encoding="utf-8").partition("wordspot publish")[2]
    assert "--no-onnx" in options.partition("\n\n")[0]


def test_a_card_of_one_run_without_noise(shared_study: Study) -> None:
    run, one = lstm_of(shared_study)
    family = replace(shared_study[1]["family"].comparison, noise=None)
    card = model_card(run, replace(one, runs=one.runs[:1]), family, Credits("-", "-"))
    assert "| these weights |" in card
    assert "| one run |" not in card
    assert "dB" not in card


def test_a_card_tells_how_its_epoch_was_chosen(shared_study: Study) -> None:
    _, one = lstm_of(shared_study)
    alone = replace(one, runs=one.runs[:1], validation_accuracy=0.75)
    comparison = replace(shared_study[1]["family"].comparison, models=[alone])
    for keep, told in (
        ("best", "The epoch was chosen by validation accuracy (75.0 %)"),
        ("last", "The epoch is the last, as was chosen before training (validation accuracy 75.0 %)"),
    ):
        recipe = TrainingConfig(keep=keep)  # type: ignore[arg-type]
        assert chosen(alone, comparison, recipe, named=False) == told
        assert chosen(one, comparison, recipe, named=True).startswith("The run was chosen by validation")


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
    places = publish(folder, tmp_path, Credits("One", "-"), onnx=False)
    (places[0] / "stray").write_text("")
    assert publish(folder, tmp_path, Credits("Other", "-"), onnx=False) == places
    assert not (places[0] / "stray").exists()
    assert "Other: 48 training clips" in (places[0] / "README.md").read_text(encoding="utf-8")


def test_what_cannot_be_published(tmp_path: Path) -> None:
    for text in (None, "[]", "{"):
        if text is not None:
            (tmp_path / "study.json").write_text(text)
        with pytest.raises(UsageError) as error:
            publish(tmp_path, tmp_path / "out", Credits("-", "-"), onnx=False)
        assert_one_line(error.value)
    assert not (tmp_path / "out").exists()
