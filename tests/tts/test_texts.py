"""Numbered texts: each is said by its own speaker, once, the same every time; the list of other words."""

import ctypes
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.helpers import assert_one_line, files_of
from wordspot.errors import WordspotError
from wordspot.tts import texts as texts_module
from wordspot.tts.common_words import common_words, other_words, sentences
from wordspot.tts.espeak import Espeak
from wordspot.tts.settings import Synthesis, Variety
from wordspot.tts.texts import cached_texts

COMMANDS = (
    *("backward", "bed", "bird", "cat", "dog", "down", "eight", "five", "follow", "forward", "four", "go"),
    *("happy", "house", "learn", "left", "marvin", "nine", "no", "off", "on", "one", "right", "seven"),
    *("sheila", "six", "stop", "three", "tree", "two", "up", "visual", "wow", "yes", "zero"),
)
"""The words of Speech Commands."""

pytestmark = pytest.mark.usefixtures("espeak_alone")


@pytest.fixture
def groups_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts_module, "PER_PROCESS", 2)


def phonemes(engine: Espeak, word: str, accent: str) -> str:
    """Give the phonemes that eSpeak NG says, without stress (espeak_TextToPhonemes of speak_lib.h)."""
    engine.library.espeak_SetVoiceByName(accent.encode())
    say = engine.library.espeak_TextToPhonemes
    say.restype = ctypes.c_char_p
    text = ctypes.c_char_p(word.encode())
    said: bytes = say(ctypes.byref(text), 1, 0)
    return said.decode().replace("'", "").replace(",", "")


@pytest.mark.usefixtures("groups_of_two")
def test_texts_are_said_once_and_the_same_every_time(tmp_path: Path) -> None:
    words = ["apple", "sugar", "table", "window", "river"]
    files = cached_texts("words", words[:3], tmp_path / "one", Synthesis(), quiet=True)
    assert [path.name for path in files] == ["0.wav", "1.wav", "2.wav"]
    sounds = [soundfile.read(path, dtype="int16") for path in files]
    for sound, rate in sounds:
        assert (len(sound), rate) == (16_000, 16_000)
        assert abs(sound.astype(int)).max() > 300
    assert not np.array_equal(sounds[0][0], sounds[1][0])
    before = files_of(tmp_path / "one")
    longer = cached_texts("words", words, tmp_path / "one", Synthesis(), quiet=True)
    assert longer[:2] == files[:2]
    assert before.items() <= files_of(tmp_path / "one").items()
    cached_texts("words", words, tmp_path / "other", Synthesis(), quiet=True)
    for path in longer:
        again = tmp_path / "other" / path.relative_to(tmp_path / "one")
        assert again.read_bytes() == path.read_bytes()
    assert not list(tmp_path.rglob("*.part"))


def test_a_sentence_is_as_long_as_it_is(tmp_path: Path) -> None:
    settings = Synthesis(variety=Variety(phrase=False, prosody=False))
    text = "the green river runs under an old stone bridge near our garden"
    (file,) = cached_texts("sentences", [text], tmp_path, settings, quiet=True)
    assert 2 < soundfile.info(str(file)).duration < 6


def test_a_process_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(WordspotError, match="it was killed") as caught:
        cached_texts("words", ["apple"], tmp_path, Synthesis(), quiet=True)
    assert_one_line(caught.value)
    assert not list(tmp_path.rglob("*.wav"))


def test_no_common_word_sounds_like_a_command() -> None:
    words = common_words()
    assert len(words) == len(set(words)) > 1000
    assert list(words) == sorted(words)
    assert not set(words) & set(COMMANDS)
    engine = Espeak()
    for accent in Espeak.ACCENTS:
        commands = {phonemes(engine, word, accent): word for word in COMMANDS}
        assert len(commands) == len(COMMANDS)
        assert [word for word in words if phonemes(engine, word, accent) in commands] == []


def test_other_words_in_turn_without_those_of_the_corpus() -> None:
    count = len(common_words())
    said = other_words(2 * count, ("table", "yes"))
    assert "table" not in said
    assert sorted(said[: count - 1]) == sorted(set(common_words()) - {"table"})
    assert said[: count - 1] != said[count - 1 : 2 * (count - 1)]
    assert other_words(50, ("table", "yes")) == said[:50]
    assert other_words(0, ()) == []


def test_sentences_never_say_the_words() -> None:
    said = sentences(300, ("the", "water"), seed=3)
    assert said == sentences(300, ("the", "water"), seed=3)
    assert said[:10] == sentences(10, ("the", "water"), seed=3)
    assert said != sentences(300, ("the", "water"), seed=4)
    assert all(5 <= len(one.split()) <= 12 for one in said)
    words = {word for one in said for word in one.split()}
    assert words <= set(common_words()) - {"the", "water"}
    assert len(words) > 500
