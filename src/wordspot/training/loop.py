"""The training loop, to be read from top to bottom."""

import math
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from wordspot.audio.augment import Augmenter
from wordspot.audio.features import to_float
from wordspot.config import Log, RunConfig, Runtime
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.corpus.dataset import Batch
from wordspot.corpus.noise import noise_of
from wordspot.device import arithmetic, computing, precision_on
from wordspot.errors import DivergedError, UsageError, WordspotError
from wordspot.figures import save_figure
from wordspot.files import alone_in, output_folder
from wordspot.models.recognizer import Recognizer
from wordspot.models.shared import share_layers
from wordspot.models.temperature import fit_temperature
from wordspot.recipes import recipe as recipe_named
from wordspot.runs.metrics import Metrics, best_epoch, is_over, kept_epoch
from wordspot.runs.provenance import provenance_of
from wordspot.runs.run import CONFIG, Run, load
from wordspot.share import ALONE, Share
from wordspot.training.checkpoint import FILE, load_checkpoint, save_checkpoint
from wordspot.training.distributed import check_agreement, data_parallel, send_state, together
from wordspot.training.optimizer import learning_rate_at, make_optimizer
from wordspot.training.progress import TrainingProgress
from wordspot.training.running_metrics import RunningMetrics
from wordspot.training.sources import check_sources, digests, start_from
from wordspot.training.teachers import load_teachers, taught
from wordspot.training.weight_average import WeightAverage

if TYPE_CHECKING:
    from wordspot.training.tensorboard import TensorBoardLog

READ_EVERY = 10
"""Steps after which the loss and accuracy so far are read: reading waits until a device has computed them."""


def train(
    config: RunConfig | str,
    data: Corpus | str | Path,
    out: str | Path,
    runtime: Runtime = Runtime(),
    *,
    log: Log = "none",
    quiet: bool = False,
    after_epoch: Callable[[Metrics], None] | None = None,
) -> Run:
    """Train one recogniser by a config, or the recipe of that name, and keep the run in the folder `out`.

    `data` is a folder or the name of a corpus, or a corpus that is open, whose words and clip length then
    take the place of the config's. A run that was stopped continues after its last finished epoch; a finished
    one is left as it is. `log` is a log to write beside its metrics, which changes nothing of the training.
    Progress goes to standard error unless `quiet`. `after_epoch` is called with the metrics of each epoch,
    finished ones first, and may raise to end training. Processes that `torchrun` started train one run
    together.

    Equal configs on equal clips give equal weights on the same machine with the same number of threads and
    processes. Raises UsageError where `out` holds another run, another process trains there, the device is
    missing or a log needs a package that is, and WordspotError where the clips can't be used or the disk is
    full.
    """
    if isinstance(config, str):
        config = recipe_named(config)
    open_log = log_of(log)
    with together(runtime) as (share, runtime), computing(runtime) as device:
        corpus = open_corpus(data, config.corpus, runtime)
        config = replace(config, corpus=corpus.config)
        check_agreement(share, config, corpus)
        precision = share.from_first(lambda: precision_on(device, runtime, config.model))
        made_with = provenance_of(corpus, device, precision, share.processes)
        with alone_in(output_folder(Path(out)), depth=1) if share.is_first else nullcontext():
            run = share.from_first(lambda: open_run(Path(out), config, made_with, corpus))
            opened = open_log(run) if share.is_first else None
            fit(run, corpus, device, precision, share, opened, quiet=quiet, after_epoch=after_epoch)
            if share.is_first:
                save_figure(run.plot_curves(), run.folder / "curves.svg")
    return run


def open_run(out: Path, config: RunConfig, made_with: dict[str, Any], corpus: Corpus) -> Run:
    """Begin a run in a folder, or open the one that is there. Raises UsageError for what does not fit."""
    if not (out / CONFIG).is_file():
        check_sources(config, corpus)  # before anything is written
        if config.training.sources:
            made_with = made_with | {"sources": digests(config)}
    return Run.create_or_resume(out, config, made_with, corpus)


