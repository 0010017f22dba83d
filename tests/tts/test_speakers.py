"""Synthetic speakers: drawn from a number, and told apart by what the settings let differ."""

import string
from dataclasses import asdict, fields, replace

import numpy as np
import pytest

from wordspot.audio.microphone import draw_microphone
from wordspot.audio.room import draw_room
from wordspot.tts.settings import EngineName, Synthesis, Variety
from wordspot.tts.speakers import Speaker, draw_speaker

VOICES: dict[EngineName, list[str]] = {
    "espeak": [f"en+{number}" for number in range(100)],
    "piper": ["en_US-joe-medium"],
}
VARIED = Synthesis(variety=Variety(noise=True))
"""With all that can differ."""


def speakers(count: int, settings: Synthesis | None = None) -> list[Speaker]:
    return [draw_speaker(number, VOICES, settings or Synthesis()) for number in range(count)]


def test_the_same_number_and_settings_give_the_same_speaker() -> None:
    assert speakers(6) == speakers(6)
    assert speakers(6) == speakers(12)[:6]


def test_another_number_or_seed_gives_another_speaker() -> None:
    everybody = [*speakers(20, VARIED), *speakers(20, replace(VARIED, seed=1))]
    for field in (
        "name",
        "tract",
        "tempo",
        "pitch",
        "pitch_range",
        "room",
        "microphone",
        "noise_db",
        "noise_slope",
    ):
        assert len({getattr(speaker, field) for speaker in everybody}) == 40


def test_how_many_clips_are_made_changes_no_speaker() -> None:
    assert speakers(6, Synthesis(clips=6)) == speakers(6, Synthesis(clips=1000))


def test_names_are_eight_hexadecimal_digits_and_never_change() -> None:
    # By `printf 0:espeak:0 | sha1sum` and so on.
    assert [one.name for one in speakers(4)] == ["f4a0c04c", "c2edfe3c", "4938a493", "0b39e93a"]
    names = [one.name for one in speakers(400)]
    assert len(set(names)) == 400
    assert all(len(name) == 8 and set(name) <= set(string.hexdigits.lower()) for name in names)


def test_engines_take_turns_and_speak_with_voices_of_their_own() -> None:
    everybody = speakers(40)
    assert [one.engine for one in everybody] == ["espeak", "piper"] * 20
    assert all(one.voice in VOICES["espeak"] for one in everybody[::2])
    assert len({one.voice for one in everybody[::2]}) > 10
    assert {one.voice for one in everybody[1::2]} == {"en_US-joe-medium"}


@pytest.mark.parametrize(
    ("switch", "plain"),
    [
        ("voices", {"voice": "en-US"}),
        ("tract", {"tract": 1.0}),
        ("prosody", {"tempo": 1.0, "pitch": 0.5, "pitch_range": 0.5}),
        ("room", {"room": None}),
        ("microphone", {"microphone": None}),
        ("noise", {"noise_db": float("inf")}),
        ("phrase", {}),
        ("position", {}),
    ],
)
def test_what_is_switched_off_changes_nothing_else(switch: str, plain: dict[str, object]) -> None:
    for number in (0, 2, 4):
        varied = asdict(draw_speaker(number, VOICES, VARIED))
        settings = replace(VARIED, variety=replace(VARIED.variety, **{switch: False}))
        made = draw_speaker(number, VOICES, settings)
        assert asdict(made) == varied | plain
        assert all(varied[name] != value for name, value in plain.items())


def test_with_everything_switched_off_the_speakers_of_an_engine_are_one() -> None:
    off = Synthesis(variety=Variety(**dict.fromkeys((field.name for field in fields(Variety)), False)))
    for engine, voice in (("espeak", "en-US"), ("piper", "en_US-joe-medium")):
        those = [one for one in speakers(20, off) if one.engine == engine]
        assert {(one.voice, one.tract, one.tempo, one.pitch, one.pitch_range) for one in those} == {
            (voice, 1.0, 1.0, 0.5, 0.5)
        }
        assert {(one.room, one.microphone, one.noise_db) for one in those} == {(None, None, float("inf"))}


def test_speakers_lie_within_their_ranges() -> None:
    for one in speakers(200, VARIED):
        low, high = {"espeak": (0.85, 1.2), "piper": (0.8, 1.35)}[one.engine]
        assert low <= one.tract <= high
        assert 0.65 <= one.tempo <= 1.6
        assert 0.1 <= one.pitch <= 0.9
        assert 0.1 <= one.pitch_range <= 0.9
        assert 8 <= one.noise_db <= 45
        assert 0 <= one.noise_slope <= 2


def test_mouth_and_microphone_are_in_the_room_and_within_reach() -> None:
    for seed in range(200):
        room = draw_room(np.random.default_rng(seed))
        for size, mouth, microphone in zip(room.size, room.mouth, room.microphone, strict=True):
            assert 0.25 * size <= mouth <= 0.75 * size
            assert 0.05 <= microphone <= size - 0.05
        assert 0.049 <= np.linalg.norm(np.subtract(room.mouth, room.microphone)) <= 1.501
        assert 0.1 <= room.reflection <= 0.85


def test_microphones_hear_a_band_and_a_tenth_of_them_a_telephone_line() -> None:
    microphones = [draw_microphone(np.random.default_rng(seed)) for seed in range(400)]
    for one in microphones:
        assert list(one.hz) == sorted(set(one.hz))
        assert len(one.hz) == len(one.db) == 10
        assert (one.db[0], one.db[1], one.db[-2], one.db[-1]) == (-40, -3, -3, -40)
        assert all(-10 <= gain <= 10 for gain in one.db[2:-2])
    telephones = [one for one in microphones if one.telephone]
    assert 20 <= len(telephones) <= 60
    assert {(one.hz[1], one.hz[-2]) for one in telephones} == {(300, 3400)}
