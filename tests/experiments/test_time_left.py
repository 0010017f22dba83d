"""The time that a study has left: counted from finished epochs, measured for new runs."""

from pathlib import Path

import pytest

from tests.helpers import metrics_line
from wordspot.config import RunConfig, Runtime, vary
from wordspot.corpus.corpus import open_corpus
from wordspot.evaluation.comparison import FILE
from wordspot.experiments.time_left import Cost, TimeLeft, kind, measure_costs, seconds_of
from wordspot.runs.run import Run
from wordspot.training.parallel import processes

ONE_THREAD = Runtime(threads=1)
COST = Cost(start=60, epoch=1200, scoring=300)


def write_epochs(run: Path, count: int, seconds: float) -> Path:
    run.mkdir(parents=True, exist_ok=True)
    Run(run).write_metrics([metrics_line(number, seconds=seconds) for number in range(1, count + 1)])
    return run


@pytest.fixture
def family(tiny: RunConfig, tmp_path: Path) -> dict[Path, RunConfig]:
    """Give three new runs of one kind, of four epochs each."""
    return {tmp_path / f"{seed}": vary(tiny, seed=seed) for seed in range(3)}


def test_a_study_takes_the_sum_of_its_runs(
    family: dict[Path, RunConfig], tiny: RunConfig, tmp_path: Path
) -> None:
    left = TimeLeft({tmp_path: family}, {kind(tiny): COST}, jobs=1)
    assert left.seconds() == 3 * (60 + 4 * 1200 + 300)
    assert str(left) == "0 of 3 runs finished, about 4 h 18 min left"


def test_of_three_runs_two_at_once_one_comes_later(
    family: dict[Path, RunConfig], tiny: RunConfig, tmp_path: Path
) -> None:
    left = TimeLeft({tmp_path: family}, {kind(tiny): COST}, jobs=2)
    assert left.seconds() == 2 * (60 + 4 * 1200) + 3 * 300


def test_finished_epochs_are_counted_and_take_the_place_of_measured_ones(
    family: dict[Path, RunConfig], tiny: RunConfig, tmp_path: Path
) -> None:
    left = TimeLeft({tmp_path: family}, {kind(tiny): COST}, jobs=1)
    first, second, third = family
    write_epochs(first, 1, 600)
    assert left.seconds() == 3 * 600 + 2 * (60 + 4 * 600) + 3 * 300
    write_epochs(first, 4, 600)
    write_epochs(second, 4, 300)
    assert left.seconds() == 60 + 4 * 450 + 3 * 300
    write_epochs(third, 4, 300)
    assert str(left) == "3 of 3 runs finished, about 15 min left"
    (tmp_path / FILE).touch()
    assert str(left) == "3 of 3 runs finished, about 0 s left"


def test_a_run_of_two_experiments_is_trained_once_and_scored_twice(
    family: dict[Path, RunConfig], tiny: RunConfig, tmp_path: Path
) -> None:
    run, *_ = family
    shared = {run: family[run]}
    left = TimeLeft({tmp_path / "one": shared, tmp_path / "other": shared}, {kind(tiny): COST}, jobs=1)
    assert left.seconds() == 60 + 4 * 1200 + 2 * 300
    assert str(left).startswith("0 of 1 runs")


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_kind_of_run_is_measured(
    jobs: int, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    large = vary(tiny, hidden_size=24)
    configs = [tiny, vary(tiny, seed=8), vary(tiny, epochs=9, patience=9), large]
    runs = {tmp_path / f"{number}": config for number, config in enumerate(configs)}
    finished = {write_epochs(tmp_path / "finished", 4, 1): vary(tiny, n_mels=20)}
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / FILE).touch()
    with processes(jobs) as pool:
        costs = measure_costs(
            {tmp_path / "new": runs, tmp_path / "done": finished}, shared_recordings, ONE_THREAD, pool, jobs
        )
    assert set(costs) == {kind(tiny), kind(large)}
    assert all(min(cost.start, cost.epoch, cost.scoring) > 0 for cost in costs.values())


def test_a_cost_grows_with_the_clips(
    tiny: RunConfig, shared_recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every piece of work is taken to last a second."""
    module = "wordspot.experiments.time_left"
    monkeypatch.setattr(f"{module}.seconds_of", lambda work, times=1: 1.0)
    corpus = open_corpus(shared_recordings, tiny.corpus)
    training, validation, testing = (
        len(corpus.rows(split)) for split in ("training", "validation", "testing")
    )
    steps = len(corpus.loader("training", tiny.training.batch_size))
    cost = measure_costs({Path("new"): {Path("new/run"): tiny}}, shared_recordings, ONE_THREAD, None, 1)[
        kind(tiny)
    ]
    assert cost.start == 1.0
    assert cost.epoch == pytest.approx(steps + validation / training)
    # As they are, in noise of four levels, and softer by two.
    assert cost.scoring == pytest.approx(7 * testing / training)


def test_work_is_done_once_before_it_is_timed() -> None:
    done = []
    assert seconds_of(lambda: done.append(1), 3) > 0
    assert len(done) == 4
