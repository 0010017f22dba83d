"""Hard negatives: what a recogniser takes for a word in recordings of training clips, as clips."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile

from wordspot.config import Runtime
from wordspot.deploy.detector import Event, open_recognizer
from wordspot.deploy.settings import Detection
from wordspot.files import atomic_folder
from wordspot.layout import NOHASH
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import Run
from wordspot.streams.backgrounds import Samples
from wordspot.streams.evaluate import config_of, hear_all
from wordspot.streams.hearing import Heard
from wordspot.streams.recording import Recording
from wordspot.streams.scenes import make_recordings, open_split
from wordspot.streams.scoring import match
from wordspot.streams.settings import StreamConfig

SPEAKER = "mistaken"
"""Speaker of all clips: Speech Commands takes none without one, and by its rule this one's clips train."""


def mine_false_accepts(
    run: Recognizer | Run | Path | str,
    data: str | Path,
    out: Path | str,
    threshold: float = 0.5,
    config: StreamConfig = StreamConfig(),
    runtime: Runtime = Runtime(),
    *,
    quiet: bool = False,
) -> list[Path]:
    """Write the windows in which a recogniser takes something else for a word, as WAV files in a new folder.

    The recordings are those of `evaluate_stream`, made of training clips. Put beside the word folders of a
    corpus, the folder is one more other word, whose clips are named so that they train. Raises UsageError as
    `evaluate_stream` does.
    """
    recognizer = open_recognizer(run)
    corpus = open_split(data, config_of(recognizer), "training", runtime)
    recordings = make_recordings(corpus, "training", config)
    written: list[Path] = []
    with atomic_folder(Path(out)) as part:
        for heard in hear_all(recordings, recognizer, Detection(), "training", quiet=quiet):
            starts = false_starts(heard, threshold, corpus.config.words)
            for clip in cut(heard.recording, starts, heard.window):
                name = f"{SPEAKER}{NOHASH}{len(written)}.wav"
                samples = np.round(np.clip(clip, -1, 1) * 32767).astype(np.int16)
                soundfile.write(part / name, samples, heard.recording.sample_rate, subtype="PCM_16")
                written.append(Path(out) / name)
    return written


def false_starts(heard: Heard, threshold: float, words: Sequence[str]) -> list[int]:
    """List the samples at which windows begin that are no word, and are taken for one.

    A false accept while a word is said, such as one that is told twice, is left out.
    """
    rate, said = heard.recording.sample_rate, [one for one in heard.recording.said if one.word in words]
    events = heard.events([threshold] * len(heard.classes))

    def is_clear(event: Event) -> bool:
        end = event.start + heard.window / rate
        return not any(one.start < end and event.start < one.end for one in said)

    return [round(event.start * rate) for event in match(events, said, words).false if is_clear(event)]


def cut(recording: Recording, starts: Sequence[int], length: int) -> Iterator[Samples]:
    """Cut clips [length] out of a recording at samples in rising order; what is beyond its end is silent."""
    waiting = list(starts)
    kept, first = np.zeros(0, np.float32), 0  # the samples from number `first` on
    for block in recording.blocks():
        kept = np.concatenate([kept, block])
        while waiting and waiting[0] + length <= first + len(kept):
            start = waiting.pop(0) - first
            yield kept[start : start + length]
        needed = min(waiting[0] if waiting else first + len(kept), first + len(kept))
        kept, first = kept[needed - first :], needed
    for start in waiting:
        clip = kept[max(0, start - first) :][:length]
        yield np.pad(clip, (0, length - len(clip)))
