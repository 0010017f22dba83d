"""Corpora as people have them: archives, folders of splits, lists, other formats."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import WORDS, noise, speaker_names, synthetic_word, write_samples
from wordspot.config import CorpusConfig, Runtime
from wordspot.corpus.corpus import open_corpus
from wordspot.corpus.folder import index_folder
from wordspot.corpus.index import Index
from wordspot.corpus.sources import find_index
from wordspot.errors import UsageError, WordspotError
from wordspot.layout import LISTS

CONFIG = CorpusConfig(words=("yes", "no"), seconds=0.1)
ANN, BEN = speaker_names("training", 2)
VAL, TEST = speaker_names("validation", 1)[0], speaker_names("testing", 1)[0]


def write_words(folder: Path, *speakers: str, words: tuple[str, ...] = CONFIG.words) -> Path:
    for seed, speaker in enumerate(speakers):
        for word in words:
            write_samples(folder / word / f"{speaker}_nohash_0.wav", noise(1600, seed))
    return folder


def splits(index: Index) -> dict[str, str]:
    assert all((index.root / clip.path).is_file() for clip in index.clips)
    return {clip.speaker: clip.split for clip in index.clips}


def test_words_one_or_two_levels_below_are_the_same_corpus(shared_recordings: Path, tmp_path: Path) -> None:
    plain = find_index(shared_recordings)
    shutil.copytree(shared_recordings, tmp_path / "train" / "audio")
    for given in (tmp_path, tmp_path / "train", tmp_path / "train" / "audio"):
        index = find_index(given)
        assert index.root == tmp_path / "train" / "audio"
        assert index.clips == plain.clips
        assert index.layout == (
            "one folder per word, splits by a hash of each speaker's name; speakers as listed or by names "
            "before _nohash_ (84 files)"
        )


def test_words_three_levels_below_are_not_found(shared_recordings: Path, tmp_path: Path) -> None:
    shutil.copytree(shared_recordings, tmp_path / "a" / "b" / "c")
    with pytest.raises(
        WordspotError, match=r"looked for one folder per word with sound files .* 2 levels below$"
    ):
        find_index(tmp_path)


def test_the_folder_of_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_words(tmp_path / "train", ANN)
    write_words(tmp_path / "test", BEN)
    monkeypatch.chdir(tmp_path)
    assert splits(find_index(".")) == {ANN: "training", BEN: "testing"}
    monkeypatch.chdir(tmp_path / "test")
    assert splits(find_index(".")) == {BEN: "training"}


def test_an_extracted_archive_is_split_by_its_lists(tmp_path: Path) -> None:
    folder = write_words(tmp_path / "archive", ANN, BEN, TEST)
    write_samples(folder / "_background_noise_" / "rain.wav", noise(1600))
    (folder / LISTS["validation"]).write_text(f"yes/{BEN}_nohash_0.wav\nno/{BEN}_nohash_0.wav\n")
    (folder / LISTS["testing"]).write_text(f"yes/{ANN}_nohash_0.wav\nno/{ANN}_nohash_0.wav\n")
    for given in (folder, tmp_path):
        index = find_index(given)
        assert splits(index) == {ANN: "testing", BEN: "validation", TEST: "training"}
        assert index.noises == [folder / "_background_noise_" / "rain.wav"]
        assert index.layout.startswith(
            "one folder per word, splits by validation_list.txt and testing_list.txt;"
        )


def test_a_competition_has_its_lists_above_the_words_and_unlabelled_test_files(tmp_path: Path) -> None:
    write_words(tmp_path / "train" / "audio", ANN, BEN)
    (tmp_path / "train" / LISTS["validation"]).write_text(f"yes/{BEN}_nohash_0.wav\nno/{BEN}_nohash_0.wav\n")
    assert splits(find_index(tmp_path / "train")) == {ANN: "training", BEN: "validation"}
    assert splits(find_index(tmp_path)) == {ANN: "training", BEN: "validation"}
    write_samples(tmp_path / "test" / "audio" / "clip_1.wav", noise(1600))
    with pytest.warns(UserWarning, match=r"^left out test/audio: in no split, or of no word of the training"):
        index = find_index(tmp_path)
    assert index.words == ["no", "yes"]
    assert {clip.path.split("/")[0] for clip in index.clips} == {"train"}


@pytest.mark.parametrize("names", [("train", "validation", "test"), ("Training", "dev", "testing")])
def test_folders_of_splits(tmp_path: Path, names: tuple[str, str, str]) -> None:
    for name, speaker in zip(names, (VAL, TEST, ANN), strict=True):  # the rule says otherwise
        write_words(tmp_path / "data" / name, speaker)
    for given in (tmp_path, tmp_path / "data"):
        index = find_index(given)
        assert splits(index) == {VAL: "training", TEST: "validation", ANN: "testing"}
        assert index.words == ["no", "yes"]
        assert index.layout.startswith("one folder per word in one folder per split (")
    assert len(open_corpus(tmp_path, CONFIG).table("testing")) == 2


def test_a_split_that_is_not_there_is_taken_from_training(tmp_path: Path) -> None:
    write_words(tmp_path / "train", ANN, VAL, TEST)
    write_words(tmp_path / "test", BEN)
    assert splits(find_index(tmp_path)) == {
        ANN: "training",
        VAL: "validation",
        TEST: "training",
        BEN: "testing",
    }


def test_a_speaker_in_two_folders_of_splits_is_refused(tmp_path: Path) -> None:
    for name, speaker in {"train": ANN, "valid": BEN, "test": ANN}.items():
        write_words(tmp_path / name, speaker)
    with pytest.raises(WordspotError, match=f"^speaker {ANN} is in two splits: "):
        open_corpus(tmp_path, CONFIG)


def test_numbered_files_of_splits_are_not_taken_for_one_speaker(tmp_path: Path) -> None:
    for seed, name in enumerate(("train", "dev", "test")):
        for word in CONFIG.words:
            write_samples(tmp_path / name / word / "001.wav", noise(1600, seed))
    with pytest.warns(UserWarning, match="^6 files name no speaker"):
        corpus = open_corpus(tmp_path, CONFIG)
    assert {len(corpus.table(split)) for split in ("training", "validation", "testing")} == {2}


def write_clips(folder: Path, *names: str) -> None:
    for seed, name in enumerate(names):
        write_samples(folder / name, noise(1600, seed))


def test_a_list_with_every_column(tmp_path: Path) -> None:
    write_clips(tmp_path / "clips", "1.wav", "2.wav", "3.wav")
    far = write_samples(tmp_path / "elsewhere" / "4.wav", noise(1600))
    rows = ["path\tword\tspeaker\tsplit", "clips/1.wav\tyes\tann\ttrain", "clips/2.wav\tno\tben\tdev"]
    rows += ["clips/3.wav\tyes\t07\ttest", "", f"{far}\tno\tann\tTrain"]
    (tmp_path / "list.tsv").write_text("\n".join(rows) + "\n")
    index = find_index(tmp_path / "list.tsv")
    assert [(clip.path, clip.word, clip.speaker, clip.split) for clip in index.clips] == [
        ("clips/1.wav", "yes", "ann", "training"),
        ("clips/2.wav", "no", "ben", "validation"),
        ("clips/3.wav", "yes", "07", "testing"),
        ("elsewhere/4.wav", "no", "ann", "training"),
    ]
    assert Path(index.file(index.clips[3])).samefile(far)
    assert index.layout == (
        "clips listed in list.tsv; speakers as listed or by names before _nohash_ (4 files)"
    )


def test_a_list_without_speakers_and_splits_goes_by_the_names_of_files(tmp_path: Path) -> None:
    write_words(tmp_path, ANN, VAL, TEST)
    paths = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.wav"))
    (tmp_path / "mine.CSV").write_text("\ufeffPath,Word\r\n" + "".join(f"{p},{p[:2]}\r\n" for p in paths))
    index = find_index(tmp_path / "mine.CSV")
    assert index.words == ["no", "ye"]
    assert splits(index) == {ANN: "training", VAL: "validation", TEST: "testing"}


def test_a_list_of_files_that_name_no_speaker_warns(tmp_path: Path) -> None:
    write_clips(tmp_path, "a/1.wav", "b/1.wav")
    (tmp_path / "list.csv").write_text("path,word,split\na/1.wav,yes,train\nb/1.wav,yes,test\n")
    with pytest.warns(UserWarning, match=r"^2 files name no speaker \(such as a/1.wav\)"):
        index = find_index(tmp_path / "list.csv")
    assert len({clip.speaker for clip in index.clips}) == 2
    assert index.layout.endswith("; speakers unknown, each file counted as its own (2 files)")


def test_an_audiofolder_with_metadata(tmp_path: Path) -> None:
    for name, speaker in {"train": "ann", "validation": "ben", "test": "cy"}.items():
        write_clips(tmp_path / name, "1.wav", "2.wav")
        (tmp_path / name / "metadata.csv").write_text(
            f"file_name,label,speaker\n1.wav,yes,{speaker}\n2.wav,no,{speaker}\n"
        )
    index = find_index(tmp_path)
    assert splits(index) == {"ann": "training", "ben": "validation", "cy": "testing"}
    assert {clip.path: clip.word for clip in index.clips if clip.split == "testing"} == {
        "test/1.wav": "yes",
        "test/2.wav": "no",
    }
    for name in ("train", "validation", "test"):
        (tmp_path / name / "metadata.csv").unlink()
    lines = [f"{clip.path},{clip.word},{clip.speaker}" for clip in index.clips]
    (tmp_path / "metadata.csv").write_text("\n".join(["file_name,label,speaker", *lines]))
    assert find_index(tmp_path).clips == index.clips
    assert len(open_corpus(tmp_path, CONFIG).table("validation")) == 2


def test_metadata_of_something_else_is_left_alone(recordings: Path) -> None:
    before = find_index(recordings)
    (recordings / "metadata.csv").write_text("file_name,age\nlow/a.wav,7\n")
    assert find_index(recordings) == before


WRONG_LISTS = {
    "no column of paths": ("name,word\na.wav,yes\n", "no column path or file_name or file: "),
    "no column of words": ("path,text\na.wav,yes\n", "no column word or label: "),
    "empty file": ("", "no column path"),
    "a row without a word": ("path,word\na.wav,yes\nb.wav\n", "row 3 has no path or no word"),
    "a name that is not text": ("path,word\na\x01.wav,yes\n", "row 2 has no path or no word"),
    "an unknown split": ("path,word,split\na.wav,yes,half\n", "row 2: split 'half' is none of train, "),
    "a line without end": ('path,word\n"' + "a" * 200_000, "not a table in UTF-8"),
}


@pytest.mark.parametrize("case", WRONG_LISTS)
def test_a_wrong_list_ends_in_one_line(tmp_path: Path, case: str) -> None:
    text, message = WRONG_LISTS[case]
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(WordspotError) as error:
        find_index(tmp_path / "list.csv")
    assert str(error.value).startswith(f"{tmp_path / 'list.csv'}: {message}")
    assert "\n" not in str(error.value)


def test_bytes_are_no_list_and_another_file_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WordspotError, match="not a table in UTF-8"):
        find_index(tmp_path / "list.csv")
    (tmp_path / "list.txt").touch()
    with pytest.raises(UsageError, match=r"a list of clips \(\.csv or \.tsv\)"):
        find_index(tmp_path / "list.txt")


def test_linked_folders_and_upper_case_suffixes(shared_recordings: Path, tmp_path: Path) -> None:
    for word in WORDS:
        (tmp_path / word).symlink_to(shared_recordings / word)
    assert find_index(tmp_path).clips == find_index(shared_recordings).clips
    write_samples(tmp_path / "mine" / "yes" / f"{ANN}_nohash_0.WAV", noise(1600))
    assert [clip.path for clip in find_index(tmp_path / "mine").clips] == [f"yes/{ANN}_nohash_0.WAV"]


@pytest.mark.parametrize(
    ("suffix", "convert"), [("ogg", True), ("mp3", True), ("AIFF", False), ("flac", False)]
)
def test_formats_that_libsndfile_reads(tmp_path: Path, suffix: str, convert: bool) -> None:
    draw = np.random.default_rng(1)
    for speaker in (ANN, VAL, TEST):
        for word in ("low", "high"):
            file = tmp_path / word / f"{speaker}_nohash_0.{suffix}"
            file.parent.mkdir(exist_ok=True)
            soundfile.write(file, synthetic_word(word, draw), 16_000)
    config = CorpusConfig(words=("low", "high"))
    if convert:
        with pytest.raises(WordspotError, match=r"\(--convert converts it\)"):
            open_corpus(tmp_path, config)
    corpus = open_corpus(tmp_path, config, Runtime(convert=convert))
    samples = corpus.store.samples[:, :]
    assert len(samples) == 6
    for row, word in enumerate(corpus.store.table["word"]):
        peak = np.abs(np.fft.rfft(samples[row])).argmax()
        assert peak == pytest.approx({"low": 400, "high": 1600}[word], abs=5)


def test_formats_that_libsndfile_cannot_read_are_named_with_the_command_that_converts(tmp_path: Path) -> None:
    clip = tmp_path / "yes" / "my clip.m4a"
    clip.parent.mkdir()
    clip.write_bytes(b"\0\0\0\x20ftypM4A ")
    command = f"`ffmpeg -i '{clip}' -ac 1 -ar 16000 '{clip.with_suffix('.wav')}'` converts"
    with pytest.raises(WordspotError) as error:
        find_index(tmp_path)
    assert str(error.value) == f"{tmp_path}: no clips here: .m4a is not read: {command} a file"
    (tmp_path / "list.csv").write_text("path,word,speaker\nyes/my clip.m4a,yes,ann\nn.m4a,no,ben\n")
    with pytest.raises(WordspotError) as error:
        open_corpus(tmp_path / "list.csv", CONFIG, splits=())
    assert command in str(error.value)
    write_words(tmp_path, ANN)
    with pytest.warns(UserWarning, match=r"^left out 1 files whose format is not read: `ffmpeg -i "):
        assert len(find_index(tmp_path).clips) == 2


def test_the_folder_of_a_word_points_to_the_one_above(recordings: Path) -> None:
    with pytest.raises(WordspotError) as error:
        index_folder(recordings / "low")
    assert str(error.value).endswith(
        f"; this folder has sound files itself: give {recordings}, or a list of them and their words (.csv)"
    )
