"""The page of mistakes: what it holds, and that a browser shows and plays it."""

import base64
import io
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from tests.conftest import SAMPLE_RATE, WORDS, speaker_names
from tests.helpers import assert_one_line, files_of
from wordspot.config import RunConfig, vary
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError
from wordspot.evaluation.evaluate import evaluate, predict_split
from wordspot.inspection.clip_quality import level_db
from wordspot.inspection.mistakes import RIGHT_CLIPS, by_rank, write_mistakes
from wordspot.runs.run import Run
from wordspot.training.loop import train

TINY = vary(RunConfig(), words=WORDS, hidden_size=8, num_layers=1, batch_size=8, learning_rate=0.01)


@pytest.fixture(scope="module")
def runs(shared_recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Give a model without attention that has learnt little, and one with it that has learnt more."""
    folder = tmp_path_factory.mktemp("mistakes")
    poor = train(vary(TINY, epochs=1, cell="rnn", seed=1), shared_recordings, folder / "poor")
    return [poor, train(vary(TINY, epochs=3, pooling="additive"), shared_recordings, folder / "good")]


@pytest.fixture(scope="module")
def page(runs: list[Run], shared_recordings: Path) -> Path:
    return write_mistakes(runs, shared_recordings, runs[0].folder.parent / "page.html")


def data_of(page: Path) -> dict[str, Any]:
    found = re.search(
        r'<script id="data" type="application/json">(.*?)</script>', page.read_text(), re.DOTALL
    )
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_every_wrong_answer_is_on_the_page(page: Path, runs: list[Run], shared_recordings: Path) -> None:
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
        sound, sample_rate = soundfile.read(io.BytesIO(base64.b64decode(clip["sound"])), dtype="int16")
        assert sample_rate == SAMPLE_RATE
        assert np.array_equal(sound, original)
        assert clip["seconds"] == pytest.approx(len(original) / SAMPLE_RATE, abs=0.001)
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


def test_wrong_use(runs: list[Run], recordings: Path, tmp_path: Path, shared_recordings: Path) -> None:
    other = train(
        vary(TINY, words=("low", "high"), epochs=1),
        shared_recordings,
        tmp_path / "two",
    )
    next((recordings / "low").iterdir()).unlink()
    for wrong, data in (([], shared_recordings), ([runs[0], other], shared_recordings), (runs, recordings)):
        with pytest.raises(UsageError) as error:
            write_mistakes(wrong, data, tmp_path / "page.html")
        assert_one_line(error.value)
    with pytest.raises(UsageError, match="'test' must be one of training, validation, testing"):
        write_mistakes(runs, shared_recordings, tmp_path / "page.html", "test")  # type: ignore[arg-type]
    assert not (tmp_path / "page.html").exists()


def test_the_clips_are_those_of_the_runs_and_the_split_validation(
    page: Path, runs: list[Run], tmp_path: Path
) -> None:
    data = data_of(page)
    assert data["split"] == "validation"
    speakers = speaker_names("validation", 3)
    assert {clip["speaker"] for clip in data["clips"]} <= set(speakers)
    assert data_of(write_mistakes([run.folder for run in runs], None, tmp_path / "page.html")) == data
    tested = data_of(write_mistakes(runs, None, tmp_path / "tested.html", "testing"))
    assert tested["confusions"][0] == evaluate(runs[0], split="testing").confusion


@pytest.mark.parametrize("first", [0, 1])
def test_each_run_hears_the_clips_by_its_own_settings(
    runs: list[Run], shared_recordings: Path, tmp_path: Path, first: int
) -> None:
    short = train(vary(TINY, epochs=3, seconds=0.3), shared_recordings, tmp_path / "short")
    both = [runs[0], short][:: -1 if first else 1]
    data = data_of(write_mistakes(both, shared_recordings, tmp_path / "page.html"))
    assert data["confusions"] == [evaluate(run, shared_recordings).confusion for run in both]
    assert len({clip["seconds"] <= 0.3 for clip in data["clips"]}) == 1
    shares = [top_shares(data, number) for number in range(2)]
    for run, of_run in zip(both, shares, strict=True):
        table = run.evaluation("validation").predictions
        expected = dict(zip(table["path"], table.filter(regex=r"^p\(").max(axis=1), strict=True))
        assert of_run == pytest.approx({path: expected[path] for path in of_run}, abs=1e-4)
    # Heard by the settings of the other run, the clips would be recognised with other probabilities.
    whole = open_corpus(shared_recordings, TINY.corpus)
    otherwise = predict_split(short.recognizer, whole, "validation").max(axis=1)
    by_path = dict(zip(whole.table("validation")["path"], otherwise.tolist(), strict=True))
    of_short = shares[both.index(short)]
    assert max(abs(by_path[path] - share) for path, share in of_short.items()) > 0.01


def top_shares(data: dict[str, Any], number: int) -> dict[str, float]:
    """Give the probability of the word that a run recognised, of each clip on the page."""
    return {clip["path"]: clip["answers"][number]["top"][0][1] for clip in data["clips"]}


def test_pretrained_recognisers_by_name(
    runs: list[Run], shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretrained = tmp_path / "pretrained" / "small"
    pretrained.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        shutil.copy(runs[1].folder / name, pretrained)
    monkeypatch.setattr("wordspot.runs.run.PRETRAINED", pretrained.parent)
    before = files_of(pretrained)
    data = data_of(write_mistakes([runs[0], "small"], shared_recordings, tmp_path / "page.html"))
    assert data["runs"] == ["poor", "small"]
    assert data["confusions"] == [evaluate(run, shared_recordings).confusion for run in runs]
    assert files_of(pretrained) == before


def test_a_page_with_little_room_holds_the_most_confident_mistakes_of_each_pair(
    page: Path, runs: list[Run], shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = data_of(page)["clips"]
    largest = max(len(json.dumps(clip)) for clip in every)
    pairs = {(clip["said"], clip["answers"][0]["top"][0][0]) for clip in every}
    room = (len(pairs) + 2) * largest
    monkeypatch.setattr("wordspot.inspection.mistakes.PAGE_BYTES", room)
    small = write_mistakes(runs[:1], shared_recordings, tmp_path / "small.html")
    data = data_of(small)
    assert sum(len(json.dumps(clip)) for clip in data["clips"]) <= room
    assert len(data["clips"]) < len(every)
    assert {(clip["said"], clip["answers"][0]["top"][0][0]) for clip in data["clips"]} == pairs
    assert data["confusions"][0] == data_of(page)["confusions"][0]  # of all clips
    assert data["faults"][0] == data_of(page)["faults"][0]
    wrong = 18 - int(np.trace(data["confusions"][0]))
    with opened(small) as tab:
        shown = tab.locator(".clip").count()
        assert shown < wrong
        assert f"the page holds {shown} of them: the most confident of each pair" in tab.inner_text("#about")


def test_clips_are_ranked_within_their_pairs() -> None:
    said = np.array([0, 0, 0, 0, 1])
    first = [[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]]
    second = [[0.1, 0.9], [0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]]
    probabilities = np.array([first, second], dtype=np.float32)
    # Most confident mistakes: clip 2 of the pair with two, 0 and 4; the least confident right one is 3.
    assert by_rank(said, probabilities[:1]) == [2, 4, 3, 1, 0]
    assert by_rank(said, probabilities) == [2, 0, 4, 3, 1]


def test_any_word_leaves_the_page_working(recordings: Path, tmp_path: Path) -> None:
    words = ("low", "<!--<script>", "{{page}}")
    for old, new in zip(("high", "rise"), words[1:], strict=True):
        (recordings / old).rename(recordings / new)
    run = train(vary(TINY, words=words, epochs=1), recordings, tmp_path / "run")
    page = write_mistakes([run], recordings, tmp_path / "{{page}}.html")
    assert data_of(page)["words"] == list(words)
    with opened(page) as tab:
        assert tab.title() == "{{page}}"
        tab.get_by_label("also the least confident right answers").check()
        assert tab.locator(".clip").count() == len(data_of(page)["clips"])
        assert "<!--<script>" in tab.inner_text("#matrix")


def test_an_empty_page_says_so(runs: list[Run], shared_recordings: Path, tmp_path: Path) -> None:
    with opened(write_mistakes(runs, shared_recordings, tmp_path / "page.html")) as tab:
        tab.locator("#said").select_option("low")
        tab.locator("#heard").select_option("low")
        assert tab.locator(".clip").count() == 0
        assert tab.inner_text("#count").startswith("No clip on this page of 'low' recognised as 'low'.")
        assert "Show all mistakes" in tab.inner_text("#count")


def test_the_page_is_for_phones_keyboards_and_screen_readers(page: Path) -> None:
    with opened(page, width=390) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") == 390
        cell = tab.locator("#matrix button:not([disabled])").first
        cell.focus()
        tab.keyboard.press("Enter")
        assert cell.evaluate("button => button === document.activeElement")
        assert cell.get_attribute("aria-pressed") == "true"
        assert tab.inner_text("#count").endswith("most confident first.")
        names = [picture.get_attribute("aria-label") or "" for picture in tab.locator("canvas").all()]
        assert names
        assert all(name.startswith(("Waveform of", "Log-mel spectrogram of")) for name in names)
        violations = Axe().run(tab).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in violations] == []


def test_sounds_have_one_loudness_or_that_of_the_recording(page: Path, shared_recordings: Path) -> None:
    with opened(page) as tab:
        tab.get_by_label("also the least confident right answers").check()
        for even in (True, False):
            tab.get_by_label("all sounds at one loudness").set_checked(even)
            for player in tab.locator("audio").all()[:4]:
                encoded = player.evaluate(READ)
                sound, _ = soundfile.read(io.BytesIO(base64.b64decode(encoded)), dtype="int16")
                path = (player.get_attribute("aria-label") or "").split(", ")[-1]
                original, _ = soundfile.read(shared_recordings / path, dtype="int16")
                if even:
                    assert level_db(sound) == pytest.approx(-26, abs=0.2)
                else:
                    assert np.array_equal(sound, original)


READ = """async player => {
  const file = new Uint8Array(await (await fetch(player.src)).arrayBuffer());
  return btoa(String.fromCharCode(...file));
}"""
"""Reads the sound that a player has, in base64."""


@contextmanager
def opened(page: Path, width: int = 1200) -> Iterator[Page]:
    """Open a page in a browser; afterwards it must have made no error and no request."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("needs a browser: install chromium")
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": width, "height": 900})
        errors: list[str] = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        tab.on("request", lambda request: errors.append(request.url) if "http" in request.url[:4] else None)
        tab.goto(page.as_uri())
        yield tab
        assert errors == []
        browser.close()


def test_a_browser_shows_and_plays_it(page: Path) -> None:
    with opened(page) as tab:
        check_page(tab, data_of(page))


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
    check_filters(tab, data)
    tab.locator("#run").select_option("good")
    counts = np.array(data["confusions"][1])
    assert tab.locator(".clip").count() == counts.sum() - np.trace(counts)
    tab.locator("#right").check()
    assert tab.locator(".clip").count() == len(data["clips"])


def check_filters(tab: Page, data: dict[str, Any]) -> None:
    """Look at the mistakes of the first model by the quality of the clips, and at those of all models."""
    wrong = [clip for clip in data["clips"] if clip["answers"][0]["top"][0][0] != clip["said"]]
    assert f"poor gets {len(wrong)} of 18 clips of the validation split wrong" in tab.inner_text("#about")
    names = sorted({issue for clip in data["clips"] for issue in clip["issues"]})
    assert names  # a tone without a pause is called one
    counted = {name: sum(name in clip["issues"] for clip in wrong) for name in names}
    counted["none of these"] = sum(not clip["issues"] for clip in wrong)
    rows = [row.split("\t") for row in tab.locator("#issues tr").all_inner_texts()]
    assert {name: int(count) for name, count in rows} == counted
    quality = tab.get_by_label("clip quality")
    for name in names:
        quality.select_option(name)
        assert tab.locator(".clip").count() == counted[name]
        assert tab.locator(".issue", has_text=name).count() == counted[name]
    quality.select_option("any")
    tab.get_by_label("wrong by all models").check()
    by_all = [clip for clip in wrong if clip["answers"][1]["top"][0][0] != clip["said"]]
    assert tab.locator(".clip").count() == len(by_all) < len(wrong)
    tab.get_by_role("button", name="show all mistakes").click()
