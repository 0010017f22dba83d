"""The page in a browser: it hears what Python hears, from microphone and file, and is usable by all."""

import base64
import functools
import http.server
import re
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
import torch
import torchaudio
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from tests.conftest import SAMPLE_RATE, noise, write_samples
from tests.deploy.browser import browser_tab, logged, open_page, served
from tests.deploy.test_detector import SAID, recording
from tests.helpers import fetched
from wordspot.deploy.detector import Event, listen
from wordspot.deploy.npm import Package
from wordspot.deploy.page import RUNTIME, write_page
from wordspot.evaluation.tables import percent
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import Run, load

AXE = Package(
    "axe-core",
    "4.14.1",
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
)
FAKE_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
LEAD = 3 * SAMPLE_RATE
"""Silence before the first word: the fake microphone plays before a busy machine hears it."""
PHONE = {"width": 390, "height": 844}


@contextmanager
def plainly_served(folder: Path) -> Iterator[str]:
    """Serve a folder by a server that knows nothing of pages."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def hear_file(tab: Page, path: Path) -> list[list[str]]:
    """Choose a sound file, wait until it is heard, and give the log."""
    tab.set_input_files("#file", path)
    expect(tab.locator("#state")).to_contain_text(f"{path.name}: heard", timeout=60_000)
    return logged(tab)


def assert_logged(lines: list[list[str]], events: list[Event]) -> None:
    """Assert that a log has the events that Python found, to the digits that it shows."""
    assert [word for _, word, _ in lines] == [event.word for event in events]
    for (time, _, confidence), event in zip(lines, events, strict=True):
        assert float(time.removesuffix(" s")) == pytest.approx((event.start + event.end) / 2, abs=0.051)
        assert float(confidence.removesuffix(" %")) == pytest.approx(100 * event.confidence, abs=0.6)


def posteriors(tab: Page, clips: torch.Tensor) -> torch.Tensor:
    """Let the page hear clips [N, S] of one window, each as a stream of its own: probabilities [N, C]."""
    found = tab.evaluate(
        """async ([clips, rate]) => {
          const { Listener } = await import("./listener.js");
          const listener = new Listener();
          await listener.load();
          const found = [];
          for (const clip of clips) {
            const samples = new Float32Array(Uint8Array.fromBase64(clip).buffer);
            await listener.open(rate, null);
            found.push([...(await listener.push(samples)).average]);
          }
          return found;
        }""",
        [[base64.b64encode(clip.numpy().tobytes()).decode() for clip in clips], SAMPLE_RATE],
    )
    return torch.tensor(found)


def violations(tab: Page) -> list[str]:
    """Let axe-core look at the page; gives what it finds serious or critical."""
    with tarfile.open(fetched(AXE)) as archive:
        source = archive.extractfile("package/axe.min.js")
        assert source is not None
        with source:
            tab.evaluate(source.read().decode())
    result = tab.evaluate("() => axe.run()")
    assert result["passes"]
    return [
        f"{rule['id']}: {rule['nodes'][0]['html']}"
        for rule in result["violations"]
        if rule["impact"] in ("serious", "critical")
    ]


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Give a recording of SAID."""
    return write_samples(tmp_path / "said.wav", recording())


