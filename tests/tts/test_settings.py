"""How a synthetic corpus is made: settings that can't be meant are wrong use."""

from typing import Any

import pytest

from tests.helpers import assert_one_line
from wordspot.errors import UsageError
from wordspot.tts.settings import Synthesis, Variety


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"clips": 0}, "clips: 0 must be at least 1"),
        ({"clips": -5}, "clips: -5 must be at least 1"),
        ({"seed": -1}, "seed: -1 must be at least 0"),
        ({"seed": 2**31}, "seed: 2147483648 must be under 2147483648"),
        ({"engines": ("piper", "piper")}, "engines: piper piper names one twice"),
    ],
)
def test_settings_that_cannot_be_meant_are_wrong_use(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        Synthesis(**settings)
    assert_one_line(caught.value)


def test_the_settings_at_the_edges_are_taken() -> None:
    assert Synthesis(clips=1, seed=2**31 - 1, engines=("piper", "espeak")).off == ["noise"]


def test_what_is_switched_off_is_named() -> None:
    assert Synthesis(variety=Variety(tract=False)).off == ["tract", "noise"]
