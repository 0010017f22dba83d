"""The recordings on which a recogniser is judged: words in three surroundings, and sounds without a word."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wordspot.audio.room import draw_room
from wordspot.config import UNKNOWN, CorpusConfig, Runtime
from wordspot.corpus.corpus import Corpus, decode
from wordspot.corpus.folder import word_in
from wordspot.corpus.index import assert_speakers_apart
from wordspot.corpus.noise import noise_of
from wordspot.corpus.sources import find_index
from wordspot.errors import UsageError
from wordspot.files import cache_folder
from wordspot.layout import SPLITS, Split, check_split
from wordspot.streams.backgrounds import Background, music, pink, recorded, speech
from wordspot.streams.recording import Recording, Said, Utterance, speech_span
from wordspot.streams.settings import StreamConfig
from wordspot.tts.common_words import sentences
from wordspot.tts.settings import Synthesis, Variety
from wordspot.tts.texts import cached_texts

WORDS_PER_HOUR, OTHERS_PER_HOUR = 340, 515
"""How many words to recognise, and other words, are said in an hour."""
SENTENCES_PER_HOUR = 600
"""Sentences of running speech that are made for an hour, which takes about twice as many."""
SPEAKERS = 100
"""Seed of the speakers of running speech, added to the number of the split: they say no clip of a corpus."""

Sound = Literal["none", "noise", "music", "speech", "quiet"]


@dataclass(frozen=True)
class Scene:
    """One kind of recording."""

    name: str
    words: bool
    """Whether anyone says words."""
    sound: Sound
    """What is heard behind and between them."""
    level_db: float
    """Its level in decibels, relative to a clip of speech."""
    echo: bool = False
    """Whether each word is said in a room of its own."""


def scenes(snr_db: float) -> list[Scene]:
    """List the scenes, with recorded noise at a signal-to-noise ratio."""
    return [
        Scene("clean", True, "none", 0.0),
        Scene(f"noise at {snr_db:g} dB", True, "noise", -snr_db),
        Scene("room echo", True, "none", 0.0, echo=True),
        Scene("running speech", False, "speech", 0.0),
        Scene("music", False, "music", 0.0),
        Scene("noise alone", False, "noise", 0.0),
        Scene("quiet room", False, "quiet", -30.0),
    ]


def open_split(data: str | Path, config: CorpusConfig, split: Split, runtime: Runtime = Runtime()) -> Corpus:
    """Open the clips of one split, all other words than those of `config` as `_unknown_`.

    Raises UsageError where the split has no clip of a word.
    """
    check_split(split)
    config = CorpusConfig(
        words=config.words, unknown=True, seconds=config.seconds, sample_rate=config.sample_rate
    )
    index = find_index(data, config.words, unknown=True, speaker_from=runtime.speaker_from)
    assert_speakers_apart(index.clips)
    clips = [
        clip if clip.word in config.words else replace(clip, word=UNKNOWN)
        for clip in index.clips
        if clip.split == split
    ]
    silent = sorted(set(config.words) - {clip.word for clip in clips})
    if silent:
        raise UsageError(f"{data}: no clips of {', '.join(silent)} in the {split} split: name other clips")
    return decode(data, replace(index, clips=clips), config, runtime)


def make_recordings(
    corpus: Corpus, split: Split, config: StreamConfig = StreamConfig(), *, words_only: bool = False
) -> list[Recording]:
    """Make one recording of each scene from clips of a corpus of `open_split`.

    All scenes with words say the same at the same times; `words_only` leaves out the others. Noise is cropped
    from the split's share of the background recordings, or is pink where the corpus has none. Without a
    synthesiser there is no running speech, and a warning. Raises UsageError where the clips don't fit into
    the time.
    """
    rate = corpus.config.sample_rate
    samples = round(config.hours * 3600 * rate)
    spoken = lay_out(corpus, split, config)
    sounds = backgrounds(corpus, split, config, running_speech=not words_only)
    number = SPLITS.index(split)
    made = []
    for place, scene in enumerate(scenes(config.snr_db)):
        if (words_only and not scene.words) or (scene.sound != "none" and scene.sound not in sounds):
            continue
        said: Sequence[Utterance] = spoken if scene.words else []
        if scene.echo:
            said = [
                replace(one, room=draw_room(np.random.default_rng((config.seed, number, n))))
                for n, one in enumerate(said)
            ]
        background = sounds.get(scene.sound)
        made.append(
            Recording(
                scene.name, rate, samples, said, background, scene.level_db, (config.seed, number, place)
            )
        )
    return made


def lay_out(corpus: Corpus, split: Split, config: StreamConfig) -> list[Utterance]:
    """Draw who says what when: the clips of a split in turn, with gaps as between events at random times.

    Raises UsageError where the clips don't fit into the time.
    """
    draw = np.random.default_rng((config.seed, SPLITS.index(split)))
    table, rows = corpus.store.table, corpus.rows(split)
    other = (table["word"].to_numpy() == UNKNOWN)[rows]
    dealt = [
        deal(some, max(1, round(per_hour * config.hours)), draw)
        for some, per_hour in ((rows[~other], WORDS_PER_HOUR), (rows[other], OTHERS_PER_HOUR))
        if len(some)
    ]
    chosen = draw.permutation(np.concatenate(dealt))
    lengths = table["length"].to_numpy()[chosen]
    free = round(config.hours * 3600 * corpus.config.sample_rate) - int(lengths.sum())
    if free < 0:
        raise UsageError(f"hours: {len(chosen)} clips don't fit into {config.hours:g} h: make it longer")
    before = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    starts = np.sort(draw.integers(0, free + 1, len(chosen))) + before
    return [
        utterance(corpus, int(row), int(start), int(length))
        for row, start, length in zip(chosen, starts, lengths, strict=True)
    ]


def utterance(corpus: Corpus, row: int, first: int, length: int) -> Utterance:
    """Put a clip of the store into a recording."""
    clip = corpus.store.samples[row, :length]
    rate, entry = corpus.config.sample_rate, corpus.store.table.iloc[row]
    start, end = speech_span(clip, rate)
    word = entry["word"] if entry["word"] != UNKNOWN else word_in(entry["path"])
    return Utterance(Said(word, (first + start) / rate, (first + end) / rate, entry["path"]), first, clip)


def deal(rows: NDArray[np.int64], count: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """Deal `count` of some rows: each once, in any order, before any comes again."""
    turns = [draw.permutation(rows) for _ in range(-(-count // len(rows)))]
    return np.concatenate(turns)[:count]


def backgrounds(
    corpus: Corpus, split: Split, config: StreamConfig, *, running_speech: bool
) -> dict[Sound, Background]:
    """Make what is heard behind and between the words."""
    rate = corpus.config.sample_rate
    noise = noise_of(split, corpus.noises, rate, convert=True)
    made: dict[Sound, Background] = {
        "noise": recorded(noise) if len(noise) > rate else pink,
        "music": music(rate),
        "quiet": pink,
    }
    if not running_speech:
        return made
    number = SPLITS.index(split)
    said = sentences(
        math.ceil(SENTENCES_PER_HOUR * config.hours), corpus.config.words, config.seed * len(SPLITS) + number
    )
    speakers = Synthesis(seed=SPEAKERS + number, variety=Variety(phrase=False))
    try:
        made["speech"] = speech(cached_texts("sentences", said, cache_folder(), speakers), rate)
    except UsageError as error:
        warnings.warn(f"left out running speech: {error}", stacklevel=2)
    return made
