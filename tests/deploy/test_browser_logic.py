"""The parts of the page that listen find what Python finds, and its game follows the words."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

from tests.deploy.browser import browser_tab, served
from wordspot.deploy.peaks import PeakPicker
from wordspot.deploy.resampler import Resampler

CLASSES = ("yes", "no", "_unknown_", "_silence_")


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    """Give a tab that can import the scripts of the page, but shows none."""
    with served(Path(str(files("wordspot.deploy") / "browser"))) as address, browser_tab() as tab:
        tab.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        tab.goto(address + "style.css")
        yield tab


@pytest.mark.parametrize(("smoothing", "refractory"), [(1, 0), (3, 500), (5, 250)])
def test_peaks_are_those_of_python(tab: Page, smoothing: int, refractory: int) -> None:
    draw = np.random.default_rng(smoothing)
    # Scores that wander, so that words rise and fall, of which some reach their threshold.
    scores = np.cumsum(draw.standard_normal((4_000, len(CLASSES))), axis=0)
    scores = 8 * np.sin(scores / 3)
    rows = torch.softmax(torch.from_numpy(scores).float(), dim=1)
    thresholds = [0.6, 0.9, 0.1, 0.1]
    picker = PeakPicker(CLASSES, thresholds, smoothing, refractory)
    expected = [picker.push(100 * (n + 1), row) for n, row in enumerate(rows)]
    expected.append(picker.finish())
    found = tab.evaluate(
        """async ([rows, thresholds, smoothing, refractory]) => {
          const { PeakPicker } = await import("./peaks.js");
          const picker = new PeakPicker([true, true, false, false], thresholds, smoothing, refractory);
          const found = rows.map((row, n) => picker.push(100 * (n + 1), Float32Array.from(row)));
          return [...found, picker.finish()];
        }""",
        [rows.tolist(), thresholds, smoothing, refractory],
    )
    assert len([peak for peak in expected if peak]) > 50
    for one, other in zip(found, expected, strict=True):
        if other is None:
            assert one is None
        else:
            assert (one["word"], one["first"], one["last"]) == (other.word, other.first, other.last)
            assert one["confidence"] == pytest.approx(other.confidence, abs=1e-6)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_resampling_is_that_of_python(tab: Page, rate: int) -> None:
    sound = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, 9_999)).float()
    resampler = Resampler(rate, 16_000)
    expected = torch.cat([resampler.push(sound), resampler.finish()])
    found = tab.evaluate(
        """async ([sound, rate]) => {
          const { Resampler } = await import("./resampler.js");
          const resampler = new Resampler(rate, 16000);
          const made = [];
          for (let first = 0; first < sound.length; first += 700)
            made.push(...resampler.push(Float32Array.from(sound.slice(first, first + 700))));
          return [...made, ...resampler.finish()];
        }""",
        [sound.tolist(), rate],
    )
    assert np.array(found) == pytest.approx(expected.numpy(), abs=1e-5)


def test_only_what_can_be_heard_is_scored(tab: Page) -> None:
    about = {"classes": ["yes", "no"], "sampleRate": 1000, "samples": 4, "stepMs": 2, "quietRms": 0.001}
    scored, found = tab.evaluate(
        """async (about) => {
          const { SlidingWindows } = await import("./detector.js");
          const scored = [];
          const score = async (windows, count) => {
            scored.push([...windows]);
            return Float32Array.from({ length: 2 * count }, (_, n) => n);
          };
          const sound = Float32Array.of(0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0);
          const found = await new SlidingWindows(score, about).push(sound);
          return [scored, found.map(({ heard, posterior }) => [heard, ...posterior])];
        }""",
        about,
    )
    assert scored == [[0, 0, 1, 1, 1, 1, 0, 0]]
    assert found == [[4, 0, 0], [6, 0, 0], [8, 0, 1], [10, 2, 3], [12, 0, 0], [14, 0, 0]]


def test_samples_that_are_not_numbers_are_refused(tab: Page) -> None:
    about = {"classes": ["yes"], "words": ["yes"], "sampleRate": 16_000, "samples": 16_000, "stepMs": 100}
    about |= {"thresholds": {}, "threshold": 0.9, "smoothing": 3, "refractoryMs": 500, "quietRms": 0.001}
    told = tab.evaluate(
        """async (about) => {
          const { Detector } = await import("./detector.js");
          const detector = new Detector(null, about, 8000);
          await detector.push(new Float32Array(4000));
          return detector.push(Float32Array.of(0, NaN)).catch((error) => error.message);
        }""",
        about,
    )
    assert told == "the sound has samples that are not numbers, 0.50 s after its start"


def play(tab: Page, words: list[tuple[str, int]]) -> list[str]:
    """Play the game: say words, each followed by some milliseconds; gives the status after each."""
    told: list[str] = tab.evaluate(
        """async (words) => {
          const { Game } = await import("./game.js");
          const status = document.createElement("p");
          const game = new Game(document.body, status);
          const told = [status.textContent];
          for (const [word, milliseconds] of words) {
            game.hear(word);
            for (let n = 0; n < milliseconds / 800; n++) window.tick?.();
            told.push(status.textContent);
          }
          return told;
        }""",
        words,
    )
    return told


@pytest.fixture
def _own_clock(tab: Page) -> Iterator[None]:
    """Let the game go on when it is told to."""
    tab.evaluate(
        """() => {
          window.intervals = [window.setInterval, window.clearInterval];
          window.setInterval = (step) => ((window.tick = step), 1);
          window.clearInterval = () => (window.tick = null);
        }"""
    )
    yield
    tab.evaluate("() => ([window.setInterval, window.clearInterval] = window.intervals)")


@pytest.mark.usefixtures("_own_clock")
def test_the_cart_collects_all_apples(tab: Page) -> None:
    # From the middle of the left edge to its top, and then along each row.
    route = [("go", 0), ("up", 2_400), ("go", 0), ("right", 6_400)]
    for row in range(4):
        route += [("down", 800), ("left" if row % 2 == 0 else "right", 6_400)]
    told = play(tab, [("yes", 0), *route])
    assert told[0] == told[1] == "0 of 5 apples, 0 words. The cart stands."
    assert told[2].endswith("1 words. The cart drives.")
    assert told[3].endswith("2 words. The cart stands.")  # at the upper edge
    assert told[-1].startswith("All 5 apples with ")
    assert told[-1].endswith("Say go to play again.")
    again = play(tab, [*route, ("stop", 0), ("go", 0)])
    assert again[-2] == again[-3]
    assert again[-1] == "0 of 5 apples, 0 words. The cart stands."


@pytest.mark.usefixtures("_own_clock")
def test_stop_and_keys(tab: Page) -> None:
    told = play(tab, [("down", 0), ("go", 800), ("stop", 8_000)])
    assert told[-1].endswith("3 words. The cart stands.")
    board = tab.locator("svg").last
    assert "Cart in column 1, row 4, heading down." in (board.get_attribute("aria-label") or "")
    board.focus()
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("Enter")
    tab.evaluate("() => window.tick()")
    tab.keyboard.press("Space")
    assert tab.evaluate("() => window.tick") is None
    assert "Cart in column 1, row 3, heading up." in (board.get_attribute("aria-label") or "")


def test_the_exercise(tab: Page) -> None:
    told: list[dict[str, Any]] = tab.evaluate(
        """async () => {
          const { Exercise } = await import("./exercise.js");
          const place = document.createElement("div");
          const status = document.createElement("p");
          const exercise = new Exercise(place, status, ["low", "high"]);
          const told = [];
          const shown = place.querySelector("p");
          const note = () => told.push({ shown: shown.textContent, status: status.textContent });
          note();
          exercise.hear(told[0].shown);
          note();
          exercise.hear(told[0].shown);
          note();
          place.querySelector("button").click();
          note();
          return told;
        }"""
    )
    first, second, third, fourth = told
    assert first["status"] == "0 right, 0 others."
    assert second["status"] == f"Right: {first['shown']}. 1 right, 0 others."
    assert {first["shown"], second["shown"]} == {"low", "high"}
    assert third["status"] == f"Heard {first['shown']}. Say it again. 1 right, 1 others."
    assert third["shown"] == second["shown"] != fourth["shown"], json.dumps(told)
