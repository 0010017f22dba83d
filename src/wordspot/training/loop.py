"""The training loop, to be read from top to bottom."""

import math
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from wordspot.config import RunConfig, TrainingConfig, differences
from wordspot.corpus.batches import LARGE_BATCH, Batch, loader
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.corpus.noise import noise_of
from wordspot.errors import DivergedError, UsageError, WordspotError
from wordspot.files import output_folder, write_json
from wordspot.models.device import open_device
from wordspot.models.recognizer import CONFIG, Recognizer, read_config, save_weights
from wordspot.sound.augment import Augmenter
from wordspot.sound.features import to_float
from wordspot.training.checkpoint import load_checkpoint, save_checkpoint
from wordspot.training.curves import draw_curves
from wordspot.training.display import Display
from wordspot.training.metrics import Metrics, best_epoch, is_over, read_metrics, write_metrics
from wordspot.training.provenance import provenance


@dataclass(frozen=True)
class Tally:
    """Sums over the clips of an epoch."""

    loss: float = 0.0
    correct: int = 0
    clips: int = 0

    def plus(self, loss: Tensor, logits: Tensor, labels: Tensor) -> "Tally":
        """Add a batch: its mean loss, logits [B, C] and labels [B]."""
        return Tally(
            self.loss + loss.item() * len(labels),
            self.correct + int((logits.argmax(dim=1) == labels).sum()),
            self.clips + len(labels),
        )

    @property
    def mean_loss(self) -> float:
        """Cross-entropy of a clip, in nats."""
        return self.loss / max(self.clips, 1)

    @property
    def accuracy(self) -> float:
        """Share of clips recognised."""
        return self.correct / max(self.clips, 1)


def train(
    config: RunConfig,
    data: str | Path,
    out: str | Path,
    *,
    device: str = "cpu",
    threads: int | None = None,
    convert: bool = False,
    skip_bad: bool = False,
    quiet: bool = False,
    after_epoch: Callable[[Metrics], None] | None = None,
) -> Path:
    """Train one recogniser on the clips of `data` and leave the run in the folder `out`.

    A run that was stopped goes on after its last finished epoch; one that is finished is left as it is.
    Progress goes to standard error unless `quiet`. `after_epoch` is called with the figures of each epoch,
    finished ones first; it may raise to end training.
    Equal configs on equal clips give equal weights on the same machine with the same number of `threads`
    (default: one for each core). Gives the run's folder. Raises UsageError where `out` holds another run or
    `device` isn't there, and WordspotError where the clips can't be used.
    """
    where = open_device(device, threads)
    corpus = open_corpus(data, config.corpus, convert=convert, skip_bad=skip_bad)
    run = output_folder(Path(out))
    claim(run, config, provenance(corpus, str(data), where))
    fit(config, corpus, run, where, quiet=quiet, after_epoch=after_epoch)
    draw_curves(run)
    return run


def fit(
    config: RunConfig,
    corpus: Corpus,
    run: Path,
    device: torch.device,
    *,
    quiet: bool = False,
    after_epoch: Callable[[Metrics], None] | None = None,
) -> None:
    """Train in the folder `run`, from its last finished epoch where it has one."""
    recipe = config.training
    torch.manual_seed(recipe.seed)  # initial weights
    recognizer = Recognizer(config).to(device)
    draw = torch.Generator()
    training = loader(corpus, "training", recipe.batch_size, shuffle=draw)
    validation = loader(corpus, "validation", LARGE_BATCH)
    optimizer = make_optimizer(recognizer, recipe)
    epoch = load_checkpoint(run, recognizer, optimizer)
    if epoch == 0:
        recognizer.features.fit(
            (to_float(batch.samples).to(device), batch.lengths.to(device))
            for batch in loader(corpus, "training", LARGE_BATCH)
        )
    metrics = read_metrics(run)[:epoch]
    if len(metrics) < epoch:
        raise WordspotError(f"{run}: metrics.jsonl has lost its lines: remove {run} and train anew")
    if after_epoch:
        for line in metrics:
            after_epoch(line)
    if is_over(metrics, recipe):
        return

    augmenter = make_augmenter(config, corpus, draw)
    with Display(
        recipe.epochs, len(training), epoch, quiet=quiet, synthetic=corpus.is_synthetic("validation")
    ) as display:
        while not is_over(metrics, recipe):
            epoch, started = epoch + 1, time.perf_counter()
            seed_epoch(recipe.seed, epoch, draw)

            recognizer.train()
            trained = Tally()
            for step, batch in enumerate(training, start=(epoch - 1) * len(training)):
                rate = rate_at(step, recipe.epochs * len(training), recipe)
                for group in optimizer.param_groups:
                    group["lr"] = rate
                loss, logits = learn(recognizer, batch, augmenter, optimizer)  # (), (B, C)
                trained = trained.plus(loss, logits, batch.labels.to(device))
                display.step(epoch, trained.mean_loss, trained.accuracy, len(logits))
            speed = trained.clips / (time.perf_counter() - started)

            checked = validate(recognizer, validation, device)
            if not math.isfinite(trained.loss + checked.loss):
                raise DivergedError(f"{run}: the loss is no number in epoch {epoch}: lower --learning-rate")
            metrics.append(
                {
                    "epoch": epoch,
                    "training_loss": trained.mean_loss,
                    "training_accuracy": trained.accuracy,
                    "validation_loss": checked.mean_loss,
                    "validation_accuracy": checked.accuracy,
                    "learning_rate": rate,
                    "clips_per_second": speed,
                    "seconds": time.perf_counter() - started,
                }
            )
            is_best = best_epoch(metrics) == epoch
            if is_best:
                save_weights(recognizer, run)
            write_metrics(run, metrics)
            # Last, so that a run killed before this line repeats the whole epoch.
            save_checkpoint(run, recognizer, optimizer, epoch)
            display.epoch(metrics[-1], is_best)
            if after_epoch:
                after_epoch(metrics[-1])


