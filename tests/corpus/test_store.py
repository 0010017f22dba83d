"""The store of decoded clips: what it holds, when it is built anew, and when it isn't."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import noise, write_samples
from tests.helpers import assert_one_line, dead_process
from wordspot.audio.io import read_clip
from wordspot.config import CorpusConfig
from wordspot.corpus import store as store_module
from wordspot.corpus.folder import index_folder
from wordspot.corpus.store import Store, open_store
from wordspot.errors import WordspotError
from wordspot.files import cache_folder

# Short names that name no speaker keep the tests readable.
pytestmark = pytest.mark.filterwarnings("ignore:.*name no speaker")

S = 100
CONFIG = CorpusConfig(words=("a", "b"), seconds=S / 16_000)
LENGTHS = {"a/short.wav": 40, "a/whole.wav": S, "b/long.wav": 250, "b/one.flac": 1}


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Give a corpus of four short clips, one shorter and one longer than is heard."""
    for seed, (name, length) in enumerate(LENGTHS.items()):
        write_samples(tmp_path / "clips" / name, noise(length, seed))
    return tmp_path / "clips"


def build(root: Path, **options: Any) -> Store:
    return open_store(index_folder(root), CONFIG, cache_folder(), **options)


def forbid_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: Any, **__: Any) -> None:
        raise AssertionError(f"{path} is decoded again")

    monkeypatch.setattr(store_module, "read_clip", refuse)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a cache folder that no other test fills."""
    monkeypatch.setenv("WORDSPOT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_store_holds_the_files_padded_and_cut(clips: Path) -> None:
    store = build(clips)
    assert store.samples.shape == (4, S)
    assert store.samples[:].dtype == np.int16
    assert list(store.table["path"]) == list(LENGTHS)
    assert list(store.table["word"]) == ["a", "a", "b", "b"]
    assert list(store.table["speaker"]) == ["short", "whole", "long", "one"]
    assert list(store.table["length"]) == [40, S, S, 1]
    for row, (seed, length) in zip(store.samples[:], enumerate(LENGTHS.values()), strict=True):
        kept = min(length, S)
        assert np.array_equal(row[:kept], noise(length, seed)[:kept])
        assert not row[kept:].any()
    assert store.skipped == []


def test_the_store_cannot_be_written_to(clips: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        build(clips).samples[0, :][0] = 1


@pytest.mark.parametrize("words", [("1", "2"), ("null", "NA"), ("a,b", 'c"d'), ("café", "ナ")])
def test_words_and_names_come_back_as_they_are(tmp_path: Path, words: Sequence[str]) -> None:
    for word in words:
        write_samples(tmp_path / word / "007_nohash_0.wav", [1])
    table = build(tmp_path).table
    assert sorted(table["word"]) == sorted(words)
    assert set(table["speaker"]) == {"007"}
    assert sorted(table["path"]) == sorted(f"{word}/007_nohash_0.wav" for word in words)


def test_the_second_opening_decodes_nothing(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(clips)
    forbid_decoding(monkeypatch)
    second = build(clips)
    assert np.array_equal(second.samples[:], first.samples[:])
    assert second.table.equals(first.table)
    assert second.fingerprint == first.fingerprint


def test_a_changed_file_is_decoded_anew(clips: Path) -> None:
    before = build(clips)
    path = clips / "a" / "whole.wav"
    changed = noise(S, seed=99)
    write_samples(path, changed)  # the same size: only the time tells
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000_000))
    after = build(clips)
    assert np.array_equal(after.samples[1], changed)
    assert np.array_equal(after.samples[[0, 2, 3]], before.samples[[0, 2, 3]])
    assert after.fingerprint != before.fingerprint


def test_added_and_removed_files_are_noticed(clips: Path) -> None:
    before = build(clips)
    write_samples(clips / "a" / "added.wav", [5, 6])
    added = build(clips)
    assert list(added.table["path"]) == ["a/added.wav", *LENGTHS]
    assert added.samples[0, :3].tolist() == [5, 6, 0]
    (clips / "a" / "added.wav").unlink()
    assert build(clips).fingerprint == before.fingerprint


@pytest.mark.parametrize("text", [None, "", "{", "{}", "null", "[]", '{"state": "another"}'])
def test_a_store_with_a_damaged_description_is_built_anew(clips: Path, cache: Path, text: str | None) -> None:
    before = build(clips)
    (about,) = cache.rglob("about.json")
    about.write_text(text) if text is not None else about.unlink()
    after = build(clips)
    assert np.array_equal(after.samples[:], before.samples[:])
    assert after.fingerprint == before.fingerprint


@pytest.mark.parametrize("kept", [None, 0, 150])
@pytest.mark.parametrize("name", ["samples.int16", "clips.csv"])
def test_a_store_that_lost_samples_or_rows_is_built_anew(
    clips: Path, cache: Path, name: str, kept: int | None
) -> None:
    before = build(clips)
    fingerprint, samples = before.fingerprint, np.array(before.samples[:])
    (path,) = cache.rglob(name)
    whole = path.read_bytes()
    path.unlink()  # the open store keeps its own
    if kept is not None:
        path.write_bytes(whole[:kept])
    after = build(clips)
    assert np.array_equal(after.samples[:], samples)
    assert len(after.table) == len(LENGTHS)
    assert after.fingerprint == fingerprint


def change_byte(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.unlink()  # an open store keeps its own
    path.write_bytes(content)


@pytest.mark.parametrize("place", [0, 150, -1])
def test_a_store_whose_table_has_a_changed_byte_is_built_anew(clips: Path, cache: Path, place: int) -> None:
    before = build(clips)
    (path,) = cache.rglob("clips.csv")
    change_byte(path, place)
    for _ in range(2):
        after = build(clips)
        assert np.array_equal(after.samples[:], before.samples[:])
        assert after.table.equals(before.table)
        assert after.fingerprint == before.fingerprint


@pytest.mark.parametrize(("place", "clip"), [(0, 0), (2 * S + 50, 1), (-1, 3)])
def test_a_clip_with_a_changed_sample_is_never_read(clips: Path, cache: Path, place: int, clip: int) -> None:
    samples = np.array(build(clips).samples[:])
    (path,) = cache.rglob("samples.int16")
    change_byte(path, place)
    store = build(clips)
    others = np.delete(np.arange(4), clip)
    assert np.array_equal(store.samples[others], samples[others])
    for chosen in (clip, slice(None), np.array([clip, clip])):
        for _ in range(2):
            with pytest.raises(WordspotError, match=rf"damaged \(clip {clip}\)") as error:
                store.samples[chosen]
            assert str(error.value).startswith(f"{path}: ")
            assert_one_line(error.value)
    path.unlink()  # as the message says
    assert np.array_equal(build(clips).samples[:], samples)


def test_pickled_samples_are_the_path_of_their_file(clips: Path) -> None:
    samples = build(clips).samples
    pickled = pickle.dumps(samples)
    assert samples[:].tobytes() not in pickled
    assert np.array_equal(pickle.loads(pickled)[:], samples[:])


OPEN = """
import sys
from pathlib import Path
from wordspot.config import CorpusConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.files import cache_folder

