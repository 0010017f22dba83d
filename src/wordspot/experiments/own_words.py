"""A recogniser of one's own words, from synthetic speech and whatever recordings there are."""

import hashlib
import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wordspot.audio.io import read_clip, regular_size
from wordspot.audio.wav import write_wav
from wordspot.config import Runtime, vary
from wordspot.corpus.folder import index_folder
from wordspot.corpus.index import Clip
from wordspot.errors import ClipError, UsageError, WordspotError
from wordspot.evaluation.evaluate import evaluate
from wordspot.files import atomic_folder, cache_folder, locked, output_folder, read_json, write_json
from wordspot.layout import NOHASH, Split, write_lists
from wordspot.recipes import recipe as recipe_named
from wordspot.runs.evaluation import Evaluation
from wordspot.runs.run import Run
from wordspot.training.loop import train
from wordspot.tts.settings import CLIPS, Synthesis
from wordspot.tts.synthesize import cached
from wordspot.tts.words import check_words

MODEL = "wordspot"
MOST_TIMES = 25
"""Most passes over the recordings in an epoch; else both kinds of clips are seen equally often."""
HALVES = "halves"
"""Folder of the recordings as they were used."""
SOURCES = "sources.json"
"""File in it that names the original recordings."""


@dataclass(frozen=True)
class OwnWords:
    """A recogniser of one's own words, and its scores."""

    run: Run
    """The recogniser to use: the one trained on recordings too, where there are any."""
    synthetic: Evaluation
    """The run trained on synthetic speech only, evaluated on synthetic speech."""
    synthetic_only: Evaluation | None = None
    """The run trained on synthetic speech only, evaluated on the test recordings."""
    with_recordings: Evaluation | None = None
    """The run trained on the other recordings too, evaluated on the test recordings."""


