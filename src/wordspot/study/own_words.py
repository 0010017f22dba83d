"""A recogniser of words of one's own: synthetic speech, and what recordings of one's own there are."""

import hashlib
import json
import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile

from wordspot.analysis.evaluate import Evaluation, evaluate
from wordspot.config import CorpusConfig
from wordspot.corpus.audio import read_clip
from wordspot.corpus.folder import index_folder
from wordspot.corpus.index import Clip, Split
from wordspot.corpus.partition import NOHASH, write_lists
from wordspot.corpus.store import cache_folder
from wordspot.corpus.synthetic.settings import CLIPS, Synthesis
from wordspot.corpus.synthetic.synthesize import cached
from wordspot.corpus.synthetic.words import check_words
from wordspot.errors import ClipError, UsageError, WordspotError
from wordspot.files import output_folder, whole_folder, write_json
from wordspot.recipes import RECIPES
from wordspot.study.experiments import check_known
from wordspot.training.loop import train

MODEL = "wordspot"
MOST_TIMES = 25
"""How often an epoch goes through recordings at most; about as often as through synthetic clips if it can."""
HALVES = "halves"
"""The folder of the recordings as they were used."""
SOURCES = "sources.json"
"""The file in it that tells what they were made of."""


@dataclass(frozen=True)
class OwnWords:
    """Runs for words of one's own, and their scores."""

    run: Path
    """The recogniser to use: the one that has heard the recordings where there are any."""
    synthetic: Evaluation
    """Of the run of synthetic speech alone, on synthetic speech."""
    unheard: Evaluation | None = None
    """Of the run of synthetic speech alone, on the recordings that test."""
    heard: Evaluation | None = None
    """Of the run that has heard the other recordings, on the same."""


def own_words(
    words: Sequence[str],
    out: str | Path,
    recordings: str | Path | None = None,
    *,
    model: str = MODEL,
    clips: int = CLIPS,
    seconds: float = 1.0,
    convert: bool = False,
    threads: int | None = None,
) -> OwnWords:
    """Train a recogniser of `words` on synthetic speech, and on half of one's own `recordings` where given.

    The speech has `clips` of each word, of which `seconds` are heard. `recordings` is a folder of
    <word>/*.wav or *.flac; the other half of them tests. With several speakers (<speaker>_nohash_<n>.wav) a
    speaker is in one half only; else all recordings count as one speaker's, whose voice is then heard in
    training, which a warning says. Leaves the runs `synthetic` and `recorded`, and as `halves` the recordings
    as they were used, in the folder `out`. Raises UsageError for words that can't be said, a model that isn't
    known, recordings that can't be halved or are synthetic, and a folder `out` of other recordings;
    WordspotError for a recording that can't be used.
    """
    check_words(words)
    check_known("model", [model], list(RECIPES))
    corpus = CorpusConfig(words=tuple(words), seconds=seconds)
    recipe = replace(RECIPES[model], corpus=corpus)
    halves = None if recordings is None else halve(Path(recordings), words)
    folder = output_folder(Path(out))
    kept = folder / HALVES
    if recordings is not None and halves is not None:
        keep_halves(Path(recordings), halves, kept, corpus.rate_hz, convert=convert)

    speech = cached(words, cache_folder(), Synthesis(clips=clips))
    alone = train(recipe, speech, folder / "synthetic", threads=threads)
    synthetic = evaluate(alone, speech)
    if halves is None:
        return OwnWords(alone, synthetic)

    unheard = evaluate(alone, kept)
    recorded = sum(part == "training" for part in halves.values())
    times = min(max(clips * len(words) // recorded, 1), MOST_TIMES)
    mixed = replace(recipe, corpus=replace(corpus, synthetic=clips, recorded_times=times))
    run = train(mixed, kept, folder / "recorded", threads=threads)
    return OwnWords(run, synthetic, unheard, evaluate(run, kept))


def halve(recordings: Path, words: Sequence[str]) -> dict[Clip, Split]:
    """Put one half of the recordings of each word into the training part and the other into the test part.

    Speakers are halved where there are several. Raises UsageError where there are no recordings, where they
    are synthetic speech, or where a word would be missing in a half.
    """
    if not recordings.is_dir():
        raise UsageError(f"{recordings}: no such folder: --recordings takes a folder of <word>/*.wav")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*name no speaker")  # they are taken for one speaker's
        index = index_folder(recordings)
    if index.synthetic:
        raise UsageError(f"{recordings}: is synthetic speech: --recordings takes those of human voices")
    clips = [clip for clip in index.clips if clip.word in words]
    speakers = sorted({clip.speaker for clip in clips if NOHASH in clip.path})
    several = len(speakers) > 1 and all(NOHASH in clip.path for clip in clips)
    parts: dict[Clip, Split] = {}
    number: dict[str, int] = defaultdict(int)
    for clip in clips:
        place = speakers.index(clip.speaker) if several else number[clip.word]
        parts[clip] = "testing" if place % 2 else "training"
        number[clip.word] += 1
    for word in words:
        there = {part for clip, part in parts.items() if clip.word == word}
        if len(there) < 2:
            need = "by two speakers or more" if several else "two or more"
            raise UsageError(
                f"{recordings}: too few recordings of {word}: {need} are needed, to train by and to test"
            )
    if not several:
        warnings.warn(
            "the recordings count as one speaker's: half of them train, half test, so the score is of a "
            f"voice that was heard: name several speakers' files <speaker>{NOHASH}<number>.wav for another",
            stacklevel=2,
        )
    return parts


def keep_halves(
    recordings: Path, halves: dict[Clip, Split], out: Path, rate_hz: int, *, convert: bool
) -> None:
    """Copy recordings to the folder `out` with lists of their parts; each half of one speaker's gets a name.

    What is there already is left as it is. Raises UsageError where that is of other recordings, and
    WordspotError for a recording that can't be used.
    """
    sources = {
        clip.path: [part, hashlib.sha1((recordings / clip.path).read_bytes()).hexdigest()]
        for clip, part in halves.items()
    }
    if out.exists():
        described = out / SOURCES
        if not described.is_file() or json.loads(described.read_text(encoding="utf-8")) != sources:
            raise UsageError(f"{out}: holds other recordings: choose another --out")
        return
    halved = defaultdict(set)
    for clip, part in halves.items():
        halved[clip.speaker if NOHASH in clip.path else ""].add(part)
    shared = any(len(parts) > 1 for parts in halved.values())
    parts: list[tuple[str, Split]] = []
    with whole_folder(out) as folder:
        for number, (clip, part) in enumerate(halves.items()):
            speaker = f"me-{part}" if shared else clip.speaker
            path = folder / clip.word / f"{speaker}{NOHASH}{number}.wav"
            path.parent.mkdir(exist_ok=True)
            try:
                samples = read_clip(recordings / clip.path, rate_hz, convert=convert)
            except ClipError as error:
                raise WordspotError(f"{error}: mend or remove it") from None
            soundfile.write(path, samples, rate_hz)
            parts.append((path.relative_to(folder).as_posix(), part))
        write_lists(folder, parts)
        write_json(folder / SOURCES, sources)
