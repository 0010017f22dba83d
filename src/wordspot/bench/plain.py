"""The way of the tutorials, in a process of its own that has none of this program's settings."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from wordspot.audio.features import FLOOR
from wordspot.audio.padding import full_lengths
from wordspot.bench.corpus import training_files
from wordspot.bench.training import STEPS, SUBJECT, TORCHAUDIO, Trainee
from wordspot.bench.tutorial import TutorialDataset, torchaudio_mel
from wordspot.config import AugmentConfig, RunConfig
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.models.recognizer import Recognizer
from wordspot.recipes import RECIPES
from wordspot.training.loop import model_step
from wordspot.training.optimizer import make_optimizer


def cases(data: str, *words: str) -> dict[str, Callable[[], object]]:
    """Give the cases: features of a batch, and training with and without augmentation."""
    torch.set_num_threads(1)
    corpus = open_corpus(data, words=words)
    trainee = Trainee(RECIPES[SUBJECT], corpus)
    config = trainee.recognizer.config
    rate = config.corpus.sample_rate
    same, longer = (
        torchaudio_mel(features, rate) for features in (config.features, replace(config.features, n_fft=1024))
    )
    noise = trainee.augmenter.noise
    return {
        TORCHAUDIO[0]: lambda: torch.log(same(trainee.waveforms) + FLOOR),
        TORCHAUDIO[1]: lambda: torch.log(longer(trainee.waveforms) + FLOOR),
        "augmented": tutorial(config, data, corpus, config.augment, noise),
        "not augmented": tutorial(config, data, corpus, None, noise),
    }


def tutorial(
    config: RunConfig, data: str, corpus: Corpus, augment: AugmentConfig | None, noise: Tensor
) -> Callable[[], object]:
    """Make the training of the tutorials, some steps at a time."""
    dataset = TutorialDataset(
        training_files(data, corpus),
        [corpus.config.classes.index(word) for word in corpus.table("training")["word"]],
        corpus.config.samples,
        corpus.config.sample_rate,
        config.features,
        augment,
        noise,
    )
    loader = DataLoader(
        dataset, config.training.batch_size, shuffle=True, generator=torch.Generator().manual_seed(0)
    )
    batches: Iterator[tuple[Tensor, Tensor]] = (batch for epoch in cycle([loader]) for batch in epoch)
    recognizer = Recognizer(config).train()
    optimizer = make_optimizer(recognizer, config.training)

    def train() -> None:
        for features, targets in islice(batches, STEPS):
            model_step(recognizer, optimizer, features, full_lengths(features), targets)

    return train
