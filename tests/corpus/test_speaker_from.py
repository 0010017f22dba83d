"""Speakers that a regular expression names, where files are called otherwise than in Speech Commands."""

import shutil
import warnings
from pathlib import Path

import pytest

from tests.conftest import WORDS, noise, speaker_names, write_samples
from tests.helpers import assert_one_line
from wordspot.config import CorpusConfig, Runtime
from wordspot.corpus.corpus import open_corpus
from wordspot.corpus.index import Index
from wordspot.corpus.sources import find_index
from wordspot.errors import UsageError, WordspotError
from wordspot.files import cache_folder
from wordspot.layout import LISTS, SPLITS

REGEX = r"/\d-(\w+)\."


@pytest.fixture
def renamed(shared_recordings: Path, tmp_path: Path) -> Path:
    """Give the shared recordings with each file called `<number>-<speaker>.wav`."""
    for path in shared_recordings.rglob("*.wav"):
        speaker, _, number = path.stem.partition("_nohash_")
        place = tmp_path / "renamed" / path.parent.name / f"{number}-{speaker}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    return tmp_path / "renamed"


def spoken(index: Index) -> set[tuple[str, str, str]]:
    return {(clip.word, clip.speaker, clip.split) for clip in index.clips}


@pytest.mark.parametrize(
    "regex", [REGEX, r"(\w+)\.wav$", r"(\d)-(?P<speaker>\w+)", r"^(?:low|high|rise)/[01]-([^.]+)"]
)
def test_names_that_are_told_are_worth_as_much_as_the_usual_ones(
    shared_recordings: Path, renamed: Path, regex: str
) -> None:
    index = find_index(renamed, speaker_from=regex)
    assert spoken(index) == spoken(find_index(shared_recordings))
    assert index.layout.endswith("; speakers by --speaker-from (84 files)")
    assert index.nameless == frozenset()


def test_the_path_is_that_from_the_given_folder_on(tmp_path: Path) -> None:
    ann, val = speaker_names("training", 1)[0], speaker_names("validation", 1)[0]
    for speaker in (ann, val):
        for word in ("yes", "no"):
            write_samples(tmp_path / "people" / speaker / word / "1.wav", noise(100))
    for given, regex in ((tmp_path, "^people/([^/]+)/"), (tmp_path / "people", "^([^/]+)/")):
        index = find_index(given, speaker_from=regex)
        assert {clip.speaker: clip.split for clip in index.clips} == {ann: "training", val: "validation"}
    shutil.rmtree(tmp_path / "people" / val)
    alone = find_index(tmp_path, speaker_from="^people/([^/]+)/")
    assert alone.root == tmp_path / "people" / ann
    assert {clip.speaker for clip in alone.clips} == {ann}


def test_files_that_do_not_match_are_named_as_usual_or_speak_for_themselves(renamed: Path) -> None:
    (renamed / "low" / "ann_nohash_0.wav").write_bytes(b"")
    (renamed / "low" / "morning.wav").write_bytes(b"")
    with pytest.warns(UserWarning, match=r"^1 files name no speaker \(such as low/morning\.wav\)"):
        index = find_index(renamed, speaker_from=REGEX)
    speakers = {clip.path: clip.speaker for clip in index.clips}
    assert speakers["low/ann_nohash_0.wav"] == "ann"
    assert speakers["low/morning.wav"] == "morning"
    assert index.layout.endswith(
        "speakers by --speaker-from (84 files) and as listed or by names before _nohash_ (1 files) "
        "and unknown, each file counted as its own (1 files)"
    )


def test_a_speaker_who_is_called_as_the_whole_file_is_named(tmp_path: Path) -> None:
    for word in ("yes", "no"):
        write_samples(tmp_path / word / "ann.wav", noise(100))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert {clip.speaker for clip in find_index(tmp_path, speaker_from=r"(\w+)\.wav").clips} == {"ann"}


def test_a_group_that_found_nothing_names_nobody(renamed: Path) -> None:
    with pytest.warns(UserWarning, match="^42 files name no speaker"):
        index = find_index(renamed, speaker_from=r"0-(\w+)|1-")
    assert len(index.nameless) == 42


def test_a_speaker_of_two_splits_is_refused(renamed: Path) -> None:
    (renamed / LISTS["testing"]).write_text("low/0-speaker0.wav\n")
    with pytest.raises(WordspotError, match=r"^speaker speaker0 is in two splits: "):
        open_corpus(renamed, CorpusConfig(words=WORDS), Runtime(speaker_from=REGEX))


def test_a_list_may_leave_speakers_to_it(tmp_path: Path) -> None:
    for name in ("ann-1", "ann-2", "ben-1"):
        write_samples(tmp_path / f"{name}.wav", noise(100))
    (tmp_path / "list.csv").write_text("path,word\nann-1.wav,yes\nann-2.wav,no\nben-1.wav,yes\n")
    index = find_index(tmp_path / "list.csv", speaker_from="^([a-z]+)-")
    assert [clip.speaker for clip in index.clips] == ["ann", "ann", "ben"]


@pytest.mark.parametrize(
    ("regex", "told"),
    [
        ("(", r"^speaker_from: \( is no regular expression: missing \)"),
        ("(a{99999999999})", r"^speaker_from: .* is no regular expression: "),
        (
            r"\w+\.wav",
            r"^speaker_from: \\w\+\\\.wav has no group: put what names the speaker in parentheses$",
        ),
    ],
)
def test_what_is_no_regular_expression_with_a_group(regex: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as error:
        Runtime(speaker_from=regex)
    assert_one_line(error.value)


def test_one_that_matches_no_file(renamed: Path) -> None:
    with pytest.raises(
        UsageError, match=r"^speaker_from: \(zz\) matches no file of .*, such as high/0-"
    ) as error:
        find_index(renamed, speaker_from="(zz)")
    assert_one_line(error.value)


def test_a_corpus_that_names_its_speakers_takes_none() -> None:
    with pytest.raises(UsageError, match=r"^speaker_from: synthetic names its speakers itself"):
        find_index("synthetic", WORDS, speaker_from="(a)")


def test_clips_with_other_speakers_are_other_clips(renamed: Path) -> None:
    config = CorpusConfig(words=WORDS)
    first = open_corpus(renamed, config, Runtime(speaker_from=REGEX))
    names = set((cache_folder() / "stores").iterdir())
    with pytest.warns(UserWarning, match="^84 files name no speaker"):
        nameless = open_corpus(renamed, config, splits=())
    other = open_corpus(renamed, config, Runtime(speaker_from=r"-\w(\w+)"), splits=())
    assert len({one.store.fingerprint for one in (first, nameless, other)}) == 3
    # Each has a store of its own, so none is built anew when they are opened in turn.
    assert len(set((cache_folder() / "stores").iterdir()) - names) == 2
    again = open_corpus(renamed, config, Runtime(speaker_from=REGEX))
    assert again.store.fingerprint == first.store.fingerprint
    assert [again.fingerprint(split) for split in SPLITS] == [first.fingerprint(split) for split in SPLITS]
