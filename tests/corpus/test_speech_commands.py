"""The data set as torchaudio finds and downloads it, on a few clips in its layout."""

import hashlib
import shutil
import tarfile
from pathlib import Path

import pytest
from torchaudio.datasets import SPEECHCOMMANDS, speechcommands

from tests.conftest import noise, speaker_names, write_samples
from wordspot.config import CorpusConfig
from wordspot.corpus import sources
from wordspot.corpus.corpus import open_corpus
from wordspot.corpus.sources import find_index
from wordspot.corpus.speech_commands import FOLDER, VERSIONS, download, version_in
from wordspot.errors import WordspotError
from wordspot.layout import SPLITS

CONFIG = CorpusConfig(words=("yes", "no"), seconds=0.1)

# By the rule all of them but the last would be of training: the lists say otherwise.
ANN, BOB, VAL, TEST = speaker_names("training", 4)
RULED = speaker_names("testing", 1)[0]
PARTS = {ANN: "training", BOB: "training", VAL: "validation", TEST: "testing", RULED: "training"}


def write_data_set(folder: Path) -> None:
    """Write three clips by each speaker of PARTS, noise, and the lists of the partition."""
    lists: dict[str, list[str]] = {"validation": [], "testing": [], "training": []}
    for word in CONFIG.words:
        for seed, (speaker, part) in enumerate(PARTS.items()):
            for number in range(3):
                name = f"{word}/{speaker}_nohash_{number}.wav"
                write_samples(folder / name, noise(1600, seed))
                lists[part].append(name)
    for part in ("validation", "testing"):
        (folder / f"{part}_list.txt").write_text("\n".join(lists[part]) + "\n")
    write_samples(folder / "_background_noise_" / "rain.wav", noise(1600))
    (folder / "README.md").touch()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a torchaudio root that the test may change."""
    write_data_set(tmp_path / "root" / FOLDER / VERSIONS[0])
    return tmp_path / "root"


def test_the_official_partition_is_followed_where_the_rule_differs(root: Path) -> None:
    index = find_index(root)
    assert index.root == root / FOLDER / VERSIONS[0]
    assert len(index.clips) == 30
    assert index.words == ["no", "yes"]
    assert {clip.speaker: clip.split for clip in index.clips} == PARTS
    assert all((index.root / clip.path).is_file() for clip in index.clips)
    assert index.noises == [index.root / "_background_noise_" / "rain.wav"]


@pytest.mark.parametrize("name", ["root", "./root", "nowhere/../root", "../{parent}/root", "root/"])
def test_the_partition_is_the_same_however_the_root_is_written(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    whole = find_index(root)
    (root.parent / "nowhere").mkdir()
    monkeypatch.chdir(root.parent)
    index = find_index(name.format(parent=root.parent.name))
    assert index.clips == whole.clips
    assert index.root.resolve() == whole.root
    assert {clip.speaker for clip in index.clips if clip.split == "testing"} == {TEST}


def test_a_root_that_is_a_link_gives_the_same_partition(root: Path) -> None:
    link = root.with_name("link")
    link.symlink_to(root)
    assert find_index(link).clips == find_index(root).clips


def test_the_newest_version_is_taken(root: Path) -> None:
    folder = root / FOLDER
    (folder / VERSIONS[0]).rename(folder / VERSIONS[1])
    assert find_index(root).root == folder / VERSIONS[1]
    shutil.copytree(folder / VERSIONS[1], folder / VERSIONS[0])
    assert find_index(root).root == folder / VERSIONS[0]


@pytest.mark.parametrize("line", [f"yes/{VAL}_nohash_0.wav", f"no/{ANN}_nohash_1.wav"])
def test_a_speaker_in_two_parts_is_refused(root: Path, line: str) -> None:
    with (find_index(root).root / "testing_list.txt").open("a") as out:
        out.write(f"{line}\n")
    with pytest.raises(WordspotError, match="is in two splits"):
        open_corpus(root, CONFIG)


@pytest.mark.parametrize("part", ["validation", "testing"])
def test_a_missing_list_is_named(root: Path, part: str) -> None:
    missing = find_index(root).root / f"{part}_list.txt"
    missing.unlink()
    with pytest.raises(WordspotError) as error:
        find_index(root)
    assert str(error.value).startswith(f"{missing}: missing")
    assert "\n" not in str(error.value)


def test_the_clips_are_those_of_torchaudio_in_its_order(root: Path) -> None:
    folder = find_index(root).root
    for name in (f"no-one/{ANN}_nohash_0.wav", f"yes/{ANN}.wav", f"yes/{ANN}_nohash_9.flac", "no/x.wav"):
        write_samples(folder / name, [1])
    lists = folder / "testing_list.txt"
    lists.write_text("\n".join(reversed(lists.read_text().splitlines())))
    expected = [
        (f"{word}/{Path(path).name}", word, speaker, split)
        for split in SPLITS
        for part in [SPEECHCOMMANDS(root, subset=split)]
        for path, _, word, speaker, _ in map(part.get_metadata, range(len(part)))
    ]
    with pytest.warns(
        UserWarning, match=r"left out 3 files .*: rename them to <speaker>_nohash_<number>\.wav$"
    ):
        found = [(clip.path, clip.word, clip.speaker, clip.split) for clip in find_index(root).clips]
    assert found == expected
    assert len(found) == 31


@pytest.mark.parametrize("line", ["hello", "yes/a_nohash_x.wav", "../a_nohash_0.wav", "/etc/a_nohash_0.wav"])
def test_a_list_with_a_line_that_names_no_clip_is_refused(root: Path, line: str) -> None:
    with (find_index(root).root / "testing_list.txt").open("a") as out:
        out.write(f"{line}\n")
    with pytest.raises(WordspotError) as error:
        find_index(root)
    assert "\n" not in str(error.value)


def test_a_clip_that_is_listed_but_missing_is_named(root: Path) -> None:
    missing = find_index(root).root / f"yes/{VAL}_nohash_1.wav"
    missing.unlink()
    with pytest.raises(WordspotError, match="no such file") as error:
        open_corpus(root, CONFIG)
    assert str(error.value).startswith(str(missing))


def test_a_data_set_without_clips_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER / VERSIONS[0]
    folder.mkdir(parents=True)
    for part in ("validation", "testing"):
        (folder / f"{part}_list.txt").touch()
    with pytest.raises(WordspotError, match="no clips here"):
        find_index(tmp_path)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Give an archive like the data set's own."""
    write_data_set(tmp_path / "packed")
    path = tmp_path / f"{VERSIONS[0]}.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.add(tmp_path / "packed", ".")
    return path