def own_words(
    words: Sequence[str],
    out: str | Path,
    recordings: str | Path | None = None,
    runtime: Runtime = Runtime(),
    *,
    model: str = MODEL,
    clips: int = CLIPS,
    seconds: float = 1.0,
    epochs: int | None = None,
) -> OwnWords:
    """Train a recogniser of `words` on synthetic speech, and on half of one's own `recordings` where given.

    The speech has `clips` of each word, each `seconds` long. `epochs` are those of the model's recipe where
    None. `recordings` is a folder of <word>/*.wav or *.flac; its other half is the test split. Where it has
    several speakers (<speaker>_nohash_<n>.wav, or by `runtime.speaker_from`), each is in one half only; else
    all recordings count as one speaker, whose voice is then in training, and a warning says so. Leaves the
    runs `synthetic` and `recorded`, and the recordings as they were used in `halves`, in the folder `out`.
    Raises UsageError for words that can't be synthesised, an unknown model, recordings that can't be halved
    or are synthetic, and a folder `out` with other recordings; WordspotError for a recording that can't be
    used.
    """
    check_words(words)
    recipe = vary(recipe_named(model), words=tuple(words), seconds=seconds)
    if epochs is not None:
        recipe = vary(recipe, epochs=epochs)
    halves = None if recordings is None else halve(Path(recordings), words, runtime.speaker_from)
    runtime = replace(runtime, speaker_from=None)  # both kinds of clips are named as in Speech Commands
    folder = output_folder(Path(out))
    kept = folder / HALVES
    if recordings is not None and halves is not None:
        with locked(kept):
            keep_halves(Path(recordings), halves, kept, recipe.corpus.sample_rate, convert=runtime.convert)

    speech = cached(words, cache_folder(), Synthesis(clips=clips))
    alone = train(recipe, speech, folder / "synthetic", runtime)
    synthetic = evaluate(alone, speech, "testing", runtime)
    if halves is None:
        return OwnWords(alone, synthetic)

    synthetic_only = evaluate(alone, kept, "testing", runtime)
    recorded = sum(split == "training" for split in halves.values())
    times = min(max(clips * len(words) // recorded, 1), MOST_TIMES)
    run = train(vary(recipe, synthetic=clips, recorded_times=times), kept, folder / "recorded", runtime)
    return OwnWords(run, synthetic, synthetic_only, evaluate(run, kept, "testing", runtime))


def halve(recordings: Path, words: Sequence[str], speaker_from: str | None = None) -> dict[Clip, Split]:
    """Put one half of the recordings of each word into the training split and the other into the test split.

    Speakers, as in `index_folder`, are halved where there are several; else each half has a name. Raises
    UsageError where there are no recordings, where they are synthetic speech, or where a word would be
    missing in a half.
    """
    if not recordings.is_dir():
        raise UsageError(f"{recordings}: no such folder: --recordings takes a folder of <word>/*.wav")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*name no speaker")  # they count as one speaker
        index = index_folder(recordings, speaker_from)
    if index.synthetic:
        raise UsageError(f"{recordings}: is synthetic speech: --recordings takes recordings of people")
    inside = index.root.relative_to(recordings)
    chosen = [clip for clip in index.clips if clip.word in words]
    speakers = sorted({clip.speaker for clip in chosen})
    several = len(speakers) > 1 and all(clip.path not in index.nameless for clip in chosen)
    splits: dict[Clip, Split] = {}
    number: dict[str, int] = defaultdict(int)
    for clip in chosen:
        place = speakers.index(clip.speaker) if several else number[clip.word]
        split: Split = "testing" if place % 2 else "training"
        speaker = clip.speaker if several else f"me-{split}"
        splits[replace(clip, path=(inside / clip.path).as_posix(), speaker=speaker)] = split
        number[clip.word] += 1
    for word in words:
        there = {split for clip, split in splits.items() if clip.word == word}
        if len(there) < 2:
            need = "by two speakers or more" if several else "two or more"
            raise UsageError(
                f"{recordings}: too few recordings of {word}: {need} are needed, to train by and to test"
            )
    if not several:
        warnings.warn(
            "the recordings count as one speaker, half for training and half for testing, so the score is "
            f"that of a known voice: to test on new ones, name files <speaker>{NOHASH}<number>.wav, or say "
            "with --speaker-from how they name speakers",
            stacklevel=2,
        )
    return splits


def keep_halves(
    recordings: Path, halves: dict[Clip, Split], out: Path, sample_rate: int, *, convert: bool
) -> None:
    """Copy recordings to the folder `out`, named by their speakers, with lists of their parts.

    What is there already is left as it is. Raises UsageError where that is of other recordings, and
    WordspotError for a recording that can't be used.
    """
    sources = {
        clip.path: [part, hashlib.sha1(bytes_of(recordings / clip.path)).hexdigest()]
        for clip, part in halves.items()
    }
    if out.exists():
        described = out / SOURCES
        if not described.is_file() or read_json(described) != sources:
            raise UsageError(f"{out}: holds other recordings: choose another --out")
        return
    parts: list[tuple[str, Split]] = []
    with atomic_folder(out) as folder:
        for number, (clip, part) in enumerate(halves.items()):
            speaker = clip.speaker.replace("/", "-")  # a regular expression may find several folders
            path = folder / clip.word / f"{speaker}{NOHASH}{number}.wav"
            path.parent.mkdir(exist_ok=True)
            try:
                samples = read_clip(recordings / clip.path, sample_rate, convert=convert)
            except ClipError as error:
                raise WordspotError(f"{error}: replace or remove it") from None
            write_wav(path, samples, sample_rate)
            parts.append((path.relative_to(folder).as_posix(), part))
        write_lists(folder, parts)
        write_json(folder / SOURCES, sources)


def bytes_of(path: Path) -> bytes:
    """Read a file. Raises ClipError where it is none, since to read a pipe would wait for ever."""
    regular_size(path)
    return path.read_bytes()
