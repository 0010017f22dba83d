"""wordspot study."""

from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from wordspot.cli.options import Convert, Data, Device, SkipBad, Threads
from wordspot.config import BASELINES, CorpusConfig


def study(
    corpus: CorpusConfig,
    data: Data,
    out: Annotated[Path, arg(metavar="DIR", help="Folder of the study; one that was stopped goes on there.")],
    models: Annotated[
        tuple[str, ...], arg(metavar="MODEL", help="Models to train, by the names that `train` knows.")
    ] = BASELINES,
    device: Device = "cpu",
    threads: Threads = None,
    convert: Convert = False,
    skip_bad: SkipBad = False,
) -> None:
    """Train models, score each on the test part, and table the results."""
    from wordspot.analysis.tables import print_study
    from wordspot.study.study import run_study

    rows = run_study(
        corpus, data, out, models, device=device, threads=threads, convert=convert, skip_bad=skip_bad
    )
    print_study(rows)
    print(f"results: {out}")
