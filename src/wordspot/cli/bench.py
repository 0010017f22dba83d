"""wordspot bench."""

from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from wordspot.cli.options import Data
from wordspot.config import COMMANDS, CorpusConfig


def bench(
    data: Data,
    words: Annotated[
        tuple[str, ...],
        arg(
            metavar="WORD [WORD ...]",
            help="Words to train on, by default as in `train`.",
            help_behavior_hint="",
        ),
    ] = COMMANDS,
    large: Annotated[
        int | None,
        arg(
            metavar="CLIPS",
            help="Also pack and open a corpus of so many clips, made of links (32 kB of disk for each).",
            help_behavior_hint="",
        ),
    ] = None,
    out: Annotated[
        Path | None, arg(metavar="FILE", help="File for the measurements (JSON).", help_behavior_hint="")
    ] = None,
) -> None:
    """Measure how fast this machine trains and recognises, as ratios of times taken in turns."""
    from wordspot.bench.bench import as_json, run_bench
    from wordspot.bench.measurement import measurements_table
    from wordspot.corpus.sources import words_in
    from wordspot.files import output_folder, write_json

    if out:
        output_folder(out.parent)
    found, about = run_bench(data, CorpusConfig(words=words_in(data, words)), large)
    measurements_table(found).print()
    print(
        f"one thread of {about['machine']['processor']}: products of matrices "
        f"{about['matrix_products_gflops']:.0f} GFLOP/s, copies {about['copies_gb_per_second']:.1f} GB/s"
    )
    if out:
        write_json(out, as_json(found, about))
        print(f"written: {out}")
