"""A recogniser on all clips of a folder whose subfolders name their words."""

import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SPEAKERS, WORDS, noise, speaker_names, write_samples
from tests.helpers import ABSENT_DEVICE, assert_one_line
from wordspot.config import RunConfig, Runtime, vary
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError, WordspotError
from wordspot.evaluation.evaluate import evaluate, evaluate_recognizer
from wordspot.layout import SPLITS
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import load

HEARD = "11 speakers were in training or validation"


@pytest.fixture
def recognizer(flawed: Path) -> Recognizer:
    return load(flawed)


def keep_speakers(recordings: Path, kept: Sequence[str]) -> Path:
    for path in recordings.glob("*/*.wav"):
        if path.name.split("_nohash_")[0] not in kept:
            path.unlink()
    return recordings


def test_every_clip_counts_whatever_its_split(
    flawed: Path, recognizer: Recognizer, recordings: Path, shared_recordings: Path
) -> None:
    with pytest.warns(UserWarning, match=HEARD) as warned:
        result = recognizer.evaluate(recordings)
    assert len(warned) == 1
    assert_one_line(warned[0].message)  # type: ignore[arg-type]
    assert (result.split, result.clips, result.speakers) == ("all", 84, sum(SPEAKERS.values()))
    of_splits = [evaluate(flawed, shared_recordings, split) for split in SPLITS]
    assert result.accuracy == pytest.approx(sum(one.accuracy * one.clips for one in of_splits) / 84)
    assert 0.5 < result.accuracy < 1
    assert result.confusion == np.sum([one.confusion for one in of_splits], axis=0).tolist()
    assert set(result.predictions["path"]) == {
        path.relative_to(recordings).as_posix() for path in recordings.glob("*/*.wav")
    }


def test_nobody_is_warned_of_new_speakers(flawed: Path, recognizer: Recognizer, recordings: Path) -> None:
    of_split = evaluate(flawed, recordings, "testing")
    keep_speakers(recordings, speaker_names("testing", 3))
    result = evaluate_recognizer(recognizer, recordings)  # a warning would be an error
    assert (result.clips, result.speakers) == (18, 3)
    assert 0.5 < result.accuracy < 1
    assert (result.accuracy, result.confusion) == (of_split.accuracy, of_split.confusion)
    assert result.words == of_split.words
    # Those whom the rule would put into training are new too, where they were not there.
    for path in list(recordings.glob("*/*.wav")):
        stranger = speaker_names("training", 9)[8]
        path.rename(path.with_name(f"{stranger}_nohash_{path.stem.replace('_', '')}.wav"))
    again = evaluate_recognizer(recognizer, recordings)
    assert (again.clips, again.speakers, again.accuracy) == (18, 1, result.accuracy)


def test_who_was_heard_is_known_from_the_run(run: Path, recordings: Path) -> None:
    validated = speaker_names("validation", 2)
    keep_speakers(recordings, [*validated, *speaker_names("testing", 3)])
    assert set(validated) < load(run).speakers
    with pytest.warns(UserWarning, match=f"2 speakers were .*{', '.join(sorted(validated))}"):
        load(run).evaluate(recordings)
    (run / "speakers.json").unlink()  # as in a run of an older version
    assert load(run).speakers == frozenset()
    assert load(run).evaluate(recordings).clips == 30


def test_clips_of_other_words_are_left_out(recognizer: Recognizer, recordings: Path) -> None:
    keep_speakers(recordings, speaker_names("testing", 3))
    expected = recognizer.evaluate(recordings)
    for number in range(2):
        write_samples(recordings / "hum" / f"someone_nohash_{number}.wav", noise(9000, number))
    with pytest.warns(UserWarning, match="left out 2 clips of other words"):
        result = recognizer.evaluate(recordings)
    assert result.clips == 18
    assert result.confusion == expected.confusion


def test_other_words_are_a_class_of_some_recognisers(tiny: RunConfig, recordings: Path) -> None:
    write_samples(recordings / "hum" / "someone_nohash_0.wav", noise(9000))
    result = Recognizer(vary(tiny, unknown=True)).evaluate(recordings)
    assert {one.word: one.clips for one in result.words} == dict.fromkeys(WORDS, 28) | {"_unknown_": 1}


def test_a_folder_with_some_of_the_words(recognizer: Recognizer, recordings: Path) -> None:
    keep_speakers(recordings, speaker_names("testing", 3))
    shutil.rmtree(recordings / "rise")
    result = recognizer.evaluate(recordings)
    assert {one.word: one.clips for one in result.words} == {"low": 6, "high": 6, "rise": 0}
    assert result.macro_f1 == pytest.approx((result.words[0].f1 + result.words[1].f1) / 2)


@pytest.mark.parametrize("settings", [{"clips_per_word": 0}, {"recorded_times": 3}, {}])
def test_clips_are_those_of_the_folder_alone(
    tiny: RunConfig, recordings: Path, settings: dict[str, int]
) -> None:
    """A recogniser that also learnt from synthetic speech is scored on the recordings."""
    result = Recognizer(vary(tiny, synthetic=5, **settings)).evaluate(recordings)
    assert (result.clips, result.synthetic) == (84, False)


def test_what_cannot_be_evaluated(recognizer: Recognizer, tmp_path: Path) -> None:
    write_samples(tmp_path / "clips" / "hum" / "someone_nohash_0.wav", noise(9000))
    with pytest.raises(UsageError, match="clips: has no clips of low, high, rise") as error:
        recognizer.evaluate(tmp_path / "clips")
    assert_one_line(error.value)
    with pytest.raises(UsageError, match="no such folder") as error:
        recognizer.evaluate(tmp_path / "nowhere")
    assert_one_line(error.value)
    with pytest.raises(UsageError, match=ABSENT_DEVICE):
        recognizer.evaluate(tmp_path / "clips", Runtime(device=ABSENT_DEVICE))
    (tmp_path / "clips" / "low").mkdir()
    (tmp_path / "clips" / "low" / "someone_nohash_0.wav").write_text("no sound")
    with pytest.warns(UserWarning, match="other words"), pytest.raises(WordspotError) as bad:
        recognizer.evaluate(tmp_path / "clips")
    assert_one_line(bad.value)


def test_the_store_of_the_corpus_stays(
    recognizer: Recognizer, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same clips are kept twice: by their splits, and as the one split of a labelled folder."""
    monkeypatch.setenv("WORDSPOT_CACHE", str(tmp_path / "cache"))
    stores = tmp_path / "cache" / "stores"

    def written() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in stores.glob("*/samples.int16")}

    open_corpus(recordings, recognizer.config.corpus)
    alone = written()
    assert len(alone) == 1
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", f".*{HEARD}")
        recognizer.evaluate(recordings)
        both = written()
        assert len(both) == 2
        open_corpus(recordings, recognizer.config.corpus)
        recognizer.evaluate(recordings)
    assert written() == both
    assert both.items() > alone.items()
