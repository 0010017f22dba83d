"""Learning from trained recognisers: the targets that they give, and who may teach."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.helpers import assert_one_line
from tests.training.conftest import with_training
from wordspot.audio.augment import Clips
from wordspot.config import RunConfig
from wordspot.errors import UsageError
from wordspot.runs.run import load
from wordspot.training.loop import train
from wordspot.training.teachers import taught

LABELS = torch.tensor([2, 0])
CLIPS = Clips(torch.randn(2, 16_000), torch.tensor([16_000, 9000]), LABELS)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_targets_are_shared_between_label_and_teachers(run: Path, share: float) -> None:
    teacher = load(run)
    heard = teacher(CLIPS.waveforms, CLIPS.lengths).softmax(dim=1).detach()
    labels = torch.eye(3)[LABELS]
    expected = (1 - share) * labels + share * heard
    torch.testing.assert_close(taught(CLIPS, [teacher, teacher], share), expected)
    # Mixed clips have probabilities as labels.
    mixed = CLIPS._replace(targets=labels)
    torch.testing.assert_close(taught(mixed, [teacher], share), expected)


def test_a_run_learns_from_another(
    run: Path, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    config = with_training(tiny, teachers=(str(run),), teacher_weight=1.0)
    student = train(config, shared_recordings, tmp_path / "student")
    assert student.validation_accuracy >= 0.9


def test_a_teacher_knows_the_same_words(
    run: Path, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    fewer = replace(tiny, corpus=replace(tiny.corpus, words=tiny.corpus.words[:2]))
    config = with_training(fewer, teachers=(str(run),))
    with pytest.raises(UsageError, match="other words") as refused:
        train(config, shared_recordings, tmp_path / "student")
    assert_one_line(refused.value)


def test_a_teacher_has_to_be_there(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run here") as refused:
        train(with_training(tiny, teachers=("nowhere",)), shared_recordings, tmp_path / "student")
    assert_one_line(refused.value)