def test_the_microphone(page: Path, tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    write_samples(path, np.concatenate([np.zeros(LEAD, np.int16), recording()]))
    play = f"--use-file-for-fake-audio-capture={path}%noloop"
    with (
        served(page) as address,
        browser_tab(*FAKE_MICROPHONE, play, permissions=["microphone"]) as tab,
    ):
        open_page(tab, address)
        tab.get_by_role("button", name="Start listening").click()
        expect(tab.locator("#state")).to_have_text("Listening.")
        expect(tab.locator("#log p")).to_have_count(len(SAID), timeout=30_000)
        tab.wait_for_timeout(1_500)
        tab.get_by_role("button", name="Stop").click()
        expect(tab.locator("#state")).to_have_text("Stopped.")
        lines = logged(tab)
        assert [word for _, word, _ in lines] == list(SAID)
        times = [float(time.removesuffix(" s")) for time, _, _ in lines]
        # A busy machine may lose sound of the microphone.
        assert np.diff(times) == pytest.approx([3, 3, 3], abs=1)
        right, others = re.findall(r"\d+", tab.inner_text("#game-status"))
        assert int(right) + int(others) == len(SAID)


@pytest.mark.parametrize(("rate", "ending"), [(16_000, "wav"), (44_100, "flac"), (48_000, "wav")])
def test_a_file_from_any_server_in_a_subfolder(
    page: Path, exported: Path, tmp_path: Path, rate: int, ending: str
) -> None:
    mono = torch.from_numpy(recording() / 32768).float()
    faster = torchaudio.functional.resample(mono, SAMPLE_RATE, rate).numpy()
    path = tmp_path / f"said.{ending}"
    soundfile.write(path, np.stack([faster, faster], axis=1), rate)
    asked = []
    with plainly_served(page.parent) as address, browser_tab() as tab:
        tab.on("request", lambda request: asked.append(request.url))
        open_page(tab, f"{address}{page.name}/")
        assert_logged(hear_file(tab, path), list(listen(path, exported)))
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(address).netloc}
    assert all(urlsplit(url).path.startswith(f"/{page.name}/") for url in asked)


def test_answers_are_those_of_python(page: Path, tiny_run: Path) -> None:
    clips = torch.from_numpy(np.stack([recording()[4_000 * n : 4_000 * n + 16_000] for n in range(20)]))
    clips = clips.float() / 32768
    clips[-1] = torch.from_numpy(noise(16_000)) / 32768
    expected = load(tiny_run)(clips).softmax(dim=1)
    with served(page) as address, browser_tab() as tab:
        open_page(tab, address)
        found = posteriors(tab, clips)
    loud = clips.square().mean(dim=1).sqrt() >= 0.001
    assert loud.sum() > 10
    assert (found[loud] - expected[loud]).abs().max() < 1e-3
    assert not found[~loud].any()


@pytest.fixture(scope="module")
def pretrained_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the page of the pretrained recogniser."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORDSPOT_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        fetched(RUNTIME)
        return write_page("wordspot", tmp_path_factory.mktemp("pretrained") / "page")


def test_the_pretrained_recogniser_has_the_game(pretrained_page: Path) -> None:
    with served(pretrained_page) as address, browser_tab() as tab:
        open_page(tab, address)
        expect(tab.locator("#game-title")).to_have_text("Drive the cart")
        expect(tab.locator("#without-others")).to_be_visible()
        reached = percent(Run("wordspot").validation_accuracy)
        expect(tab.locator("#about")).to_contain_text(
            f"Accuracy on the validation split: {reached}. Ten words of"
        )
        tab.locator("#game svg").focus()
        tab.keyboard.press("Enter")
        expect(tab.locator("#game-status")).to_contain_text("1 words. The cart drives.")
        tab.keyboard.press("Space")
        expect(tab.locator("#game-status")).to_contain_text("2 words. The cart stands.")
        assert violations(tab) == []


@pytest.fixture(scope="module")
def clips_of_words(real_clips: Path) -> dict[str, list[Path]]:
    """Give whole clips of the testing split, by word."""
    root = real_clips / "SpeechCommands" / "speech_commands_v0.02"
    found: dict[str, list[Path]] = {}
    for name in (root / "testing_list.txt").read_text().split():
        if (root / name).is_file() and soundfile.info(root / name).frames == SAMPLE_RATE:
            found.setdefault(name.split("/")[0], []).append(root / name)
    return found


