"""What the tests of synthetic speech share: one small corpus, and a stand-in for what takes long to make."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import noise, write_samples
from tests.helpers import assert_one_line, files_of
from wordspot.errors import UsageError
from wordspot.tts import synthesize as synthesize_module
from wordspot.tts.background import NOISES
from wordspot.tts.say import Request
from wordspot.tts.settings import Synthesis
from wordspot.tts.speakers import draw_speaker
from wordspot.tts.synthesize import synthesize

ESPEAK = Synthesis(clips=4, engines=("espeak",))


class StandIn:
    """In place of the engines and their processes: short clips at once, or a failure where it is told to."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        """Words and the engines that said them, since the list was last cleared."""
        self.failing: dict[str, str] = {}
        """What a process that fails writes for a word, after half of its clips."""
        self.lengths: dict[str, int] = {}
        """What a process answers for a word, 16,000 for any other."""

    def write_noise(self, folder: Path, seed: int) -> None:
        for name in NOISES:
            write_samples(folder / f"{name}.wav", noise(100, seed))

    def run(self, command: Sequence[str], **_: Any) -> subprocess.CompletedProcess[str]:
        request = Request.from_json(command[-1])
        self.said.append((request.word, request.engine))
        everybody = [
            draw_speaker(number, request.voices, request.settings) for number in range(request.settings.clips)
        ]
        speakers = [speaker for speaker in everybody if speaker.engine == request.engine]
        failed = request.word in self.failing
        for speaker in speakers[: len(speakers) // 2] if failed else speakers:
            write_samples(Path(request.folder) / f"{speaker.name}_nohash_0.wav", range(0, 1000, 10))
        answer = f"{self.lengths.get(request.word, 16_000)}\n"
        return subprocess.CompletedProcess(command, failed, answer, self.failing.get(request.word, ""))


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Let a stand-in speak and make noise instead of the engines."""
    instead = StandIn()
    monkeypatch.setattr(synthesize_module, "write_noise", instead.write_noise)
    monkeypatch.setattr(subprocess, "run", instead.run)
    return instead


@pytest.fixture
def espeak_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the other engine, which takes longer."""
    monkeypatch.setattr(synthesize_module, "installed_engines", lambda: ["espeak"])


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a corpus that both engines spoke, which no test may change."""
    folder = tmp_path_factory.mktemp("spoken") / "corpus"
    return synthesize(("yes", "no"), folder, Synthesis(clips=4), quiet=True)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_refused(folder: Path, words: tuple[str, ...], message: str, settings: Synthesis = ESPEAK) -> None:
    """Assert that it is wrong use, said in one line, and that nothing is written."""
    before = files_of(folder)
    with pytest.raises(UsageError, match=message) as caught:
        synthesize(words, folder, settings, quiet=True)
    assert_one_line(caught.value)
    assert files_of(folder) == before