def learn(
    recognizer: Recognizer, batch: Batch, augmenter: Augmenter, optimizer: torch.optim.Optimizer
) -> tuple[Tensor, Tensor]:
    """Take one step towards the targets of a batch; gives the loss [] and the logits [B, C] before it."""
    recipe = recognizer.config.training
    optimizer.zero_grad()
    logits, targets = score_augmented(recognizer, batch, augmenter)  # (B, C), (B,)
    loss = cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)
    loss.backward()  # type: ignore[no-untyped-call]
    clip_grad_norm_(recognizer.parameters(), recipe.clip_norm)
    optimizer.step()
    return loss, logits


def score_augmented(recognizer: Recognizer, batch: Batch, augmenter: Augmenter) -> tuple[Tensor, Tensor]:
    """Score a training batch under drawn changes: logits [B, C], and targets [B], under mixup [B, C]."""
    device = recognizer.features.mean.device
    waveforms = to_float(batch.samples.to(device))  # (B, S)
    waveforms, lengths, targets = augmenter.waveforms(
        waveforms, batch.lengths.to(device), batch.labels.to(device)
    )
    features = recognizer.features(waveforms)  # (B, T, F)
    features = augmenter.features(features, recognizer.config.features.hop_ms)
    return recognizer.model(features, recognizer.features.frames(lengths)), targets


def make_augmenter(config: RunConfig, corpus: Corpus, draw: torch.Generator) -> Augmenter:
    """Make what changes the training clips of a run."""
    classes = len(config.corpus.classes)
    return Augmenter(config.augment, config.corpus.rate_hz, classes, background(corpus, config), draw)


def background(corpus: Corpus, config: RunConfig) -> Tensor:
    """Give the noise to add to training clips, float32 [M]; warns where it is asked for and missing."""
    if not config.augment.background_p:
        return torch.zeros(0)
    noise = to_float(
        torch.from_numpy(noise_of("training", corpus.noises, config.corpus.rate_hz, convert=True))
    )
    if len(noise) < config.corpus.samples:
        warnings.warn("background_p: the corpus has no _background_noise_, so none is added", stacklevel=2)
    return noise


@torch.no_grad()
def validate(recognizer: Recognizer, part: Iterable[Batch], device: torch.device) -> Tally:
    """Score a part as it is: no gradient, no dropout, no augmentation."""
    recognizer.eval()
    tally = Tally()
    for batch in part:
        logits = recognizer(to_float(batch.samples.to(device)), batch.lengths.to(device))  # (B, C)
        labels = batch.labels.to(device)
        tally = tally.plus(cross_entropy(logits, labels), logits, labels)
    return tally


def make_optimizer(recognizer: Recognizer, recipe: TrainingConfig) -> torch.optim.Optimizer:
    """Make the optimiser of the recipe."""
    parameters, rate, decay = recognizer.parameters(), recipe.learning_rate, recipe.weight_decay
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(parameters, rate, weight_decay=decay)
    if recipe.optimizer == "adam":
        return torch.optim.Adam(parameters, rate, weight_decay=decay)
    return torch.optim.SGD(parameters, rate, momentum=0.9, weight_decay=decay)


def rate_at(step: int, steps: int, recipe: TrainingConfig) -> float:
    """Learning rate of one step: a linear rise to the peak, then half a cosine down to nothing.

    >>> recipe = TrainingConfig(learning_rate=1.0, warmup=0.5)
    >>> [round(rate_at(step, 8, recipe), 2) for step in range(8)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.85, 0.5, 0.15]
    """
    rise = round(recipe.warmup * steps)
    if step < rise:
        return recipe.learning_rate * (step + 1) / rise
    return recipe.learning_rate * (1 + math.cos(math.pi * (step - rise) / (steps - rise))) / 2


def seed_epoch(seed: int, epoch: int, draw: torch.Generator) -> None:
    """Seed all that an epoch draws by its number, so that a resumed run draws what an unbroken one would."""
    # Mixed, because torch's generator on the CPU heeds only the low 32 bits of what it is given.
    drawn = int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0])
    torch.manual_seed(drawn)  # dropout
    draw.manual_seed(drawn)  # order of the clips, augmentation


def claim(run: Path, config: RunConfig, made_of: dict[str, Any]) -> None:
    """Write the config of a new run, or check that a run that is there already is this one.

    Raises UsageError where the folder holds a run of another config or of other clips.
    """
    if not (run / CONFIG).is_file():
        write_json(run / CONFIG, {"config": asdict(config), "provenance": made_of})
        return
    stored, before = read_config(run)
    threads = before["machine"]["threads"]
    if threads != made_of["machine"]["threads"]:
        warnings.warn(
            f"{run} was begun with --threads {threads}: another number rounds otherwise", stacklevel=2
        )
    found = differences(stored, config)
    if before["data"]["fingerprint"] != made_of["data"]["fingerprint"]:
        found.append("clips that have changed since")
    if found:
        raise UsageError(
            f"{run}: holds a run of another configuration ({'; '.join(found)}): choose another --out"
        )