Path(sys.argv[1]).touch()  # ready: all begin at once
while not Path(sys.argv[2]).exists():
    pass
print(open_corpus(sys.argv[3], CorpusConfig(words=("low", "high", "rise"))).store.fingerprint)
"""


def test_processes_that_open_a_corpus_at_once_build_one_store(recordings: Path, cache: Path) -> None:
    start = recordings.parent / "start"
    ready = [recordings.parent / f"ready-{number}" for number in range(4)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, *map(str, (one, start, recordings))],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for one in ready
    ]
    while not all(one.exists() for one in ready):
        time.sleep(0.05)
        assert not any(process.poll() for process in running)
    start.touch()
    said = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0] * 4, said
    assert len({fingerprint for fingerprint, _ in said}) == 1
    (store,) = (cache / "stores").iterdir()
    assert sorted(path.name for path in store.iterdir()) == ["about.json", "clips.csv", "samples.int16"]


KILLED = """
import sys, time
from wordspot.config import CorpusConfig
from wordspot.corpus import store

def stuck(*_, **__):
    print("reading", flush=True)
    time.sleep(60)

store.read_clip = stuck
from wordspot.corpus.corpus import open_corpus
open_corpus(sys.argv[1], CorpusConfig(words=("low", "high", "rise")))
"""


def test_what_a_killed_builder_left_is_removed_by_the_next(
    recordings: Path, clips: Path, cache: Path
) -> None:
    command = [sys.executable, "-c", KILLED, str(recordings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout
        assert it.stdout.readline() == "reading\n"
        it.send_signal(signal.SIGKILL)
    stores = cache / "stores"
    assert len(list(stores.glob(f"*.{it.pid}.part"))) == 1
    alive = stores / f"other.{os.getppid()}.part"
    for path in (alive, stores / f"other.{dead_process()}.part"):
        path.mkdir()
    build(clips)  # of another corpus
    assert list(stores.glob("*.part")) == [alive]


def test_an_interruption_leaves_no_store(clips: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: Path, *args: Any, **options: Any) -> Any:
        if path.name == "long.wav":
            raise KeyboardInterrupt
        return read_clip(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(store_module, "read_clip", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build(clips)
    assert list((cache / "stores").iterdir()) == []
    assert len(build(clips).table) == 4


def test_the_fingerprint_is_of_the_content_alone(clips: Path) -> None:
    copy = clips.with_name("copy")
    shutil.copytree(clips, copy)
    for path in copy.rglob("*.wav"):
        os.utime(path, (0, 0))
    one, other = build(clips), build(copy)
    assert one.fingerprint == other.fingerprint
    assert one.table.equals(other.table)


def test_the_fingerprint_tells_one_sample_one_name_or_one_word(clips: Path) -> None:
    prints = [build(clips).fingerprint]
    samples = noise(LENGTHS["a/whole.wav"], 1)
    samples[50] ^= 1
    write_samples(clips / "a" / "whole.wav", samples)
    os.utime(clips / "a" / "whole.wav", (0, 0))
    prints.append(build(clips).fingerprint)
    (clips / "a" / "whole.wav").rename(clips / "a" / "x.wav")
    prints.append(build(clips).fingerprint)
    (clips / "a" / "x.wav").rename(clips / "b" / "x.wav")
    prints.append(build(clips).fingerprint)
    assert len(set(prints)) == len(prints)


def test_other_settings_have_a_store_of_their_own(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = index_folder(clips)
    halved = CorpusConfig(words=("a", "b"), seconds=S / 32_000)
    build(clips)
    assert open_store(index, halved, cache_folder()).samples.shape == (4, S // 2)
    forbid_decoding(monkeypatch)  # neither has pushed the other out
    assert build(clips).samples.shape == (4, S)


def test_bad_clips_are_named_and_counted(clips: Path, cache: Path) -> None:
    (clips / "a" / "short.wav").write_text("hello")
    with pytest.raises(WordspotError) as error:
        build(clips)
    assert str(error.value).startswith(f"{clips / 'a' / 'short.wav'}: not a readable sound file: ")
    (clips / "b" / "long.wav").write_text("hello")
    write_samples(clips / "b" / "other.wav", [1], sample_rate=8000)
    with pytest.raises(WordspotError) as error:
        build(clips)
    assert str(error.value).startswith(f"{clips / 'a' / 'short.wav'}: ")
    assert "(and 2 more)" in str(error.value)
    assert "--skip-bad" in str(error.value)
    assert "\n" not in str(error.value)
    assert list((cache / "stores").iterdir()) == []


def test_bad_clips_are_left_out_where_asked(clips: Path) -> None:
    bad = clips / "a" / "short.wav"
    bad.write_text("hello")
    for _ in range(2):  # built, then opened
        store = build(clips, skip_bad=True)
        assert list(store.table["path"]) == list(LENGTHS)[1:]
        assert store.skipped == [f"{bad}: not a readable sound file"]
    assert np.array_equal(store.samples[0], noise(S, 1))


def test_clips_of_another_rate_are_converted_where_asked(clips: Path) -> None:
    write_samples(clips / "a" / "short.wav", np.full(30, 1000), sample_rate=8000)
    with pytest.raises(WordspotError, match="8000 Hz"):
        build(clips)
    assert build(clips, convert=True).table["length"][0] == 60


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORDSPOT_CACHE", "here")
    assert cache_folder() == Path("here")
    monkeypatch.delenv("WORDSPOT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "caches")
    assert cache_folder() == Path("caches/wordspot")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "wordspot"
