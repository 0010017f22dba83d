"""Publishing a tiny study: what is chosen, what the folders hold, and the card's numbers."""

from pathlib import Path

import pytest

from tests.runs import assert_one_line
from wordspot.deploy.publish import publish, validation_accuracy
from wordspot.errors import UsageError
from wordspot.models.recognizer import load
from wordspot.study.findings import percent
from wordspot.study.summary import Result


def test_what_is_published(shared_study: tuple[Path, dict[str, Result]], tmp_path: Path) -> None:
    folder, results = shared_study
    places = publish(folder, tmp_path / "out", corpus="Synthetic words", licence="CC0, by nobody.")
    by_name = {one.name: one for one in results["family"].comparison.contenders}
    best = max(by_name.values(), key=lambda one: one.validation_accuracy)
    forward = max(
        (one for one in by_name.values() if one.name != "wordspot"), key=lambda one: one.validation_accuracy
    )
    assert [place.name for place in places] == list(dict.fromkeys([best.name, forward.name]))
    for place in places:
        one = by_name[place.name]
        runs = [folder / "family" / run for run in one.runs]
        run = max(runs, key=validation_accuracy)
        assert {path.name for path in place.iterdir()} == {"README.md", "config.json", "model.safetensors"}
        assert (place / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()
        assert load(place).config == load(run).config
        card = (place / "README.md").read_text(encoding="utf-8")
        assert card.startswith(f"# {one.name}: 3 spoken words\n")
        assert f"| mean of 2 runs | {percent(one.accuracy)} |" in card
        assert f"({percent(one.validation_accuracy)}, the mean of the model's runs)" in card
        assert "Synthetic words: 48 training clips of 8 speakers, 18 validation clips of 3" in card
        assert "CC0, by nobody." in card
        assert f"{one.parameters:,} weights" in card
        for ratio, share in one.noise.items():
            assert f"{percent(share)} at {ratio} dB" in card
        whole = one.name == "wordspot"
        assert ("it needs the whole clip" in card) is whole
        assert ("it can follow running sound" in card) is not whole
        assert "no answer for another word or silence" in card


def test_publishing_twice_replaces_the_folders(
    shared_study: tuple[Path, dict[str, Result]], tmp_path: Path
) -> None:
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
