"""Many runs to one comparison for each experiment."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import TypeAdapter
from rich.console import Console

from wordspot.config import RunConfig, Runtime
from wordspot.device import computing
from wordspot.errors import UsageError, WordspotError
from wordspot.evaluation.compare import compare_groups, current_comparison
from wordspot.evaluation.comparison import Comparison
from wordspot.evaluation.conditions import measured_conditions
from wordspot.evaluation.evaluate import evaluate
from wordspot.evaluation.seed_groups import SeedGroup, read_group
from wordspot.evaluation.tables import comparison_tables
from wordspot.experiments.experiments import Experiment
from wordspot.experiments.time_left import TimeLeft, is_finished, measure_costs
from wordspot.figures import titled
from wordspot.files import alone_in, output_folder, read_json, write_json, write_text
from wordspot.runs.run import CONFIG
from wordspot.text import is_file_name, shown
from wordspot.training.distributed import refuse_torchrun
from wordspot.training.parallel import executing, open_once, train_all

EXPERIMENTS = "experiments.json"
RESULTS = "study.json"
SUMMARY = "summary.md"
DEPTH = 3
"""Of a run in the folder of a study."""


@dataclass(frozen=True)
class Result:
    """The result of an experiment."""

    name: str
    question: str
    note: str
    comparison: Comparison
    kind: Literal["models", "settings", "scaling"] = "settings"

    @property
    def synthetic(self) -> bool:
        """Whether the clips are synthetic speech."""
        return self.comparison.synthetic

    def groups(self, study: Path) -> list[SeedGroup]:
        """Read the evaluated runs of each variant from the folder of the study."""
        return [
            read_group(one.name, [study / self.name / run for run in one.runs], self.comparison.split)
            for one in self.comparison.models
        ]


Stored = TypeVar("Stored", Experiment, Result)


def run_study(
    experiments: Sequence[Experiment],
    data: str | Path,
    out: str | Path,
    runtime: Runtime = Runtime(),
    *,
    jobs: int = 1,
    executor: Executor | str | None = None,
    quiet: bool = False,
) -> list[Result]:
    """Train and evaluate every run of the experiments on the clips of `data`, and compare the variants.

    `jobs` runs are trained at once, each in a process of its own where there is more than one. They may go
    through any other executor of `concurrent.futures`, or to the workers of the Dask scheduler whose address
    is given, which train one each: these need the same `data` and `out`. Leaves in the
    folder `out` one folder per experiment, with runs, comparison and figures; the experiments themselves as
    experiments.json; and study.json and summary.md with all results. Prints the time that is left, unless
    `quiet`. A study that was stopped resumes; a config that is in two experiments is trained once. Raises
    what `train`, `evaluate` and `compare` raise.
    """
    refuse_torchrun("study")
    if jobs < 1:
        raise UsageError(f"jobs: {jobs} must be at least 1")
    folder = output_folder(Path(out))
    if executor:
        folder = folder.resolve()
        data = Path(data).resolve() if Path(data).exists() else data
    places = lay_out(experiments, folder)
    console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
    runs_of = {
        folder / experiment.name: {places[config]: config for config in experiment.configs()}
        for experiment in experiments
    }
    jobs = max(1, min(jobs, sum(not is_finished(run, config) for config, run in places.items())))
    with alone_in(folder, DEPTH), computing(runtime), executing(executor, jobs) as (pool, jobs):
        corpora = {
            corpus: open_once(data, corpus, runtime) for corpus in {config.corpus for config in places}
        }
        write_json(folder / EXPERIMENTS, [asdict(experiment) for experiment in experiments])
        left = TimeLeft(runs_of, measure_costs(runs_of, data, runtime, pool, jobs), jobs)
        console.print(f"study: {left}")

        results = []
        for experiment in experiments:
            configs = experiment.configs()
            runs = [(config, places[config]) for config in configs]
            shared = folder / EXPERIMENTS if executor else None
            for trained in train_all(runs, data, runtime, pool, shared=shared, quiet=quiet):
                corpus = corpora[trained.config.corpus]
                if trained.provenance["data"]["fingerprint"] != corpus.store.fingerprint:
                    raise WordspotError(f"{trained}: was trained on other clips than {data} has here")
                console.print(f"{trained.folder.relative_to(folder)} is trained; {left}")
                if not trained.is_evaluated(experiment.split):
                    evaluate(trained, corpus, experiment.split, runtime)
            groups = groups_of(experiment, places)
            place = output_folder(folder / experiment.name)
            comparison = current_comparison(groups, place, experiment.split) or compare_groups(
                groups,
                experiment.split,
                out=place,
                conditions=measured_conditions(groups, corpora[configs[0].corpus], experiment.split),
                against=experiment.against,
            )
            results.append(
                Result(experiment.name, experiment.question, experiment.note, comparison, experiment.kind)
            )
            write_results(results, folder)
    return results


def groups_of(experiment: Experiment, places: Mapping[RunConfig, Path]) -> list[SeedGroup]:
    """Read the evaluated runs of each variant, which are where `lay_out` places them."""
    return [
        read_group(variant, [places[config] for config in experiment.seeded(variant)], experiment.split)
        for variant in experiment.variants
    ]


def write_results(results: Sequence[Result], folder: Path) -> None:
    """Write the results of a study, and their tables, to a folder."""
    write_json(folder / RESULTS, [asdict(result) for result in results])
    write_text(folder / SUMMARY, summary(results))


def summary(results: Sequence[Result]) -> str:
    """Write the tables of every experiment as Markdown, with links to its figures."""
    lines = [titled("# Results of the study", results[0]), ""]
    for result in results:
        lines += [f"## {result.question}", "", result.note, ""]
        for table in comparison_tables(result.comparison):
            lines += [f"**{table.title}**", "", table.to_markdown(), ""]
        lines += [f"Figures: [{result.name}/]({result.name})", ""]
    return "\n".join(lines)


def read_experiments(study: str | Path) -> list[Experiment]:
    """Read the experiments of a study, finished or not.

    Raises UsageError where the folder holds no study, or one of another version.
    """
    return _read(Path(study) / EXPERIMENTS, TypeAdapter(list[Experiment]))


def read_study(study: str | Path) -> dict[str, Result]:
    """Read the results of a study by the names of the experiments.

    Raises UsageError where the folder holds no study, or one of another version.
    """
    return {result.name: result for result in _read(Path(study) / RESULTS, TypeAdapter(list[Result]))}


def _read(path: Path, kind: TypeAdapter[list[Stored]]) -> list[Stored]:
    try:
        found = kind.validate_python(read_json(path))
        for name in (name for one in found for name in names_in(one)):
            if not is_file_name(name):
                raise ValueError(f"{shown(name)!r} can't be a name")
        return found
    except OSError:
        raise UsageError(
            f"{path.parent}: no study here (no {path.name}): name the --out of `wordspot study`"
        ) from None
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{path}: not a study of this version of wordspot ({reason})") from None


def names_in(one: Experiment | Result) -> list[str]:
    """List the names of an experiment and its variants, of which folders and figures are called."""
    if isinstance(one, Experiment):
        return [one.name, *one.variants]
    return [one.name, *(model.name for model in one.comparison.models)]


def lay_out(experiments: Sequence[Experiment], folder: Path) -> dict[RunConfig, Path]:
    """Give each run its folder, <experiment>/<variant>/seed-<n>.

    A run in several experiments has the folder in which it was started, else that of the first.
    """
    places: dict[RunConfig, list[Path]] = {}
    for experiment in experiments:
        for variant in experiment.variants:
            for config in experiment.seeded(variant):
                name = f"{variant.replace(' ', '-')}/seed-{config.training.seed}"
                places.setdefault(config, []).append(folder / experiment.name / name)
    return {
        config: next((run for run in runs if (run / CONFIG).is_file()), runs[0])
        for config, runs in places.items()
    }
