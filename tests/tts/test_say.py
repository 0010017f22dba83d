"""One engine says one word: what it is asked for, how, and what it leaves."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wordspot.tts.espeak import Espeak
from wordspot.tts.prosody import Prosody, Sound
from wordspot.tts.say import Request, draw_prosody, say
from wordspot.tts.settings import EngineName, Synthesis, Variety
from wordspot.tts.speakers import draw_speaker

SWITCHES = tuple(field.name for field in fields(Variety))
PLAIN = Variety(**dict.fromkeys(SWITCHES, False))
VOICES: dict[EngineName, list[str]] = {"espeak": ["en-US+f1", "en+m3"], "piper": ["en_US-joe-medium"]}

engine_names = st.sampled_from(get_args(EngineName))
requests = st.builds(
    Request,
    word=st.text(min_size=1),
    engine=engine_names,
    folder=st.text(),
    voices=st.dictionaries(engine_names, st.lists(st.text(min_size=1))),
    settings=st.builds(
        Synthesis,
        clips=st.integers(1, 10_000),
        engines=st.lists(engine_names, unique=True).map(tuple),
        hold_out=st.none() | engine_names,
        seed=st.integers(0, 2**31 - 1),
        variety=st.builds(Variety, **{name: st.booleans() for name in SWITCHES}),
    ),
)


def request(folder: Path, clips: int, variety: Variety | None = None) -> Request:
    """Ask eSpeak NG, whose turn is every other speaker's, for a word."""
    return Request("yes", "espeak", str(folder), VOICES, Synthesis(clips=clips, variety=variety or Variety()))


@given(asked=requests)
def test_a_request_passes_from_process_to_process(asked: Request) -> None:
    assert Request.from_json(asked.to_json()) == asked


def test_a_request_is_one_line_of_json() -> None:
    text = request(Path("there"), 4).to_json()
    assert "\n" not in text
    assert json.loads(text)["settings"]["clips"] == 4


def test_an_engine_says_the_word_by_each_speaker_whose_turn_it_has(tmp_path: Path) -> None:
    assert say(request(tmp_path, 5)) == 16_000
    # The speakers 0, 2 and 4 of the seed 0: by `printf 0:espeak:0 | sha1sum` and so on.
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["1904d70a_nohash_0.wav", "4938a493_nohash_0.wav", "f4a0c04c_nohash_0.wav"]
    clips = [soundfile.read(tmp_path / name, dtype="int16")[0] for name in names]
    assert all(np.abs(clip.astype(int)).max() > 300 for clip in clips)
    assert len({clip.tobytes() for clip in clips}) == 3


def heard_in(folder: Path) -> list[NDArray[np.int64]]:
    """Tell for each clip which samples aren't zero."""
    return [np.flatnonzero(soundfile.read(path, dtype="int16")[0]) for path in folder.iterdir()]


def test_with_all_variety_off_every_speaker_says_the_word_alike(tmp_path: Path) -> None:
    say(request(tmp_path, 12, PLAIN))
    lengths = [heard[-1] - heard[0] for heard in heard_in(tmp_path)]
    assert len(lengths) == 6
    # No two are equal sample by sample: the engine goes on from what it said before.
    assert max(lengths) - min(lengths) < 50


def test_prosody_alone_makes_words_longer_and_shorter(tmp_path: Path) -> None:
    say(request(tmp_path, 12, replace(PLAIN, prosody=True)))
    lengths = [heard[-1] - heard[0] for heard in heard_in(tmp_path)]
    assert max(lengths) > 1.3 * min(lengths)
    # Without position each word stands in the middle.
    assert all(abs(heard[0] - (15_999 - heard[-1])) <= 200 for heard in heard_in(tmp_path))


def test_a_word_without_sound_counts_no_samples_and_leaves_no_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for silence in (np.zeros(5000, np.float32), np.zeros(0, np.float32)):
        monkeypatch.setattr(Espeak, "say", lambda *_, said=silence: said)
        assert say(request(tmp_path, 4)) == 0
    assert list(tmp_path.iterdir()) == []


def test_the_length_that_is_given_is_seldom_exceeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 3.0])

    def lengthen(*_: object) -> Sound:
        return np.ones(round(22_050 * next(seconds)), np.float32)

    monkeypatch.setattr(Espeak, "say", lengthen)
    # Ten of eleven clips last 2 s at the most.
    assert say(request(tmp_path, 22, PLAIN)) == pytest.approx(32_000, abs=2)
    assert max(soundfile.info(path).frames for path in tmp_path.iterdir()) == pytest.approx(48_000, abs=2)


def test_a_speaker_says_each_word_near_the_own_manner() -> None:
    speaker = draw_speaker(0, VOICES, Synthesis())
    manners = [draw_prosody(speaker, Variety(), np.random.default_rng(seed)) for seed in range(200)]
    assert {(one.voice, one.pitch_range) for one in manners} == {(speaker.voice, speaker.pitch_range)}
    assert {one.ending for one in manners} == {".", "?", "!", ","}
    # A tract that raises the voice hastens it too, which the tempo makes up for.
    tempos = [one.tempo * speaker.tract / speaker.tempo for one in manners]
    assert 0.86 <= min(tempos) < 0.9
    assert 1.11 < max(tempos) <= 1.162
    assert max(abs(one.pitch - speaker.pitch) for one in manners) <= 0.1
    assert len({one.pitch for one in manners}) == 200


@pytest.mark.parametrize(("own", "edge"), [(0.02, 0.0), (0.98, 1.0)])
def test_the_pitch_stays_within_the_range_of_the_voice(own: float, edge: float) -> None:
    speaker = replace(draw_speaker(0, VOICES, Synthesis()), pitch=own)
    pitches = {draw_prosody(speaker, Variety(), np.random.default_rng(seed)).pitch for seed in range(50)}
    assert edge in pitches
    assert all(0 <= pitch <= 1 for pitch in pitches)


def test_without_prosody_and_phrase_a_speaker_says_every_word_alike() -> None:
    variety = Variety(prosody=False, phrase=False)
    speaker = draw_speaker(0, VOICES, Synthesis(variety=variety))
    manners = {draw_prosody(speaker, variety, np.random.default_rng(seed)) for seed in range(20)}
    assert manners == {Prosody(speaker.voice, 1 / speaker.tract, 0.5, 0.5, ".", ("", ""))}


def test_two_words_of_five_are_said_alone_and_the_others_in_a_phrase() -> None:
    speaker = draw_speaker(0, VOICES, Synthesis())
    manners = [draw_prosody(speaker, Variety(), np.random.default_rng(seed)) for seed in range(500)]
    alone = [one for one in manners if one.phrase == ("", "")]
    assert 150 <= len(alone) <= 250
    others = {one.phrase for one in manners} - {("", "")}
    assert len(others) == 3
    # Next to the word stands a space, or nothing.
    assert all(before[-1:] in ("", " ") and after[:1] in ("", " ") for before, after in others)


def test_what_is_switched_off_changes_nothing_else_in_a_manner() -> None:
    speaker = draw_speaker(0, VOICES, Synthesis())
    for seed in range(20):
        varied = draw_prosody(speaker, Variety(), np.random.default_rng(seed))
        alone = draw_prosody(speaker, Variety(phrase=False), np.random.default_rng(seed))
        assert alone == replace(varied, phrase=("", ""))