def test_real_clips(clips_of_words: dict[str, list[Path]], pretrained_page: Path, tmp_path: Path) -> None:
    recognizer = load("wordspot")
    paths = [path for word in recognizer.classes for path in clips_of_words[word][:3]]
    clips = torch.from_numpy(np.stack([soundfile.read(path, dtype="float32")[0] for path in paths]))
    with served(pretrained_page) as address, browser_tab() as tab:
        open_page(tab, address)
        expected = recognizer(clips).softmax(dim=1)
        assert (posteriors(tab, clips) - expected).abs().max() < 1e-3
        path = tmp_path / "words.wav"
        soundfile.write(path, clips[::3].reshape(-1).numpy(), SAMPLE_RATE, subtype="FLOAT")
        assert_logged(hear_file(tab, path), list(listen(path, recognizer)))


def test_real_words_at_the_microphone(
    clips_of_words: dict[str, list[Path]], pretrained_page: Path, tmp_path: Path
) -> None:
    recognizer = load("wordspot")
    said = ["go", "left", "stop"]
    clips = [next(path for path in clips_of_words[word] if is_clear(path, word, recognizer)) for word in said]
    parts = [quiet_around(soundfile.read(clip, dtype="int16")[0]) for clip in clips]
    path = write_samples(tmp_path / "words.wav", np.concatenate([np.zeros(LEAD, np.int16), *parts]))
    play = f"--use-file-for-fake-audio-capture={path}%noloop"
    with (
        served(pretrained_page) as address,
        browser_tab(*FAKE_MICROPHONE, play, permissions=["microphone"]) as tab,
    ):
        open_page(tab, address)
        tab.get_by_role("button", name="Start listening").click()
        expect(tab.locator("#log p")).to_have_count(len(said), timeout=30_000)
        tab.wait_for_timeout(1_500)
        assert [word for _, word, _ in logged(tab)] == said
        expect(tab.locator("#game-status")).to_contain_text("3 words. The cart stands.")


def quiet_around(clip: NDArray[np.int16], before: int = 16_000) -> NDArray[np.int16]:
    return np.concatenate([np.zeros(before, np.int16), clip, np.zeros(24_000, np.int16)])


def is_clear(path: Path, word: str, recognizer: Recognizer) -> bool:
    """Tell whether Python finds a word, and no other, wherever the windows begin."""
    clip, _ = soundfile.read(path, dtype="int16")
    return all(
        [event.word for event in listen([quiet_around(clip, before)], recognizer)] == [word]
        for before in range(16_000, 17_600, 320)
    )


def test_the_threshold(page: Path, sound: Path) -> None:
    with served(page) as address, browser_tab() as tab:
        open_page(tab, address)
        expect(tab.locator("#threshold-text")).to_have_text("0.70")
        assert len(hear_file(tab, sound)) == len(SAID)
        slider = tab.get_by_label("Threshold")
        slider.focus()
        tab.keyboard.press("End")
        expect(tab.locator("#threshold-text")).to_have_text("1.00 for all words")
        assert hear_file(tab, sound) == []
        tab.get_by_role("button", name="Reset").click()
        assert len(hear_file(tab, sound)) == len(SAID)


