"""A study of tiny models: what it leaves, and that a stopped one repeats nothing that is finished."""

import gzip
import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType

import pytest

import wordspot
import wordspot.training.parallel as module
from tests.cli.conftest import call_main
from tests.helpers import assert_one_line, files_of, metrics_of
from wordspot.config import FeatureConfig, RecurrentConfig, RunConfig, Runtime, vary
from wordspot.errors import UsageError
from wordspot.evaluation.comparison import Comparison, read_comparison
from wordspot.experiments.experiments import Experiment
from wordspot.experiments.study import Result, read_experiments, run_study
from wordspot.experiments.tables import remake_study
from wordspot.runs.run import Run
from wordspot.training.loop import train


@pytest.fixture(scope="module")
def experiments(tiny: RunConfig) -> list[Experiment]:
    """Give two experiments that share a run."""
    lstm = replace(
        tiny,
        model=RecurrentConfig(cell="lstm", hidden_size=8, num_layers=1),
        features=FeatureConfig(n_mels=20, deltas=0),
        training=replace(tiny.training, epochs=2, seed=0),
    )
    family = {"rnn": vary(lstm, cell="rnn"), "lstm": lstm}
    few = {"4 a word": vary(lstm, clips_per_word=4), "recipe": lstm}
    return [
        Experiment("family", "Which model?", "Short.", "testing", family, seeds=2, kind="models"),
        Experiment("data-scaling", "How many?", "Short.", "validation", few, 1, "recipe", kind="scaling"),
    ]


RUNS = (
    "family/rnn/seed-0",
    "family/rnn/seed-1",
    "family/lstm/seed-0",
    "family/lstm/seed-1",
    "data-scaling/4-a-word/seed-0",
)


@pytest.fixture(scope="module")
def finished(
    experiments: list[Experiment], shared_recordings: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Result]]:
    folder = tmp_path_factory.mktemp("finished") / "study"
    return folder, run_study(experiments, shared_recordings, folder)


@pytest.fixture
def unbroken(finished: tuple[Path, list[Result]], tmp_path: Path) -> tuple[Path, list[Result]]:
    """Give a copy of a finished study, which a test may change, and its results."""
    folder, results = finished
    return Path(shutil.copytree(folder, tmp_path / "study")), results


def without_times(comparison: Comparison) -> Comparison:
    models = [
        replace(
            one,
            minutes=0,
            latency_ms=0,
            seconds_per_epoch=0,
            seconds_to_90=None if one.seconds_to_90 is None else 0,
        )
        for one in comparison.models
    ]
    return replace(comparison, models=models)


def strip(study: Path) -> None:
    """Leave of a study what the project keeps of one."""
    for path in [*study.rglob("comparison.json"), *study.rglob("model.safetensors")]:
        path.unlink()
    for path in [*study.rglob("predictions-*.csv"), *study.rglob("robustness-*.csv")]:
        with gzip.open(f"{path}.gz", "wb") as packed:
            packed.write(path.read_bytes())
        path.unlink()


def test_what_a_study_leaves(unbroken: tuple[Path, list[Result]], experiments: list[Experiment]) -> None:
    folder, results = unbroken
    assert read_experiments(folder) == experiments
    stored = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps([asdict(result) for result in results]))
    assert [(result.name, result.question) for result in results] == [
        ("family", "Which model?"),
        ("data-scaling", "How many?"),
    ]
    assert {path.parent.relative_to(folder).as_posix() for path in folder.rglob("metrics.jsonl")} == set(RUNS)
    for name in RUNS:
        assert Run(folder / name).config.training.seed == int(name[-1])
    assert [result.kind for result in results] == ["models", "scaling"]
    family, scaling = (result.comparison for result in results)
    assert [(one.name, one.runs) for one in family.models] == [
        ("rnn", ["rnn/seed-0", "rnn/seed-1"]),
        ("lstm", ["lstm/seed-0", "lstm/seed-1"]),
    ]
    # Input and recurrent weights and two biases of each gate, then the head's.
    assert [one.parameters for one in family.models] == [
        gates * (20 * 8 + 8 * 8 + 8 + 8) + 8 * 3 + 3 for gates in (1, 4)
    ]
    assert (family.split, scaling.split) == ("testing", "validation")
    assert [one.runs for one in scaling.models] == [["4-a-word/seed-0"], ["../family/lstm/seed-0"]]
    assert [one.training_clips for one in scaling.models] == [12, 48]
    for experiment, comparison in zip(experiments, (family, scaling), strict=True):
        assert read_comparison(folder / experiment.name) == comparison
        for one in comparison.models:
            runs = [Run(folder / experiment.name / run) for run in one.runs]
            accuracies = [run.evaluation(comparison.split).accuracy for run in runs]
            assert one.accuracy == pytest.approx(sum(accuracies) / len(accuracies))
            assert list(one.noise) == [20, 10, 5, 0]
    assert (folder / "data-scaling" / "clips.svg").exists()
    summary = (folder / "summary.md").read_text()
    for result in results:
        assert f"## {result.question}\n\n{result.note}" in summary
        for one in result.comparison.models:
            validation = f"{100 * one.validation_accuracy:.1f} %"
            assert f"| {one.name} | {len(one.runs)} | {validation} |" in summary
    groups = results[0].groups(folder)
    assert [(group.name, len(group.runs)) for group in groups] == [("rnn", 2), ("lstm", 2)]
    assert [group.right_share.mean() for group in groups] == pytest.approx(
        [one.accuracy for one in family.models]
    )


