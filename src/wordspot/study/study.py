"""Many runs, one comparison: trains models on the same clips and scores each on the test part."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from wordspot.analysis.evaluate import evaluate
from wordspot.analysis.intervals import Interval
from wordspot.config import BASELINES, RECIPES, CorpusConfig
from wordspot.errors import UsageError
from wordspot.files import output_folder, write_json
from wordspot.models.recognizer import load
from wordspot.training.loop import train
from wordspot.training.metrics import read_metrics, training_minutes


@dataclass(frozen=True)
class Row:
    """What a study says of one run."""

    model: str
    run: str
    parameters: int
    epochs: int
    minutes: float
    """Time of training, validation included."""
    validation_accuracy: float
    """At the best epoch, by which the weights were chosen."""
    test_accuracy: float
    interval: Interval
    macro_f1: float


def run_study(
    corpus: CorpusConfig,
    data: str | Path,
    out: str | Path,
    models: Sequence[str] = BASELINES,
    *,
    device: str = "cpu",
    threads: int | None = None,
    convert: bool = False,
    skip_bad: bool = False,
) -> list[Row]:
    """Train and score the recipes of `models` on the clips of `data`.

    Leaves a run for each model and study.json in the folder `out`; a study that was stopped goes on where it
    was. Raises UsageError for a model that isn't in RECIPES, and what `train` and `evaluate` raise.
    """
    strangers = [model for model in models if model not in RECIPES]
    if strangers:
        raise UsageError(f"models: {', '.join(strangers)} not among {', '.join(RECIPES)}")
    folder = output_folder(Path(out))
    rows = []
    for model in models:
        config = replace(RECIPES[model], corpus=corpus)
        run = train(
            config, data, folder / model, device=device, threads=threads, convert=convert, skip_bad=skip_bad
        )
        scores = evaluate(run, data, device=device, convert=convert, skip_bad=skip_bad)
        metrics = read_metrics(run)
        rows.append(
            Row(
                model=model,
                run=model,
                parameters=load(run).n_parameters,
                epochs=len(metrics),
                minutes=training_minutes(metrics),
                validation_accuracy=max(line["validation_accuracy"] for line in metrics),
                test_accuracy=scores.accuracy,
                interval=scores.interval,
                macro_f1=scores.macro_f1,
            )
        )
        write_json(folder / "study.json", [asdict(row) for row in rows])
    return rows