def log_of(log: Log) -> "Callable[[Run], TensorBoardLog | None]":
    """Give what opens the log of a run. Raises UsageError where a package that it needs is missing."""
    if log == "none":
        return lambda _: None
    try:
        from wordspot.training.tensorboard import TensorBoardLog  # an extra
    except ImportError:
        raise UsageError("log: tensorboardX is missing: pip install 'wordspot[tensorboard]'") from None
    return TensorBoardLog


def fit(
    run: Run,
    corpus: Corpus,
    device: torch.device,
    precision: str,
    share: Share = ALONE,
    log: "TensorBoardLog | None" = None,
    *,
    quiet: bool = False,
    after_epoch: Callable[[Metrics], None] | None = None,
) -> None:
    """Train a run by its config, from its last finished epoch on.

    The weights of the best epoch, or the last, are saved with the temperature that fits its validation
    logits. Each process of several has its share of the clips; the first one writes.
    """
    config, recipe = run.config, run.config.training
    torch.manual_seed(recipe.seed)  # initial weights
    recognizer = Recognizer(config).to(device)
    order, draw = torch.Generator(), torch.Generator()
    training = corpus.loader("training", recipe.batch_size, shuffle=order, share=share)
    validation = corpus.loader("validation", share=share)
    optimizer = make_optimizer(recognizer, recipe)
    average = WeightAverage(recognizer, recipe.weight_average) if recipe.weight_average else None
    judged = average.recognizer if average else recognizer
    metrics = share.from_first(lambda: resume(run, recognizer, optimizer, average))
    send_state(share, recognizer, optimizer, *([judged] if average else []))
    epoch = len(metrics)
    if epoch == 0:
        if recipe.initial is not None:
            start_from(recognizer, recipe.initial)
        batches = (on_device(batch, device) for batch in corpus.loader("training", share=share))
        recognizer.features.fit(((to_float(batch.samples), batch.lengths) for batch in batches), share)
        if average:
            average.start(recognizer)
    if after_epoch:
        for line in metrics:
            after_epoch(line)
    if log:
        log.catch_up(metrics)
    if is_over(metrics, recipe):
        return

    teachers = load_teachers(config, device)
    augmenter = make_augmenter(config, corpus, draw, share)
    if log:
        log.examples(corpus, recognizer, make_augmenter(config, corpus, draw))
    if share.processes > 1:
        share_layers(recognizer.model, share)
    silent = quiet or not share.is_first
    with TrainingProgress(run, recipe.epochs, len(training), epoch, quiet=silent) as progress:
        while not is_over(metrics, recipe):
            epoch, started, computed = epoch + 1, time.perf_counter(), time.process_time()
            seed_epoch(recipe.seed, epoch, order, draw)

            recognizer.train()
            model = data_parallel(recognizer.model, share)
            trained = RunningMetrics()
            for number, batch in enumerate(training):
                step = (epoch - 1) * len(training) + number
                learning_rate = learning_rate_at(step, recipe.epochs * len(training), recipe)
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate
                trained.add(*train_step(recognizer, batch, augmenter, optimizer, precision, teachers, model))
                if average:
                    average.update(recognizer, step)
                if number % READ_EVERY == 0:
                    trained.read()
                progress.step(
                    epoch,
                    number + 1,
                    trained.mean_loss,
                    trained.accuracy,
                    share.whole(len(batch.labels)),
                )
            trained = trained.of_all(share)
            speed = trained.clips / (time.perf_counter() - started)

            validated, logits, labels = validate(judged, validation, share)  # ..., (N, C), (N)
            if not math.isfinite(trained.loss + validated.loss):
                raise DivergedError(f"{run}: the loss is not finite in epoch {epoch}: lower --learning-rate")
            metrics.append(
                {
                    "epoch": epoch,
                    "training_loss": trained.mean_loss,
                    "training_accuracy": trained.accuracy,
                    "validation_loss": validated.mean_loss,
                    "validation_accuracy": validated.accuracy,
                    "learning_rate": learning_rate,
                    "clips_per_second": speed,
                    "seconds": time.perf_counter() - started,
                    "core_seconds": time.process_time() - computed if device.type == "cpu" else None,
                }
            )
            if share.is_first:
                if kept_epoch(metrics, recipe) == epoch:
                    write_kept(run, judged, logits, labels)
                run.write_metrics(metrics)
                if log:
                    log.epoch(metrics, logits, labels)
                # Last, so that a run killed before this line repeats the whole epoch.
                save_checkpoint(run, recognizer, optimizer, epoch, average)
            progress.epoch(metrics[-1], best_epoch(metrics) == epoch)
            if after_epoch:
                after_epoch(metrics[-1])