def test_finished_study_is_left_as_it_is(
    unbroken: tuple[Path, list[Result]], experiments: list[Experiment], shared_recordings: Path
) -> None:
    folder, results = unbroken
    before = files_of(folder)
    assert run_study(experiments, shared_recordings, folder) == results
    assert files_of(folder) == before


def test_stopped_study_resumes(
    unbroken: tuple[Path, list[Result]],
    experiments: list[Experiment],
    shared_recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole, results = unbroken
    folder = tmp_path / "stopped"

    def stop(config: RunConfig, data: Path, out: Path, runtime: Runtime, *, quiet: bool) -> Run:
        """Train until the last run of the family has had its first epoch."""

        def after_epoch(line: object) -> None:
            if out.match(RUNS[3]):
                raise KeyboardInterrupt

        return train(config, data, out, runtime, quiet=quiet, after_epoch=after_epoch)

    with monkeypatch.context() as patch:
        patch.setattr(module, "train", stop)
        with pytest.raises(KeyboardInterrupt):
            run_study(experiments, shared_recordings, folder)
    finished = {name: (folder / name / "metrics.jsonl").read_bytes() for name in RUNS[:3]}
    assert len(metrics_of(folder / RUNS[3])) == 1
    assert not (folder / "study.json").exists()

    capsys.readouterr()
    again = run_study(experiments, shared_recordings, folder)
    assert capsys.readouterr().err.startswith("study: 3 of 5 runs finished, about ")
    for name, metrics in finished.items():
        assert (folder / name / "metrics.jsonl").read_bytes() == metrics
    for name in RUNS:
        assert metrics_of(folder / name) == metrics_of(whole / name)
    for one, other in zip(again, results, strict=True):
        assert without_times(one.comparison) == without_times(other.comparison)


def test_a_run_is_found_in_whichever_experiment_it_was_started(
    experiments: list[Experiment], shared_recordings: Path, tmp_path: Path
) -> None:
    family, scaling = experiments
    run_study([scaling], shared_recordings, tmp_path)
    both = run_study([family, scaling], shared_recordings, tmp_path)
    runs = {path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("metrics.jsonl")}
    assert runs == {*RUNS, "data-scaling/recipe/seed-0"} - {"family/lstm/seed-0"}
    lstm = both[0].comparison.models[1]
    assert lstm.runs == ["../data-scaling/recipe/seed-0", "lstm/seed-1"]


def test_what_holds_no_experiments(tmp_path: Path) -> None:
    for text in (None, "{", "[]]", '[{"name": "family"}]'):
        if text is not None:
            (tmp_path / "experiments.json").write_text(text)
        with pytest.raises(UsageError) as error:
            read_experiments(tmp_path)
        assert_one_line(error.value)


def test_public_names_hide_no_package() -> None:
    """A name that is also a folder's would be the function once, and the folder's module from then on."""
    names = dir(wordspot)
    assert "compare" in names
    for name in names:
        assert getattr(wordspot, name) is getattr(wordspot, name)
        assert not isinstance(getattr(wordspot, name), ModuleType), name


def test_kept_results_are_not_made_again(
    unbroken: tuple[Path, list[Result]],
    experiments: list[Experiment],
    shared_recordings: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, results = unbroken
    strip(folder)
    kept = {name: metrics_of(folder / name) for name in RUNS}
    monkeypatch.setattr("wordspot.training.loop.train_step", None)
    again = run_study(experiments, shared_recordings, folder)
    assert {name: metrics_of(folder / name) for name in RUNS} == kept
    assert not list(folder.rglob("model.safetensors"))
    for result, before in zip(again, results, strict=True):
        assert without_times(result.comparison) == without_times(before.comparison)


def test_tables_are_made_again_without_clips(
    unbroken: tuple[Path, list[Result]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder, results = unbroken
    strip(folder)
    assert remake_study(folder, tmp_path / "again") == results
    for name in ("study.json", "summary.md", "family/noise.svg", "data-scaling/clips.svg"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name
    assert call_main("tables", folder, "--out", tmp_path / "told") == 0
    assert capsys.readouterr().out.endswith(f"the same as {folder / 'summary.md'}\n")


def test_tables_of_other_predictions_are_told(
    unbroken: tuple[Path, list[Result]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder, _ = unbroken
    strip(folder)
    path = folder / "family/rnn/seed-0/robustness-testing.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    path.write_bytes(gzip.compress(text.replace("True", "False").encode()))
    assert call_main("tables", folder, "--out", tmp_path / "told") == 1
    assert "other tables than" in capsys.readouterr().err
    assert (tmp_path / "told" / "summary.md").is_file()


def test_tables_need_the_runs(unbroken: tuple[Path, list[Result]], tmp_path: Path) -> None:
    folder, _ = unbroken
    shutil.rmtree(folder / "family/rnn/seed-1")
    with pytest.raises(UsageError) as caught:
        remake_study(folder, tmp_path / "again")
    assert_one_line(caught.value)
    assert not (tmp_path / "again").exists()
