"""Several processes that train one run: the metrics of one process, one writer, exact resuming, one error."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.cli.conftest import program
from tests.helpers import assert_same_run, files_of, metrics_of
from wordspot.audio.augment import AUGMENTATIONS, Augmentation, Augmenter, Clips
from wordspot.config import AugmentConfig, RunConfig, Runtime, vary
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError
from wordspot.experiments.study import run_study
from wordspot.share import Share
from wordspot.training.distributed import check_agreement, together
from wordspot.training.loop import train

PROCESSES = 3
"""Of which two have three clips of a batch of 8, and one has two; with two, no order of sums could differ."""
TRAIN_AND_FAIL = """
import os, sys
import wordspot.training.loop as loop
from wordspot.cli import main
from wordspot.errors import WordspotError

*command, out, other = sys.argv
sys.argv = [*command, out]
main()
seed_epoch = loop.seed_epoch

def fail(seed, epoch, *others):
    if epoch == 3 and os.environ["RANK"] == "1":
        raise WordspotError("the disk is gone")
    seed_epoch(seed, epoch, *others)

loop.seed_epoch = fail
sys.argv = [*command, other]
main()
"""
"""Trains in one folder, and in another one until one of the processes fails in the third epoch."""


def together_run(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a command in three processes, as `torchrun` does."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={PROCESSES}", "--no-python"]
    return subprocess.run([*torchrun, *map(str, command)], capture_output=True, text=True)


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Give what the processes, not `torchrun`, printed as an error."""
    return [line for line in done.stderr.splitlines() if line.startswith("wordspot: ") or "[rank" in line]


@pytest.fixture
def everything(tiny: RunConfig) -> RunConfig:
    """Give a config with all that draws at random, and all that sums over a batch."""
    layers = {"encoder": "residual", "channels": 4, "hidden_size": 8, "num_layers": 2, "dropout": 0.3}
    norms = {"batch_norm": True, "head_norm": True, "weight_average": 0.9}
    noise = {"background_noise_p": 0.5, "colored_noise_p": 0.3, "silence": True}
    # Adam would divide rounding by gradients that are near 0, and let it grow, as large steps do.
    descent = {"optimizer": "sgd", "learning_rate": 0.01}
    return vary(tiny, **layers, **norms, **noise, **descent, speed_perturb_p=0.3, mixup_p=0.5)


def test_three_processes_train_as_one(everything: RunConfig, noisy_recordings: Path, tmp_path: Path) -> None:
    alone, three, stopped = tmp_path / "alone", tmp_path / "three", tmp_path / "stopped"
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"config": asdict(everything)}))
    command = "train", config, "--data", noisy_recordings, "--precision=float32", "--out"
    train(everything, noisy_recordings, alone, Runtime(precision="float32"))

    failed = together_run(sys.executable, "-c", TRAIN_AND_FAIL, *command, three, stopped)
    assert failed.returncode != 0
    assert said(failed) == ["wordspot: the disk is gone"]
    assert failed.stdout.count("trained: ") == 1
    assert files_of(three).keys() == files_of(alone).keys()
    assert len(metrics_of(three)) == 4
    for one, other in zip(metrics_of(alone), metrics_of(three), strict=True):
        assert other == pytest.approx(one, abs=1e-4)

    assert len(metrics_of(stopped)) == 2
    assert not list(stopped.rglob("*.part"))
    again = together_run(program(), *command, stopped)
    assert again.returncode == 0, again.stderr
    assert said(again) == []
    assert again.stderr.count("resuming after epoch 2 of 4") == 1
    assert_same_run(stopped, three)


def own_batches(processes: int, batch_size: int, data: Path, config: RunConfig) -> list[list[set[int]]]:
    """List which training clips each process has in each batch."""
    corpus = open_corpus(data, config.corpus)
    found = []
    for rank in range(processes):
        share = Share(rank, processes)
        order = torch.Generator().manual_seed(5)
        loader = corpus.loader("training", batch_size, shuffle=order, share=share)
        found.append([set(batch) for batch in loader.sampler])
    return found


