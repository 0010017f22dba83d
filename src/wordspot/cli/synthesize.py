"""wordspot synthesize, wordspot own-words."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from wordspot.cli.options import Convert, Threads
from wordspot.corpus.synthetic.settings import CLIPS, Synthesis
from wordspot.recipes import RECIPES


def synthesize(
    settings: Synthesis,
    words: Annotated[
        Positional[tuple[str, ...]], arg(metavar="WORD", help="Words to say, in Latin letters.")
    ],
    out: Annotated[
        Path, arg(metavar="DIR", help="Folder of the corpus; one that was stopped goes on there.")
    ],
) -> None:
    """Make a corpus of synthetic speech: many voices, rooms and microphones (needs the extra synth)."""
    from wordspot.corpus.synthetic.synthesize import synthesize

    folder = synthesize(words, out, settings)
    print(f"synthetic speech: {folder}")
    print(f"next: wordspot train lstm --data {folder} --words {' '.join(words)} --out RUN")


def own_words(
    words: Annotated[
        Positional[tuple[str, ...]], arg(metavar="WORD", help="Words to tell apart, in Latin letters.")
    ],
    out: Annotated[Path, arg(metavar="DIR", help="Folder for the runs; one that was stopped goes on there.")],
    recordings: Annotated[
        Path | None,
        arg(
            metavar="DIR",
            help="Recordings of your own, <word>/*.wav: half train beside synthetic speech, half test.",
        ),
    ] = None,
    clips: Annotated[int, arg(help="Synthetic clips of each word.")] = CLIPS,
    seconds: Annotated[float, arg(help="Length that is heard of each clip.")] = 1.0,
    model: Annotated[str, arg(help=f"One of {', '.join(RECIPES)}.")] = "wordspot",
    convert: Convert = False,
    threads: Threads = None,
) -> None:
    """Train a recogniser of your own words on synthetic speech, in minutes (needs the extra synth)."""
    from wordspot.analysis.tables import print_evaluation
    from wordspot.study.own_words import own_words

    result = own_words(
        words, out, recordings, model=model, clips=clips, seconds=seconds, convert=convert, threads=threads
    )
    print_evaluation(result.synthetic)
    if result.unheard and result.heard:
        print("\nYour recordings, heard by the recogniser of synthetic speech alone:")
        print_evaluation(result.unheard)
        print("\nThe same, heard by the recogniser that was trained on your other recordings too:")
        print_evaluation(result.heard)
    print(f"recogniser: {result.run}\nnext: wordspot predict hello.wav --run {result.run}")
