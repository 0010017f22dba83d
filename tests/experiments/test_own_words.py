"""A recogniser of one's own words: synthetic speech alone, and with recordings of several speakers or one."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import noise, write_samples
from tests.helpers import assert_one_line, files_of
from wordspot.config import Runtime
from wordspot.corpus.folder import index_folder
from wordspot.corpus.index import assert_speakers_apart
from wordspot.errors import UsageError, WordspotError
from wordspot.evaluation.evaluate import evaluate
from wordspot.experiments.own_words import halve, keep_halves, own_words
from wordspot.figures import SYNTHETIC
from wordspot.runs.run import load

WORDS = ("yes", "no")
CLIPS = 30


def write_recordings(folder: Path, names: list[str]) -> Path:
    """Write a recording of each word under each name."""
    for word in WORDS:
        for seed, name in enumerate(names):
            write_samples(folder / word / f"{name}.wav", noise(8_000, seed))
    return folder


def test_recordings_may_lie_below_the_folder_that_is_given(tmp_path: Path) -> None:
    names = ["anna_nohash_0", "ben_nohash_0"]
    write_recordings(tmp_path / "mine" / "phone", names)
    parts = halve(tmp_path / "mine", WORDS)
    keep_halves(tmp_path / "mine", parts, tmp_path / "kept", 16_000, convert=False)
    kept = index_folder(tmp_path / "kept")
    assert {(clip.word, clip.speaker, clip.split) for clip in kept.clips} == {
        (word, speaker, part)
        for word in WORDS
        for speaker, part in (("anna", "training"), ("ben", "testing"))
    }


def test_several_speakers_are_halved(tmp_path: Path) -> None:
    names = ["anna_nohash_0", "anna_nohash_1", "ben_nohash_0", "cleo_nohash_0", "dora_nohash_0"]
    recordings = write_recordings(tmp_path / "mine", names)
    parts = halve(recordings, WORDS)
    assert {clip.speaker: part for clip, part in parts.items()} == {
        "anna": "training",
        "ben": "testing",
        "cleo": "training",
        "dora": "testing",
    }
    keep_halves(recordings, parts, tmp_path / "kept", 16_000, convert=False)
    kept = index_folder(tmp_path / "kept")
    assert_speakers_apart(kept.clips)
    assert {(clip.word, clip.speaker, clip.split) for clip in kept.clips} == {
        (clip.word, clip.speaker, part) for clip, part in parts.items()
    }
    assert len(kept.clips) == 2 * len(names)


def test_a_regular_expression_tells_speakers_to_halve(tmp_path: Path) -> None:
    recordings = write_recordings(tmp_path / "mine", ["0-anna", "1-anna", "0-ben"])
    parts = halve(recordings, WORDS, r"(\d+|\w+)/\d-(?P<speaker>\w+)")
    assert {clip.speaker: part for clip, part in parts.items()} == {"anna": "training", "ben": "testing"}
    keep_halves(recordings, parts, tmp_path / "kept", 16_000, convert=False)
    assert {clip.speaker for clip in index_folder(tmp_path / "kept").clips} == {"anna", "ben"}


def test_a_speaker_of_several_folders_is_kept_too(tmp_path: Path) -> None:
    for speaker in ("a/anna", "b/ben"):
        write_recordings(tmp_path / "mine" / speaker, ["1"])
    parts = halve(tmp_path / "mine", WORDS, "^([^/]+/[^/]+)/")
    keep_halves(tmp_path / "mine", parts, tmp_path / "kept", 16_000, convert=False)
    assert {clip.speaker for clip in index_folder(tmp_path / "kept").clips} == {"a-anna", "b-ben"}


@pytest.mark.parametrize("names", [["1", "2", "3"], ["anna_nohash_0", "anna_nohash_1", "anna_nohash_2"]])
def test_recordings_of_one_speaker_are_halved_with_a_word_of_warning(
    tmp_path: Path, names: list[str]
) -> None:
    recordings = write_recordings(tmp_path / "mine", names)
    with pytest.warns(UserWarning, match="known voice"):
        parts = halve(recordings, WORDS)
    assert [part for clip, part in parts.items() if clip.word == "no"] == ["training", "testing", "training"]
    keep_halves(recordings, parts, tmp_path / "kept", 16_000, convert=False)
    kept = index_folder(tmp_path / "kept")
    assert {clip.speaker for clip in kept.clips if clip.split == "testing"} == {"me-testing"}
    assert {clip.speaker for clip in kept.clips if clip.split == "training"} == {"me-training"}


@pytest.mark.parametrize("names", [["1"], ["anna_nohash_0"]])
@pytest.mark.filterwarnings("ignore:.*known voice")
def test_too_few_recordings(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(UsageError, match="too few recordings of yes") as error:
        halve(write_recordings(tmp_path / "mine", names), WORDS)
    assert_one_line(error.value)


def test_a_word_that_one_half_of_the_speakers_did_not_record(tmp_path: Path) -> None:
    recordings = write_recordings(tmp_path / "mine", ["anna_nohash_0", "ben_nohash_0"])
    (recordings / "no" / "ben_nohash_0.wav").unlink()
    with pytest.raises(UsageError, match="too few recordings of no: by two speakers") as error:
        halve(recordings, WORDS)
    assert_one_line(error.value)


def test_a_recording_that_cannot_be_used_leaves_nothing(tmp_path: Path) -> None:
    recordings = write_recordings(tmp_path / "mine", ["anna_nohash_0", "ben_nohash_0"])
    (recordings / "no" / "ben_nohash_0.wav").write_text("hello")
    parts = halve(recordings, WORDS)
    with pytest.raises(WordspotError, match="not a readable sound file: replace or remove it"):
        keep_halves(recordings, parts, tmp_path / "kept", 16_000, convert=False)
    assert not list(tmp_path.glob("kept*"))


def test_recordings_that_are_kept_already_are_left_and_others_refused(tmp_path: Path) -> None:
    recordings = write_recordings(tmp_path / "mine", ["anna_nohash_0", "ben_nohash_0"])
    parts, kept = halve(recordings, WORDS), tmp_path / "kept"
    keep_halves(recordings, parts, kept, 16_000, convert=False)
    before = files_of(kept)
    keep_halves(recordings, parts, kept, 16_000, convert=False)
    write_samples(recordings / "yes" / "ben_nohash_0.wav", noise(8_000, seed=9))
    for other in (kept, recordings):  # the user's own folder least of all
        content = files_of(other)
        with pytest.raises(UsageError, match="holds other recordings: choose another --out") as error:
            keep_halves(recordings, parts, other, 16_000, convert=False)
        assert_one_line(error.value)
        assert files_of(other) == content
    assert files_of(kept) == before


def test_synthetic_speech_is_no_recording(tmp_path: Path) -> None:
    recordings = write_recordings(tmp_path / "mine", ["anna_nohash_0", "ben_nohash_0"])
    (recordings / "synthetic.json").write_text("{}")
    with pytest.raises(UsageError, match="is synthetic speech") as error:
        halve(recordings, WORDS)
    assert_one_line(error.value)


def test_synthetic_speech_alone_and_with_recordings(tmp_path: Path) -> None:
    one_thread = Runtime(threads=1)
    alone = own_words(WORDS, tmp_path / "out", runtime=one_thread, model="rnn", clips=CLIPS, epochs=3)
    assert len(alone.run.metrics) == 3
    assert alone.run.folder == tmp_path / "out" / "synthetic"
    assert alone.synthetic.synthetic
    assert (alone.synthetic_only, alone.with_recordings) == (None, None)
    assert load(alone.run).classes == WORDS

    # Synthetic speech under other names stands in for recordings, without the mark of synthetic speech.
    speech = Path(alone.run.provenance["data"]["path"])
    recordings = tmp_path / "mine"
    for word in WORDS:
        (recordings / word).mkdir(parents=True)
        for path in sorted((speech / word).glob("*.wav"))[:6]:
            shutil.copy(path, recordings / word / f"other{path.name}")
    before = (alone.run.folder / "metrics.jsonl").read_bytes()
    both = own_words(WORDS, tmp_path / "out", recordings, one_thread, model="rnn", clips=CLIPS, epochs=3)
    assert (alone.run.folder / "metrics.jsonl").read_bytes() == before  # it was trained already
    assert both.run.folder == tmp_path / "out" / "recorded"
    assert both.synthetic == alone.synthetic
    assert both.synthetic_only
    assert both.with_recordings
    for result in (both.synthetic_only, both.with_recordings):
        assert (result.clips, result.speakers, result.synthetic) == (6, 3, False)
    assert alone.run.evaluation("testing") == both.synthetic
    assert alone.run.evaluation("testing-recorded") == both.synthetic_only
    assert both.run.evaluation("testing") == both.with_recordings

    assert both.run.config.corpus.recorded_times == 10  # 6 recordings beside 60 synthetic clips
    data = both.run.provenance["data"]
    assert data["synthetic"] is False
    assert data["clips"]["testing"] == 6
    in_training = data["synthetic_clips_added"]
    assert data["clips"]["training"] == in_training + 6
    # Synthetic speakers validate, since no recording does.
    assert data["synthetic_splits"] == ["validation"]
    curves = (both.run.folder / "curves.svg").read_text(encoding="utf-8")
    assert f"<!-- {SYNTHETIC} -->" in curves
    validation = evaluate(both.run, tmp_path / "out" / "halves", "validation")
    assert validation.synthetic
    assert in_training + data["clips"]["validation"] == CLIPS * len(WORDS)