def test_every_clip_is_in_one_share_of_an_epoch(tiny: RunConfig, shared_recordings: Path) -> None:
    first, second, third = own_batches(3, 20, shared_recordings, tiny)  # 48 clips: 20, 20 and 8
    assert [len(batch) for batch in first] == [7, 7, 3]
    assert [len(batch) for batch in third] == [6, 6, 2]
    every = [clip for batches in (first, second, third) for batch in batches for clip in batch]
    assert sorted(every) == list(range(48))
    alone = own_batches(1, 20, shared_recordings, tiny)[0]
    assert [a | b | c for a, b, c in zip(first, second, third, strict=True)] == alone
    # Of 48 clips, batches of 23 leave two, which three processes can't share.
    assert [len(batches) for batches in own_batches(3, 23, shared_recordings, tiny)] == [2, 2, 2]


class Whole(Share):
    """A share of a batch whose clips are all known here."""

    def of(self, clips: Clips) -> "Whole":
        self.known: Iterator[torch.Tensor] = iter(clips)
        return self

    def gathered(self, own: torch.Tensor, total: int) -> torch.Tensor:
        return next(self.known)


@pytest.mark.parametrize("augmentation", AUGMENTATIONS, ids=lambda one: one.title)
def test_a_share_is_augmented_as_in_the_whole_batch(augmentation: Augmentation) -> None:
    config = AugmentConfig(shift_p=0, freq_mask_p=0, time_mask_p=0, time_mask_ms=60)
    settings: dict[str, Any] = {augmentation.probability: 0.6}
    config = replace(config, **settings)
    waveforms, labels = 0.1 * torch.randn(11, 2000), torch.arange(11) % 3
    lengths, features = torch.arange(11) * 50 + 1500, torch.randn(11, 20, 8)
    noise = torch.randn(9000)

    def augmented(share: Share, *own: torch.Tensor) -> tuple[torch.Tensor, ...]:
        draw = torch.Generator().manual_seed(1)
        augmenter = Augmenter(config, 1000, 20.0, 3, noise, draw, share)
        *clips, static = own
        return *augmenter.waveforms(*clips), augmenter.features(static)

    inputs = waveforms, lengths, labels, features
    whole = augmented(Share(), *inputs)
    assert not torch.equal(whole[0], waveforms) or not torch.equal(whole[3], features)
    one_hot = torch.nn.functional.one_hot(labels, 3).float()
    for rank in range(3):
        share = Whole(rank, 3, clips=11).of(Clips(waveforms, lengths, one_hot))
        for part, every in zip(augmented(share, *map(share.own, inputs)), whole, strict=True):
            torch.testing.assert_close(part, share.own(every))


def test_alone_nothing_is_shared() -> None:
    with together(Runtime(device="cuda")) as (share, runtime):
        assert (share, runtime) == (Share(), Runtime(device="cuda"))


def test_more_processes_than_clips(
    tiny: RunConfig, shared_recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = Share(0, 9)
    monkeypatch.setattr(share, "from_first", lambda make: make())
    with pytest.raises(UsageError, match="9 processes can't share 8 clips: start fewer"):
        check_agreement(share, tiny, open_corpus(shared_recordings, tiny.corpus))


def test_other_clips_than_the_first_has(
    tiny: RunConfig, shared_recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = Share(1, 2)
    monkeypatch.setattr(share, "from_first", lambda make: (tiny, "another fingerprint"))
    with pytest.raises(UsageError, match="process 1: has other clips or settings"):
        check_agreement(share, tiny, open_corpus(shared_recordings, tiny.corpus))


def test_a_study_is_no_work_for_torchrun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(UsageError, match="study: trains many runs, each in one process"):
        run_study([], tmp_path, tmp_path / "study")
