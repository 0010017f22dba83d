"""Near words: one letter away from a word, and not said like one."""

import pytest

from tests.helpers import assert_one_line
from wordspot.errors import UsageError
from wordspot.tts import near_words as module
from wordspot.tts.near_words import distinct, edits, near_words, pronunciation


def test_edits_by_hand() -> None:
    found = list(edits("up"))
    assert found[:4] == ["ap", "ep", "ip", "op"]
    assert len(found) == 4 + 18  # no letter is left out of two
    assert list(edits("bab"))[18] == "ab"
    assert "bb" in edits("bab")


def test_one_of_each_pronunciation_by_hand() -> None:
    def pronounced(text: str) -> str:
        return text.replace("k", "c").replace("y", "i")

    found = distinct(["ci", "co"], pronounced)
    assert not {"ki", "cy", "co", "ko"} & set(found)
    assert "bi" in found
    assert "by" not in found


def test_nothing_sounds_like_a_word() -> None:
    words = ("cat", "up", "forward")
    sounds = pronunciation()
    found = near_words(300, words)
    assert "kat" in edits("cat")
    assert not {sounds(text) for text in found} & {sounds(word) for word in words}
    assert "forwerd" not in found  # the same but for the length of a vowel
    assert {"ut", "cot"} <= set(found)


def test_the_first_are_the_same_whatever_their_count() -> None:
    few = len(distinct(["no"], pronunciation()))
    many = near_words(2 * few + 3, ("no",))
    assert near_words(5, ("no",)) == many[:5]
    assert sorted(many[:few]) == sorted(many[few : 2 * few]) != many[:few]


def test_without_espeak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "installed_engines", lambda: ["piper"])
    with pytest.raises(UsageError, match="near words need eSpeak NG") as caught:
        near_words(5, ("no",))
    assert_one_line(caught.value)
