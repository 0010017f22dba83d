"""The results of a study made again from what its runs keep, without clips and without weights."""

from dataclasses import replace
from pathlib import Path

from wordspot.evaluation.compare import compare_groups, write_comparison
from wordspot.evaluation.comparison import Comparison
from wordspot.evaluation.conditions import kept_conditions
from wordspot.experiments.study import Result, groups_of, lay_out, read_experiments, read_study, write_results
from wordspot.files import output_folder


def remake_study(study: str | Path, out: str | Path) -> list[Result]:
    """Make tables, figures and verdicts of a study again, in the folder `out`.

    They follow from the predictions of its runs, their metrics, and what they recognised in noise. Times
    can't be made again: the latency is that of the study. Raises UsageError where the folder holds no study,
    or a run of it was not evaluated.
    """
    folder, place = Path(study), Path(out)
    stored, experiments = read_study(folder), read_experiments(folder)
    runs = lay_out(experiments, folder)
    results = []
    for experiment in experiments:
        if experiment.name not in stored:
            continue
        result = stored[experiment.name]
        groups = groups_of(experiment, runs)
        noise = result.comparison.noise
        conditions = kept_conditions(groups, experiment.split, noise) if noise else None
        comparison = with_paths_of(
            result.comparison,
            compare_groups(
                groups,
                experiment.split,
                conditions=conditions,
                against=experiment.against,
                latencies_ms={one.name: one.latency_ms for one in result.comparison.models},
            ),
        )
        write_comparison(comparison, groups, output_folder(place / experiment.name))
        results.append(replace(result, comparison=comparison))
    write_results(results, place)
    return results


def with_paths_of(kept: Comparison, made: Comparison) -> Comparison:
    """Give a comparison the paths of the runs of one that was made where they ran."""
    runs = {model.name: model.runs for model in kept.models}
    return replace(made, models=[replace(one, runs=runs[one.name]) for one in made.models])