def test_a_download_is_indexed_and_leaves_no_archive(archive: Path, tmp_path: Path) -> None:
    root = tmp_path / "cache" / "root"
    download(root, archive.as_uri())
    assert {clip.speaker: clip.split for clip in find_index(root).clips} == PARTS
    assert list(root.iterdir()) == [root / FOLDER]
    assert list((root / FOLDER).iterdir()) == [root / FOLDER / VERSIONS[0]]


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.9])
def test_a_download_that_broke_off_leaves_nothing_and_can_be_repeated(
    archive: Path, tmp_path: Path, share: float
) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(share * len(whole))])
    root = tmp_path / "root"
    with pytest.raises(WordspotError, match=r"^the download of .* failed") as error:
        download(root, archive.as_uri())
    assert "\n" not in str(error.value)
    assert version_in(root) is None
    assert list(root.iterdir()) == []
    archive.write_bytes(whole)
    download(root, archive.as_uri())
    assert len(find_index(root).clips) == 30


def test_a_download_of_another_checksum_leaves_nothing_and_can_be_repeated(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, url = tmp_path / "root", archive.as_uri()
    monkeypatch.setitem(speechcommands._CHECKSUMS, url, "0" * 64)
    with pytest.raises(WordspotError, match=r"^the download of .* failed"):
        download(root, url)
    assert list(root.iterdir()) == []
    monkeypatch.setitem(speechcommands._CHECKSUMS, url, hashlib.sha256(archive.read_bytes()).hexdigest())
    download(root, url)
    assert len(find_index(root).clips) == 30


def test_a_download_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(WordspotError, match=r"^the download of .* failed") as error:
        download(tmp_path / "root", (tmp_path / "nowhere.tar.gz").as_uri())
    assert "\n" not in str(error.value)
    assert list((tmp_path / "root").iterdir()) == []


def test_speech_commands_is_downloaded_once_into_the_cache(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORDSPOT_CACHE", str(tmp_path / "cache"))
    # The test has its own archive at hand instead of 2.3 GB from the net.
    monkeypatch.setattr(sources, "download", lambda root: download(root, archive.as_uri()))
    index = find_index("speech-commands")
    assert index.root == tmp_path / "cache" / "speech-commands" / FOLDER / VERSIONS[0]
    archive.unlink()
    assert find_index("speech-commands") == index
