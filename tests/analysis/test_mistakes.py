"""The page of mistakes: what it holds, and that a browser shows and plays it."""

import base64
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, sync_playwright

from tests.conftest import RATE_HZ, WORDS
from tests.runs import assert_one_line
from wordspot.analysis.evaluate import evaluate
from wordspot.analysis.mistakes import RIGHT_CLIPS, write_mistakes
from wordspot.config import RunConfig, vary
from wordspot.errors import UsageError
from wordspot.training.loop import train


@pytest.fixture(scope="module")
def runs(shared_recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Give a model without attention that has learnt little, and one with it that has learnt more."""
    folder = tmp_path_factory.mktemp("mistakes")
    tiny = vary(RunConfig(), words=WORDS, units=8, layers=1, batch_size=8, learning_rate=0.01)
    poor = train(vary(tiny, epochs=1, cell="rnn", seed=1), shared_recordings, folder / "poor")
    return [poor, train(vary(tiny, epochs=3, pooling="additive"), shared_recordings, folder / "good")]


@pytest.fixture(scope="module")
def page(runs: list[Path], shared_recordings: Path) -> Path:
    return write_mistakes(runs, shared_recordings, runs[0].parent / "page.html")


def data_of(page: Path) -> dict[str, Any]:
    found = re.search(
        r'<script id="data" type="application/json">(.*?)</script>', page.read_text(), re.DOTALL
    )
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_every_wrong_answer_is_on_the_page(page: Path, runs: list[Path], shared_recordings: Path) -> None:
    data = data_of(page)
    assert (data["words"], data["runs"], data["total"]) == (list(WORDS), ["poor", "good"], 18)
    for number, run in enumerate(runs):
        result = evaluate(run, shared_recordings)
        assert data["confusions"][number] == result.confusion
        wrong = [clip for clip in data["clips"] if clip["answers"][number]["top"][0][0] != clip["said"]]
        assert len(wrong) == 18 - np.trace(result.confusion)
    assert np.trace(data["confusions"][0]) < 18
    for word in range(len(WORDS)):
        right = [c for c in data["clips"] if c["said"] == word and c["answers"][0]["top"][0][0] == word]
        assert len(right) >= min(RIGHT_CLIPS, data["confusions"][0][word][word])


def test_what_a_clip_tells(page: Path, shared_recordings: Path) -> None:
    for clip in data_of(page)["clips"]:
        original, _ = soundfile.read(shared_recordings / clip["path"], dtype="int16")
        sound, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(clip["sound"])), dtype="int16")
        assert rate_hz == RATE_HZ
        assert np.array_equal(sound, original)
        assert clip["seconds"] == pytest.approx(len(original) / RATE_HZ, abs=0.001)
        assert clip["path"].startswith(f"{WORDS[clip['said']]}/{clip['speaker']}_nohash_")
        assert -30 < clip["loudness"] < clip["peak"] < 0
        poor, good = clip["answers"]
        assert poor["attention"] is None
        assert len(good["attention"]) == 51
        assert sum(good["attention"]) == pytest.approx(1, abs=0.01)
        for answer in (poor, good):
            shares = [share for _, share in answer["top"]]
            assert shares == sorted(shares, reverse=True)
            assert sum(shares) == pytest.approx(1, abs=0.001)  # of three words the top three are all
        picture = clip["picture"]
        shades = np.frombuffer(base64.b64decode(picture["pixels"]), np.uint8)
        assert len(shades) == picture["frames"] * picture["bands"] == 51 * 40
        assert shades.max() == 255
        assert picture["seconds"] == 1


def test_wrong_use(runs: list[Path], recordings: Path, tmp_path: Path, shared_recordings: Path) -> None:
    other = train(
        vary(RunConfig(), words=("low", "high"), units=8, layers=1, epochs=1),
        shared_recordings,
        tmp_path / "two",
    )
    next((recordings / "low").iterdir()).unlink()
    for wrong, data in (([], shared_recordings), ([runs[0], other], shared_recordings), (runs, recordings)):
        with pytest.raises(UsageError) as error:
            write_mistakes(wrong, data, tmp_path / "page.html")
        assert_one_line(error.value)
    assert not (tmp_path / "page.html").exists()


def test_a_browser_shows_and_plays_it(page: Path) -> None:
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("needs a browser: install chromium")
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        errors: list[str] = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        tab.on("request", lambda request: errors.append(request.url) if "http" in request.url[:4] else None)
        tab.goto(page.as_uri())
        check_page(tab, data_of(page))
        assert errors == []
        browser.close()


def check_page(tab: Page, data: dict[str, Any]) -> None:
    """Look at a page as its reader does: all mistakes, one cell, one player, both models."""
    counts = np.array(data["confusions"][0])
    wrong = counts * (1 - np.eye(len(counts), dtype=int))
    assert tab.locator(".clip").count() == wrong.sum()
    said, heard = np.argwhere(wrong == wrong.max())[0]
    tab.get_by_label(f"{WORDS[said]} recognised as {WORDS[heard]}: {wrong.max()} clips").click()
    titles = tab.locator(".clip h3").all_inner_texts()
    assert titles == [f"{WORDS[said]} recognised as {WORDS[heard]}"] * wrong.max()
    bars = [float(text.rstrip(" %")) for text in tab.locator(".bars span:nth-child(3)").all_inner_texts()]
    assert bars == sorted(bars, reverse=True)
    player = tab.locator(".clip audio").first
    played = player.evaluate(
        "async player => { player.muted = true; await player.play();"
        " await new Promise(done => setTimeout(done, 300)); return player.currentTime; }"
    )
    assert played > 0
    shades = (
        tab.locator(".clip canvas")
        .nth(1)
        .evaluate(
            "canvas => new Set("
            "canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size"
        )
    )
    assert shades > 10
    tab.get_by_role("button", name="show all mistakes").click()
    assert tab.locator(".clip").count() == wrong.sum()
    tab.locator("#run").select_option("good")
    counts = np.array(data["confusions"][1])
    assert tab.locator(".clip").count() == counts.sum() - np.trace(counts)
    tab.locator("#right").check()
    assert tab.locator(".clip").count() == len(data["clips"])
