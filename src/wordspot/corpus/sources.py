"""Where the clips of a corpus come from: its folder or its name, and synthetic speech that is added to it."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from wordspot.audio.io import header, read_clip
from wordspot.config import COMMANDS, SYNTHETIC, UNKNOWN, CorpusConfig, Runtime
from wordspot.corpus.folder import index_folder
from wordspot.corpus.index import ADDED, OTHER_WORDS, Clip, Index
from wordspot.corpus.shards import ABOUT, About
from wordspot.corpus.speech_commands import download, index_speech_commands, version_in
from wordspot.errors import ClipError, UsageError
from wordspot.files import cache_folder
from wordspot.tts.common_words import WORDS_PER_SENTENCE, other_texts
from wordspot.tts.near_words import near_words
from wordspot.tts.settings import CLIPS, Synthesis
from wordspot.tts.synthesize import cached
from wordspot.tts.texts import cached_texts

SPEECH_COMMANDS = "speech-commands"
SYNTHETIC_SPEECH = "synthetic"
OTHERS = ("bed", "bird", "cat", "dog", "five", "happy", "house", "nine", "seven", "tree", "wow", "zero")
"""Words in synthetic speech for the class of other words."""
OTHER_SPEAKERS = 1
"""Seed of the speakers who say other words beside recorded clips: they say none of the words."""


def find_index(
    data: str | Path,
    words: Sequence[str] = COMMANDS,
    *,
    unknown: bool = False,
    speaker_from: str | None = None,
) -> Index:
    """Index a corpus by its folder (a torchaudio root, or folders of words) or by its name.

    `speech-commands` is downloaded once; `synthetic` is made once, from `words` and with `unknown` also
    others. The regular expression `speaker_from` names the speakers of any other corpus, as in `Runtime`.
    Raises UsageError or WordspotError where there is no such corpus or `speaker_from` finds no speaker.
    """
    root = Path(data)
    if str(data) == SPEECH_COMMANDS:
        root = cache_folder() / SPEECH_COMMANDS
        if version_in(root) is None:
            download(root)
    if str(data) == SYNTHETIC_SPEECH:
        refuse_speaker_from(speaker_from, data)
        said = (*words, *(word for word in OTHERS if unknown and word not in words))
        return synthetic_index(said, CLIPS)
    version = version_in(root)
    if version is None:
        return index_folder(root, speaker_from)
    refuse_speaker_from(speaker_from, data)
    return index_speech_commands(root, version)


def refuse_speaker_from(speaker_from: str | None, data: str | Path) -> None:
    """Raise UsageError where speakers are to be named by a regular expression in a corpus that names them."""
    if speaker_from is not None:
        raise UsageError(f"speaker_from: {data} names its speakers itself: leave out --speaker-from")


def words_in(data: str | Path, words: Sequence[str], runtime: Runtime = Runtime()) -> tuple[str, ...]:
    """Give the words to recognise in a corpus: `words`, unless these are the ten commands and it lacks one.

    Then they are all words that it has, and a warning says so. Raises what `find_index` raises.
    """
    if tuple(words) != COMMANDS or str(data) in (SPEECH_COMMANDS, SYNTHETIC_SPEECH):
        return tuple(words)
    if (Path(data) / ABOUT).is_file():
        return About.read(Path(data)).corpus.words
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is opened for use later
        there = find_index(data, words, speaker_from=runtime.speaker_from).words
    missing = [word for word in words if word not in there]
    if not missing:
        return tuple(words)
    lacks = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not"
    if len(missing) == len(words):
        lacks = "none of the ten commands is"
    taken = ", ".join(there[:10]) + (", ..." if len(there) > 10 else "")
    warnings.warn(
        f"{lacks} in {data}, so all {len(there)} words there are taken ({taken}): choose some with --words",
        stacklevel=2,
    )
    return tuple(there)


def synthetic_index(words: Sequence[str], clips: int) -> Index:
    """Index synthetic speech of `words`, made on first use and kept in the cache folder."""
    index = index_folder(cached(words, cache_folder(), Synthesis(clips=clips)))
    return replace(index, clips=[clip for clip in index.clips if clip.word in words])


def refuse_more_speech(config: CorpusConfig, data: str | Path) -> None:
    """Raise UsageError where synthetic clips are to be added to a corpus that is synthetic speech itself."""
    for setting in SYNTHETIC:
        if getattr(config, setting):
            option = f"--{setting.replace('_', '-')}"
            raise UsageError(f"{data}: is synthetic speech already: leave out {option}")


def add_synthetic(index: Index, config: CorpusConfig) -> Index:
    """Add synthetic clips of the chosen words to the training split.

    A corpus without recorded validation clips gets synthetic ones, of a tenth of the synthetic speakers; one
    without background noise gets that of the synthetic corpus.
    """
    made = synthetic_index(config.words, config.synthetic)
    validated = any(clip.split == "validation" and clip.word in config.words for clip in index.clips)
    added = [
        replace(
            clip,
            path=f"{ADDED}{clip.path}",
            split="validation" if clip.split == "validation" and not validated else "training",
        )
        for clip in made.clips
    ]
    noises = index.noises or made.noises
    return replace(index, clips=index.clips + added, noises=noises, added=made.root)


def add_other_words(index: Index, chosen: list[Clip], config: CorpusConfig) -> tuple[Index, list[Clip]]:
    """Add synthetic clips of other words to the training clips of `_unknown_`.

    Half of those of `synthetic_unknown` are single words, half are crops of running speech, with pieces of
    words in them. Each word and each sentence has its own speaker.
    """
    # A sentence gives as many clips as the words before it, so half as many groups of both are needed.
    count = math.ceil(config.synthetic_unknown * (WORDS_PER_SENTENCE + 1) / (2 * WORDS_PER_SENTENCE))
    common = other_texts(count, config.words)
    near = near_words(config.synthetic_near, config.words) if config.synthetic_near else []
    others = [word for word in index.words if word not in config.words]
    single = near + others * config.synthetic_others
    texts = common + single
    files = cached_texts("other-words", texts, cache_folder(), Synthesis(seed=OTHER_SPEAKERS))
    added: list[Clip] = []
    for number, (text, file) in enumerate(zip(texts, files, strict=True)):
        path = f"{OTHER_WORDS}{file.parent.name}/{file.name}"
        clip = Clip(path, UNKNOWN, f"_other_words_{number}", "training")
        is_sentence = number < len(common) and " " in text
        added += crops(clip, file, number, config.seconds) if is_sentence else [clip]
    few = added[: config.synthetic_unknown] + added[len(added) - len(single) :]
    return replace(index, other_words=files[0].parents[1]), chosen + few


def crops(clip: Clip, file: Path, seed: int, seconds: float) -> list[Clip]:
    """Crop WORDS_PER_SENTENCE clips of some seconds out of a sentence, at drawn places."""
    info = header(file)
    length = round(seconds * info.samplerate)
    last = max(0, info.frames - length)
    starts = np.random.default_rng(seed).integers(0, last + 1, WORDS_PER_SENTENCE)
    return [replace(clip, start=int(start), stop=min(int(start) + length, info.frames)) for start in starts]


def usable(noises: list[Path], sample_rate: int) -> list[Path]:
    """Leave out recordings of noise that can't be read, with a warning for each."""
    kept = []
    for path in noises:
        try:
            read_clip(path, sample_rate, convert=True)  # whole, since a header may lie
        except ClipError as error:
            warnings.warn(f"left out {error}", stacklevel=2)
        else:
            kept.append(path)
    return kept
