"""wordspot synthesize, wordspot own-words."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from wordspot.cli.options import HowToRun, command
from wordspot.config import Runtime
from wordspot.recipes import RECIPES
from wordspot.tts.settings import CLIPS, Synthesis


def synthesize(
    settings: Annotated[Synthesis, arg(name="")],
    words: Annotated[
        Positional[tuple[str, ...]],
        arg(
            metavar="WORD [WORD ...]",
            help="Words to synthesise, in Latin letters.",
            help_behavior_hint="",
        ),
    ],
    out: Annotated[Path, arg(metavar="DIR", help="Folder of the corpus; a stopped synthesis resumes there.")],
) -> None:
    """Make a corpus of synthetic speech in many voices (needs the extra synth)."""
    from wordspot.tts.synthesize import synthesize

    folder = synthesize(words, out, settings)
    after = command("train", "lstm", "--data", folder, "--words", *words, "--out", "RUN")
    print(f"synthetic speech: {folder}\nnext: {after}")


def own_words(
    words: Annotated[
        Positional[tuple[str, ...]],
        arg(
            metavar="WORD [WORD ...]",
            help="Words to recognise, in Latin letters.",
            help_behavior_hint="",
        ),
    ],
    out: Annotated[Path, arg(metavar="DIR", help="Folder for the runs; stopped training resumes there.")],
    recordings: Annotated[
        Path | None,
        arg(
            metavar="DIR",
            help="Your own recordings, <word>/*.wav: half for training beside synthetic speech, half for "
            "testing.",
            help_behavior_hint="",
        ),
    ] = None,
    clips: Annotated[int, arg(help="Synthetic clips of each word.")] = CLIPS,
    seconds: Annotated[float, arg(help="Length of a clip.")] = 1.0,
    model: Annotated[str, arg(metavar="MODEL", help=f"One of {', '.join(RECIPES)}.")] = "wordspot",
    epochs: Annotated[
        int | None,
        arg(metavar="N", help="Most epochs; by default those of the model's recipe.", help_behavior_hint=""),
    ] = None,
    runtime: HowToRun = Runtime(),
) -> None:
    """Train a recogniser of your own words in minutes (needs the extra synth)."""
    from wordspot.evaluation.tables import evaluation_table
    from wordspot.experiments.own_words import own_words

    result = own_words(
        words, out, recordings, runtime, model=model, clips=clips, seconds=seconds, epochs=epochs
    )
    evaluation_table(result.synthetic).print()
    if result.synthetic_only and result.with_recordings:
        print("\nYour test recordings, by the recogniser trained on synthetic speech only:")
        evaluation_table(result.synthetic_only).print()
        print("\nYour test recordings, by the recogniser trained on your other recordings too:")
        evaluation_table(result.with_recordings).print()
    after = command("predict", "hello.wav", "--run", result.run)
    print(f"recogniser: {result.run}\nnext: {after}")
