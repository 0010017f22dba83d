"""What synthesis refuses: words that can't be said, missing engines, folders with other things in them."""

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.helpers import assert_one_line
from tests.tts.conftest import ESPEAK, StandIn, assert_refused, names_in
from wordspot.errors import UsageError
from wordspot.tts import synthesize as synthesize_module
from wordspot.tts.settings import EngineName, Synthesis, Variety
from wordspot.tts.synthesize import synthesize
from wordspot.tts.words import check_words


@pytest.mark.parametrize(
    "other",
    [
        Synthesis(clips=5, engines=("espeak",)),
        Synthesis(clips=4, engines=("espeak",), seed=1),
        Synthesis(clips=4, engines=("espeak",), variety=Variety(room=False)),
        Synthesis(clips=4),
    ],
)
def test_speech_made_with_other_settings_is_left_alone(
    stand_in: StandIn, tmp_path: Path, other: Synthesis
) -> None:
    synthesize(("yes",), tmp_path / "made", ESPEAK, quiet=True)
    assert_refused(
        tmp_path / "made",
        ("yes", "no"),
        "made: holds synthetic speech made with other settings or packages",
        other,
    )


def test_an_engine_of_another_version_is_another_setting(stand_in: StandIn, tmp_path: Path) -> None:
    synthesize(("yes",), tmp_path, ESPEAK, quiet=True)
    path = tmp_path / "synthetic.json"
    path.write_text(path.read_text().replace(version("espeakng-loader"), "0.0.1"))
    assert_refused(tmp_path, ("no",), "made with other settings or packages")


def test_a_folder_of_other_files_is_left_alone(stand_in: StandIn, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert_refused(tmp_path, ("yes",), "holds other files: choose a new or an empty folder with --out")
    assert stand_in.said == []


def test_a_file_is_no_folder_to_write_to(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"notes\.txt: can't create this folder") as caught:
        synthesize(("yes",), tmp_path / "notes.txt", ESPEAK, quiet=True)
    assert_one_line(caught.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "words: none named"),
        (("yes", "no", "yes"), "words: yes is named twice"),
        (("yes", "да"), "words: 'да': the voices need Latin letters"),
        (("猫",), "words: '猫': the voices need Latin letters"),
        (("λέξη",), "words: 'λέξη': the voices need Latin letters"),
        (("pаy",), "the voices need Latin letters"),  # noqa: RUF001 - its a is Cyrillic
        (("3",), r"words: '3' is not a word: .*\(three, not 3\)"),
        (("no1",), "words: 'no1' is not a word"),
        (("yes!",), "words: 'yes!' is not a word"),
        (("a b",), "words: 'a b' is not a word"),
        (("a\nb",), r"words: 'a\\nb' is not a word"),
        (("../yes",), r"words: '\.\./yes' is not a word"),
        (("yes/no",), "words: 'yes/no' is not a word"),
        (("-yes",), "words: '-yes' is not a word"),
        (("_yes",), "words: '_yes' is not a word"),
        (("'tis",), "is not a word"),
        (("-",), "words: '-' is not a word"),
        (("",), "words: '' is not a word"),
    ],
)
def test_words_that_cannot_be_said_are_refused(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    assert_refused(tmp_path / "new", words, message)
    assert not (tmp_path / "new").exists()


def test_words_of_latin_letters_are_taken() -> None:
    check_words(["yes", "NO", "can't", "x-ray", "éclair", "straße", "I"])


@pytest.mark.parametrize(
    ("found", "settings", "message"),
    [
        (
            ["espeak"],
            Synthesis(engines=("piper",)),
            r"piper: is not installed: pip install 'wordspot\[piper\]'",
        ),
        (
            ["espeak"],
            Synthesis(hold_out="piper"),
            r"piper: is not installed: pip install 'wordspot\[piper\]'",
        ),
        (
            ["piper"],
            Synthesis(engines=("espeak",)),
            r"espeak: is not installed: pip install 'wordspot\[synth\]'",
        ),
        (["espeak"], Synthesis(hold_out="espeak"), "hold_out: espeak can't be held out of espeak"),
        (
            ["espeak", "piper"],
            Synthesis(engines=("piper",), hold_out="piper"),
            "hold_out: piper can't be held out of piper",
        ),
        (
            ["espeak", "piper"],
            Synthesis(engines=("espeak",), hold_out="piper"),
            "hold_out: piper can't be held out of espeak",
        ),
    ],
)
def test_engines_that_are_missing_or_left_over_are_wrong_use(
    found: list[EngineName],
    settings: Synthesis,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(synthesize_module, "installed_engines", lambda: found)
    assert_refused(tmp_path / "new", ("yes",), message, settings)
    assert not (tmp_path / "new").exists()


def test_a_word_that_an_engine_has_no_sound_for_is_wrong_use(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.lengths = {"hm": 0}
    with pytest.raises(UsageError, match="words: hm: espeak can't say it: spell it as it sounds") as caught:
        synthesize(("hm",), tmp_path, ESPEAK, quiet=True)
    assert_one_line(caught.value)
    assert names_in(tmp_path) == ["_background_noise_", "synthetic.json"]


@pytest.mark.parametrize("words", [("猫\n狗",), ("a\nb", "a\nb")])
def test_words_with_line_breaks_are_refused_in_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert_refused(tmp_path, words, "words: ")


def test_a_word_too_long_for_the_name_of_a_folder_is_refused(stand_in: StandIn, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        synthesize(("a" * 300,), tmp_path, ESPEAK, quiet=True)
    assert_one_line(caught.value)


def test_a_damaged_description_of_how_it_was_made_is_refused(stand_in: StandIn, tmp_path: Path) -> None:
    (tmp_path / "synthetic.json").write_bytes(b"\xff{")
    assert_refused(tmp_path, ("yes",), "synthetic")
