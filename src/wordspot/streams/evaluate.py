"""How good a recogniser is live: it hears long recordings, and its events are scored."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from wordspot.config import SILENCE, UNKNOWN, CorpusConfig, Runtime
from wordspot.corpus.corpus import Corpus
from wordspot.deploy.detector import Openable, clip_of, open_recognizer
from wordspot.deploy.onnx_file import OnnxRecognizer
from wordspot.deploy.settings import THRESHOLD, Detection
from wordspot.errors import UsageError
from wordspot.figures import save_figure
from wordspot.files import output_folder, write_json
from wordspot.layout import Split
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import THRESHOLDS, Run
from wordspot.streams.hearing import Heard, hear, live_share
from wordspot.streams.plot import plot_stream
from wordspot.streams.recording import Recording
from wordspot.streams.result import StreamEvaluation, StreamResult
from wordspot.streams.scenes import make_recordings, open_split
from wordspot.streams.settings import StreamConfig
from wordspot.streams.thresholds import Choice, choose_thresholds, score_at, sweep
from wordspot.streams.written import write_said, write_wav


def config_of(recognizer: Recognizer | OnnxRecognizer) -> CorpusConfig:
    """Give the words, window and sampling rate of a recogniser as the config of a corpus."""
    rate, samples = clip_of(recognizer)
    words = tuple(name for name in recognizer.classes if name not in (UNKNOWN, SILENCE))
    return CorpusConfig(words=words, unknown=len(words) < 2, seconds=samples / rate, sample_rate=rate)


def hear_all(
    recordings: Sequence[Recording],
    recognizer: Openable,
    settings: Detection,
    split: Split,
    *,
    quiet: bool,
) -> list[Heard]:
    """Say what is to be heard, and let a recogniser hear it; a bar, if standard error is a terminal."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
    console.print(f"listening to {describe(recordings, split)}")
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Listening", total=sum(recording.seconds for recording in recordings))
        return [
            hear(recording, recognizer, settings, lambda seconds: progress.update(bar, advance=seconds))
            for recording in recordings
        ]


def warn_of_speakers(recognizer: Recognizer, corpus: Corpus) -> None:
    """Warn where test speakers are known to be among those that a recogniser was trained or chosen with."""
    heard = sorted(recognizer.speakers & set(corpus.store.table["speaker"]))
    if heard:
        warnings.warn(
            f"{corpus.data}: {len(heard)} of the test speakers were in training or validation (such as "
            f"{heard[0]}), so new speakers would be missed more often",
            stacklevel=2,
        )


def describe(recordings: Sequence[Recording], split: Split) -> str:
    """Say what recordings are made of."""
    (first, *_), names = recordings, ", ".join(recording.name for recording in recordings)
    hours = first.seconds / 3600
    return (
        f"{len(recordings)} recordings of {hours:g} h ({names}), the first of {split} clips: "
        f"{len(first.said)} words, to recognise or others"
    )


def evaluate_stream(
    recognizer: Openable,
    data: str | Path,
    out: Path | str,
    split: Split = "validation",
    config: StreamConfig = StreamConfig(),
    settings: Detection = Detection(),
    runtime: Runtime = Runtime(),
    *,
    wav: bool = False,
    quiet: bool = False,
) -> StreamEvaluation:
    """Evaluate a recogniser on recordings made of one split; thresholds are those that `detect` would use.

    Leaves stream-<split>.json, stream-<split>.svg and said-<split>.csv (what is said when) in the folder
    `out`, with `wav` also the recordings. Raises UsageError where the split lacks clips of a word, or the
    clips don't fit into the time.
    """
    folder = output_folder(Path(out))
    opened = open_recognizer(recognizer)
    corpus_config = config_of(opened)
    corpus = open_split(data, corpus_config, split, runtime)
    if split == "testing" and isinstance(opened, Recognizer):
        warn_of_speakers(opened, corpus)
    recordings = make_recordings(corpus, split, config)
    heard = hear_all(recordings, opened, settings, split, quiet=quiet)
    chosen = opened.thresholds if settings.threshold is None else {}
    default = THRESHOLD if settings.threshold is None else settings.threshold
    thresholds = {word: chosen.get(word, default) for word in corpus_config.words}
    total_s = sum(recording.seconds for recording in recordings)
    result = StreamEvaluation(
        opened.__class__.__name__ if isinstance(recognizer, torch.nn.Module) else str(recognizer),
        split,
        config,
        settings,
        thresholds,
        {
            "live": live_share(next(one for one in recordings if one.background), opened, settings),
            "in files": sum(one.processor_s for one in heard) / total_s,
        },
        corpus.synthetic,
        [
            StreamResult(
                one.recording.name,
                sum(said.word not in thresholds for said in one.recording.said),
                score_at(one, thresholds),
                sweep(one, corpus_config.words),
            )
            for one in heard
        ],
    )
    write_json(folder / f"stream-{split}.json", result.to_json())
    save_figure(plot_stream(result), folder / f"stream-{split}.svg")
    write_said(recordings[0], folder / f"said-{split}.csv")
    if wav:
        for recording in recordings:
            write_wav(recording, folder / f"{split}-{recording.name.replace(' ', '-')}.wav")
    return result


def tune_thresholds(
    run: Run | Path | str,
    data: str | Path,
    target: float,
    config: StreamConfig = StreamConfig(),
    settings: Detection = Detection(),
    runtime: Runtime = Runtime(),
    *,
    quiet: bool = False,
) -> Choice:
    """Choose thresholds on recordings of words made of the validation split, and store them with the run.

    They allow `target` false accepts an hour, over all of these recordings. Raises UsageError for a
    pretrained recogniser, whose folder is not the user's, and as `evaluate_stream` does.
    """
    run = Run(run)
    if run.pretrained:
        raise UsageError(f"{run}: a pretrained recogniser stays as it is: name the folder of a run")
    recognizer = run.recognizer
    corpus_config = config_of(recognizer)
    corpus = open_split(data, corpus_config, "validation", runtime)
    recordings = make_recordings(corpus, "validation", config, words_only=True)
    heard = hear_all(recordings, recognizer, settings, "validation", quiet=quiet)
    choice = choose_thresholds(heard, corpus_config.words, target)
    write_json(run.folder / THRESHOLDS, choice.thresholds)
    return choice
