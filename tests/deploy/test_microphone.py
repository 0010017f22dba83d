"""The microphone, by a sounddevice that plays a recording: blocks, its own rate, and what goes wrong."""

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.helpers import assert_one_line
from wordspot.deploy.sound import open_microphone
from wordspot.errors import UsageError, WordspotError

RATE = 48_000


class PortAudioError(Exception):
    """As sounddevice's."""


class Stream:
    """An input stream that delivers its blocks at once, and then nothing."""

    blocks: list[NDArray[np.float32]]
    opened: "list[Stream]"
    status = ""

    def __init__(self, rate: int, size: int, device: Any, channels: int, dtype: str, callback: Any) -> None:
        assert (rate, size, channels, dtype) == (RATE, RATE // 10, 1, "float32")
        self.callback, self.closed = callback, False
        self.opened.append(self)

    def start(self) -> None:
        for block in self.blocks:
            self.callback(block, len(block), None, self.status)
            block[:] = 9  # the buffer is used again

    def abort(self, ignore_errors: bool) -> None:
        assert ignore_errors

    def close(self, ignore_errors: bool) -> None:
        self.closed = True


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> type[Stream]:
    """Put a microphone with three blocks into the place of the machine's own."""
    blocks = [np.full((RATE // 10, 1), number / 10, dtype=np.float32) for number in range(3)]
    made = type("Made", (Stream,), {"blocks": blocks, "opened": []})

    def query(device: str | None, kind: str) -> dict[str, float]:
        if device == "absent":
            raise ValueError("No input device matching 'absent'")
        return {"default_samplerate": float(RATE)}

    fake = SimpleNamespace(query_devices=query, InputStream=made, PortAudioError=PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr("wordspot.deploy.sound.LONGEST_WAIT", 0.01)
    return made


def test_blocks_come_as_they_were_recorded_until_the_device_is_gone(stream: type[Stream]) -> None:
    with open_microphone() as source:
        assert source.sample_rate == RATE
        blocks = iter(source)
        assert [float(next(blocks).mean()) for _ in range(3)] == pytest.approx([0.0, 0.1, 0.2])
        with pytest.raises(WordspotError, match="is the device still connected") as error:
            next(blocks)
    assert_one_line(error.value)
    assert stream.opened[0].closed


def test_lost_samples_are_told(stream: type[Stream]) -> None:
    stream.status = "input overflow"
    with pytest.warns(UserWarning, match="microphone: input overflow"), open_microphone():
        pass


def test_a_device_that_is_not_there(stream: type[Stream]) -> None:
    with (
        pytest.raises(UsageError, match="microphone: absent can't be used") as error,
        open_microphone("absent"),
    ):
        pass
    assert_one_line(error.value)


def test_a_device_that_fails(stream: type[Stream], monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: Stream) -> None:
        raise PortAudioError("Error starting stream: Device unavailable\nmore")

    monkeypatch.setattr(stream, "start", start)
    with pytest.raises(UsageError, match="Device unavailable") as error, open_microphone():
        pass
    assert_one_line(error.value)


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        (ImportError(), "needs the extra microphone"),
        (OSError("PortAudio library not found"), "needs PortAudio"),
    ],
)
def test_without_what_it_needs(error: Exception, mend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == "sounddevice":
                raise error

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    with pytest.raises(WordspotError, match=mend) as raised, open_microphone():
        pass
    assert_one_line(raised.value)
