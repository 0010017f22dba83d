"""A log for TensorBoard beside the metrics of a run: scalars and figures of every epoch, and some clips.

Each epoch has a file of its own, written whole, whose name follows from its number: an epoch that is trained
again after a stop replaces its file, so no step is there twice or missing.
"""

import io
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary
from tensorboardX.record_writer import RecordWriter
from torch import Tensor

from wordspot.audio.augment import Augmenter
from wordspot.audio.features import to_float
from wordspot.audio.wav import wav_bytes
from wordspot.corpus.corpus import Corpus
from wordspot.corpus.dataset import Batch
from wordspot.figures import STYLE, Plot, Source
from wordspot.files import atomic_write
from wordspot.models.recognizer import Recognizer
from wordspot.runs.evaluation import confusion_matrix, plot_confusion
from wordspot.runs.metrics import Metrics
from wordspot.runs.run import Run
from wordspot.text import label

FOLDER = "tensorboard"
SCALARS = {
    "loss/training": "training_loss",
    "loss/validation": "validation_loss",
    "accuracy/training": "training_accuracy",
    "accuracy/validation": "validation_accuracy",
    "learning_rate": "learning_rate",
    "clips_per_second": "clips_per_second",
}
"""Metrics of an epoch by their names in the log."""
EXAMPLES = 4
"""Training clips that are shown, each of another word where there are as many."""
VERSION = "brain.Event:2"
"""Format of the files."""


class TensorBoardLog:
    """The log of a run, in the folder `tensorboard/` of its folder. The step of an event is its epoch."""

    def __init__(self, run: Run) -> None:
        """Open the log of a run."""
        self.run = run
        self.folder = run.folder / FOLDER

    def catch_up(self, metrics: Sequence[Metrics]) -> None:
        """Write the scalars of finished epochs that are not in the log."""
        for line in metrics:
            if not self.file(line["epoch"]).is_file():
                self.write(line["epoch"], scalars(line))

    def examples(self, corpus: Corpus, recognizer: Recognizer, augmenter: Augmenter) -> None:
        """Write some training clips as they are and as the augmenter changes them, unless they are there.

        Its generator is drawn from, so this comes before an epoch seeds it.
        """
        if self.file(0).is_file():
            return
        batch, words = first_clips(corpus)
        waveforms = to_float(batch.samples).to(recognizer.device)  # (N, S)
        lengths, labels = batch.lengths.to(recognizer.device), batch.labels.to(recognizer.device)
        clean = recognizer.features.static(waveforms, lengths)  # (N, T, n)
        clips = augmenter.waveforms(waveforms, lengths, labels)
        augmented = augmenter.features(recognizer.features.static(clips.waveforms, clips.lengths))
        values = [image("examples", plot_examples(clean.cpu(), augmented.cpu(), words, corpus))]
        for number, word in enumerate(words):
            for kind, sounds in (("clean", waveforms), ("augmented", clips.waveforms)):
                values.append(audio(f"{word}/{kind}", sounds[number].cpu(), corpus.config.sample_rate))
        self.write(0, values)

    def epoch(self, metrics: Sequence[Metrics], logits: Tensor, labels: Tensor) -> None:
        """Write an epoch: the last line of `metrics`, with validation logits [N, C] and labels [N]."""
        words = self.run.config.corpus.classes
        title = f"validation: accuracy {metrics[-1]['validation_accuracy']:.1%}, {len(labels)} clips"
        said, heard = labels.cpu().numpy(), logits.argmax(dim=1).cpu().numpy()  # (N,) each
        counts = confusion_matrix(said, heard, len(words))
        figures = [
            image("confusion", plot_confusion(counts, words, title, self.run)),
            image("curves", self.run.plot_curves()),
        ]
        self.write(metrics[-1]["epoch"], [*scalars(metrics[-1]), *figures])

    def file(self, epoch: int) -> Path:
        """Give the file of an epoch; 0 is that of the clips. TensorBoard reads them by the order of names."""
        return self.folder / f"events.out.tfevents.{epoch:010}.wordspot"

    def write(self, epoch: int, values: Sequence[Any]) -> None:
        """Write the file of an epoch with some values (`Summary.Value`)."""
        now = time.time()
        version = Event(wall_time=now, file_version=VERSION)
        event = Event(wall_time=now, step=epoch, summary=Summary(value=values))
        self.folder.mkdir(exist_ok=True)
        with atomic_write(self.file(epoch)) as part:
            writer = RecordWriter(str(part))
            writer.write(version.SerializeToString())
            writer.write(event.SerializeToString())
            writer.close()


def scalars(line: Metrics) -> list[Any]:
    """Make the values of the metrics of an epoch."""
    return [Summary.Value(tag=tag, simple_value=line[name]) for tag, name in SCALARS.items()]


def image(tag: str, figure: Figure) -> Any:
    """Make the value of a figure."""
    drawn = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(drawn, format="png")
    width, height = map(int, figure.bbox.size)
    colors = 4  # red, green, blue, opacity
    shown = Summary.Image(
        width=width, height=height, colorspace=colors, encoded_image_string=drawn.getvalue()
    )
    return Summary.Value(tag=tag, image=shown)


def audio(tag: str, waveform: Tensor, sample_rate: int) -> Any:
    """Make the value of a sound [S], which is cut off beyond full scale."""
    samples = (32767 * waveform.clamp(-1, 1)).round().short().numpy()
    heard = Summary.Audio(
        sample_rate=sample_rate,
        num_channels=1,
        length_frames=len(samples),
        content_type="audio/wav",
        encoded_audio_string=wav_bytes(samples, sample_rate),
    )
    return Summary.Value(tag=tag, audio=heard)


def first_clips(corpus: Corpus) -> tuple[Batch, list[str]]:
    """Give the first training clips of the first words, and these words."""
    table = corpus.table("training")
    first = table.drop_duplicates("word").head(EXAMPLES)
    return corpus.dataset("training")[first.index.tolist()], list(first["word"])


def plot_examples(clean: Tensor, augmented: Tensor, words: Sequence[str], source: Source) -> Figure:
    """Plot the standardised features [N, T, n] of clips, without and with augmentation."""
    with mpl.rc_context(STYLE | {"axes.grid": False}):
        figure = Plot(figsize=(8, 1.8 * len(words)), source=source)
        grid = figure.subplots(len(words), 2, sharex=True, sharey=True, squeeze=False)
        for row, (word, *images) in zip(grid, zip(words, clean, augmented, strict=True), strict=True):
            for axes, shown, kind in zip(row, images, ("clean", "augmented"), strict=True):
                axes.imshow(shown.T.numpy(), origin="lower", aspect="auto", vmin=-3, vmax=3)
                axes.set_title(f"{label(word)}, {kind}", fontsize=10)
        figure.supxlabel("frame")
        figure.supylabel("coefficient")
    return figure