def test_files_that_cannot_be_heard(page: Path, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("hello")
    write_samples(tmp_path / "short.wav", noise(8_000))
    soundfile.write(tmp_path / "nan.wav", np.full(20_000, np.nan), SAMPLE_RATE, subtype="FLOAT")
    state = {
        "text.wav": "text.wav is not a sound file that this browser can read.",
        "short.wav": "short.wav is shorter than the window of 1 s.",
        "nan.wav": "This sound can't be heard: the sound has samples that are not numbers, 0.00 s after",
    }
    with served(page) as address, browser_tab() as tab:
        open_page(tab, address)
        for name, text in state.items():
            tab.set_input_files("#file", tmp_path / name)
            expect(tab.locator("#state.failed")).to_contain_text(text, timeout=30_000)
            assert logged(tab) == []


def test_a_file_that_is_dropped(page: Path, sound: Path) -> None:
    with served(page) as address, browser_tab() as tab:
        open_page(tab, address)
        dropped = tab.evaluate_handle(
            """(bytes) => {
              const files = new DataTransfer();
              files.items.add(new File([Uint8Array.from(bytes)], "dropped.wav"));
              return files;
            }""",
            list(sound.read_bytes()),
        )
        tab.dispatch_event("body", "drop", {"dataTransfer": dropped})
        expect(tab.locator("#state")).to_contain_text("dropped.wav: heard", timeout=60_000)
        assert [word for _, word, _ in logged(tab)] == list(SAID)


def test_without_a_microphone(page: Path, sound: Path) -> None:
    for arguments, text in (
        ((), "There is no microphone. Connect one"),
        (FAKE_MICROPHONE[:1], "The microphone is not allowed. Allow it in the site settings"),
    ):
        with served(page) as address, browser_tab(*arguments) as tab:
            open_page(tab, address)
            tab.get_by_role("button", name="Start listening").click()
            expect(tab.locator("#state.failed")).to_contain_text(text)
            assert violations(tab) == []
    mapped = "--host-resolver-rules=MAP page.test 127.0.0.1"
    with served(page) as address, browser_tab(mapped, expected="Cross-Origin-Opener-Policy") as tab:
        open_page(tab, address.replace("127.0.0.1", "page.test"))
        tab.get_by_role("button", name="Start listening").click()
        expect(tab.locator("#state.failed")).to_contain_text("it must come by https")
        assert len(hear_file(tab, sound)) == len(SAID)


def test_a_page_that_lacks_a_file(page: Path, tmp_path: Path) -> None:
    for path in page.iterdir():
        if path.name != "model.onnx":
            (tmp_path / path.name).symlink_to(path)
    with served(tmp_path) as address, browser_tab() as tab:
        tab.route("**/model.onnx", lambda route: route.fulfill(status=200, body="no model"))
        tab.goto(address)
        expect(tab.locator("#state.failed")).to_contain_text("The recogniser can't be loaded", timeout=60_000)
        expect(tab.get_by_role("button", name="Start listening")).to_be_disabled()


def test_nothing_else_loads(page: Path) -> None:
    policy = "Content Security Policy"
    with served(page) as address, served(page) as elsewhere, browser_tab(expected=policy) as tab:
        open_page(tab, address)
        for attempt in (
            f"() => fetch('{elsewhere}').then(() => 'loaded', () => 'refused')",
            f"() => import('{elsewhere}samples.js').then(() => 'loaded', () => 'refused')",
            """() => {
              const script = document.createElement("script");
              script.textContent = "window.answer = 'loaded'";
              document.head.append(script);
              return window.answer ?? "refused";
            }""",
            f"""() => new Promise((done) => {{
              const image = new Image();
              image.onload = () => done("loaded");
              image.onerror = () => done("refused");
              image.src = "{elsewhere}icon.svg";
            }})""",
        ):
            assert tab.evaluate(attempt) == "refused", attempt


@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, PHONE])
def test_all_can_use_it(page: Path, sound: Path, size: dict[str, int]) -> None:
    with served(page) as address, browser_tab(viewport=size) as tab:
        open_page(tab, address)
        hear_file(tab, sound)
        assert violations(tab) == []
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= size["width"]
        tab.locator("body").press("Tab")
        order = [tab.evaluate("() => document.activeElement.id || document.activeElement.textContent")]
        for _ in range(4):
            tab.keyboard.press("Tab")
            order.append(
                tab.evaluate("() => document.activeElement.id || document.activeElement.textContent")
            )
        assert order == ["microphone", "file", "threshold", "Another word", "log"]
        picture = tab.locator("#sound").evaluate(
            "(canvas) => new Set(new Uint32Array("
            "canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"
        )
        assert picture > 50