def resume(
    run: Run, recognizer: Recognizer, optimizer: torch.optim.Optimizer, average: WeightAverage | None
) -> list[Metrics]:
    """Restore the state after the last finished epoch of a run; gives the metrics of the finished epochs.

    Raises WordspotError where a file that is needed is missing or damaged.
    """
    epoch, metrics = load_checkpoint(run, recognizer, optimizer, average), run.metrics
    if epoch == 0 and is_over(metrics, run.config.training):
        epoch = len(metrics)  # a finished run needs no checkpoint
    if epoch == 0 and len(metrics) > 1:  # a single line may have been written just before the checkpoint
        raise WordspotError(
            f"{run}: {FILE} is missing, so training can't go on after epoch {len(metrics)}: "
            f"remove {run} and train again"
        )
    if len(metrics) < epoch:
        raise WordspotError(f"{run}: metrics.jsonl has lost lines: remove {run} and train again")
    if epoch and not run.is_kept:
        load(run)  # raises where the weights of the kept epoch are gone
    return metrics[:epoch]


def train_step(
    recognizer: Recognizer,
    batch: Batch,
    augmenter: Augmenter,
    optimizer: torch.optim.Optimizer,
    precision: str = "float32",
    teachers: Sequence[Recognizer] = (),
    model: nn.Module | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Take one step on a batch; gives the loss [] and logits [B, C] before it, and labels [B] to score by.

    The label of a mixed or taught clip is the likeliest word of its target. `model` may be that of the
    recogniser in a wrapper. Nothing here waits for a device to compute what it was given.
    """
    features, frames, targets = augmented_features(recognizer, batch, augmenter, teachers)
    loss, logits = model_step(recognizer, optimizer, features, frames, targets, precision, model)
    return loss, logits, targets.argmax(dim=1) if targets.ndim == 2 else targets


def augmented_features(
    recognizer: Recognizer, batch: Batch, augmenter: Augmenter, teachers: Sequence[Recognizer] = ()
) -> tuple[Tensor, Tensor, Tensor]:
    """Turn a batch into augmented features [B, T, F], counts of real frames [B], and targets.

    These are labels [B], or after mixup or with teachers class probabilities [B, C].
    """
    samples, lengths, labels = on_device(batch, recognizer.device)
    clips = augmenter.waveforms(to_float(samples), lengths, labels)
    if teachers:
        targets = taught(clips, teachers, recognizer.config.training.teacher_weight)
        clips = clips._replace(targets=targets)
    frames = recognizer.features.frames(clips.lengths)  # (B,)
    static = augmenter.features(recognizer.features.static(clips.waveforms, clips.lengths))  # (B, T, n)
    return recognizer.features.derive(static, frames), frames, clips.targets


def model_step(
    recognizer: Recognizer,
    optimizer: torch.optim.Optimizer,
    features: Tensor,
    frames: Tensor,
    targets: Tensor,
    precision: str = "float32",
    model: nn.Module | None = None,
) -> tuple[Tensor, Tensor]:
    """Update the weights by what `augmented_features` gave; gives the loss [] and logits [B, C] before that.

    The precision is that of the model's forward and backward pass alone.
    """
    recipe = recognizer.config.training
    optimizer.zero_grad()
    with arithmetic(recognizer.device, precision):
        logits = (model or recognizer.model)(features, frames).float()  # (B, C)
    loss = cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)
    loss.backward()  # type: ignore[no-untyped-call]
    clip_grad_norm_(recognizer.parameters(), recipe.clip_norm)
    optimizer.step()
    return loss, logits


def write_kept(run: Run, recognizer: Recognizer, logits: Tensor, labels: Tensor) -> None:
    """Write the weights with the temperature that fits their validation logits [N, C] and labels [N]."""
    recognizer.temperature.fill_(fit_temperature(logits, labels))
    run.write_weights(recognizer)
    recognizer.temperature.fill_(1.0)  # what trains on depends on the training clips alone


def make_augmenter(
    config: RunConfig, corpus: Corpus, draw: torch.Generator, share: Share = ALONE
) -> Augmenter:
    """Make the augmentation of a run's training clips."""
    noise = background_noise(corpus) if config.augment.background_noise_p else torch.zeros(0)
    return Augmenter(
        config.augment,
        corpus.config.sample_rate,
        config.features.hop_ms,
        len(corpus.config.classes),
        noise,
        draw,
        share,
    )


def background_noise(corpus: Corpus) -> Tensor:
    """Read the noise that is added to training clips, float32 [M]; warns where the corpus has none."""
    samples = noise_of("training", corpus.noises, corpus.config.sample_rate, convert=True)
    if len(samples) < corpus.config.samples:
        warnings.warn("background_noise_p: the corpus has no _background_noise_; none is added", stacklevel=2)
    return to_float(torch.from_numpy(samples))


@torch.no_grad()
def validate(
    recognizer: Recognizer, batches: Iterable[Batch], share: Share = ALONE
) -> tuple[RunningMetrics, Tensor, Tensor]:
    """Evaluate without gradient, dropout, augmentation or temperature.

    Gives loss and accuracy, the logits [N, C] of all clips, and their labels [N]: of the clips of all
    processes.
    """
    recognizer.eval()
    device, metrics, scored = recognizer.device, RunningMetrics(), []
    for batch in batches:
        samples, lengths, labels = on_device(batch, device)
        features = recognizer.features(to_float(samples), lengths)  # (B, T, F)
        logits = recognizer.model(features, recognizer.features.frames(lengths))  # (B, C)
        metrics.add(cross_entropy(logits, labels), logits, labels)
        scored.append((logits, labels))
    metrics = metrics.of_all(share)
    every_logits, every_label = (
        share.gathered(torch.cat(own), metrics.clips) for own in zip(*scored, strict=True)
    )
    return metrics, every_logits, every_label


def on_device(batch: Batch, device: torch.device) -> Batch:
    """Copy a batch to a device; from pinned memory to a GPU, so that the copy goes on beside the loop."""
    if device.type == "cuda":
        return Batch(*(tensor.pin_memory().to(device, non_blocking=True) for tensor in batch))
    return Batch(*(tensor.to(device) for tensor in batch))


def seed_epoch(seed: int, epoch: int, order: torch.Generator, draw: torch.Generator) -> None:
    """Seed all draws of an epoch by its number, so that a resumed run draws the same as an unbroken one.

    Dropout, the `order` of the clips and augmentation (`draw`) have independent streams: what one of them
    draws changes nothing in the others.
    """
    # Hashed, because torch's CPU generator uses only the low 32 bits of a seed.
    streams = np.random.SeedSequence((seed, epoch)).spawn(3)
    dropout_seed, order_seed, augmentation_seed = (int(one.generate_state(1)[0]) for one in streams)
    torch.manual_seed(dropout_seed)
    order.manual_seed(order_seed)
    draw.manual_seed(augmentation_seed)
