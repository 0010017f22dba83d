"""wordspot evaluate-stream."""

from pathlib import Path
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, arg

from wordspot.cli.options import ChooseSplit, Data, HowToRun, Listener
from wordspot.config import Runtime
from wordspot.deploy.settings import Detection
from wordspot.errors import UsageError
from wordspot.streams.settings import StreamConfig


def evaluate_stream(
    config: Annotated[StreamConfig, arg(name="")],
    settings: Annotated[FlagCreatePairsOff[Detection], arg(name="")],
    run: Listener,
    data: Data,
    out: Annotated[
        Path, arg(metavar="DIR", help="Folder for scores (JSON), figure and the list of what is said.")
    ],
    split: ChooseSplit = "validation",
    choose_thresholds: Annotated[
        FlagCreatePairsOff[bool],
        arg(help="First choose thresholds on recordings of validation clips, and store them with the run."),
    ] = False,
    false_accepts: Annotated[
        float, arg(metavar="N", help="False accepts an hour that the chosen thresholds may give.")
    ] = 10.0,
    wav: Annotated[FlagCreatePairsOff[bool], arg(help="Keep the recordings as WAV files.")] = False,
    runtime: HowToRun = Runtime(),
) -> None:
    """Count misses and false accepts in long recordings that are made of clips."""
    from wordspot.device import computing
    from wordspot.evaluation.tables import percent
    from wordspot.reporting.stream_table import stream_table
    from wordspot.streams.evaluate import evaluate_stream, tune_thresholds

    if runtime.device != "cpu":
        raise UsageError(
            f"device: evaluate-stream runs on the CPU, not on {runtime.device}: leave out --device"
        )
    if choose_thresholds and settings.threshold is not None:
        raise UsageError("evaluate-stream: --choose-thresholds and --threshold exclude each other")
    if not false_accepts >= 0:
        raise UsageError(f"false_accepts: {false_accepts:g} must be at least 0")
    with computing(runtime):
        if choose_thresholds:
            choice = tune_thresholds(run, data, false_accepts, config, settings, runtime)
            print(choice.describe())
        result = evaluate_stream(run, data, out, split, config, settings, runtime, wav=wav)
    stream_table(result.to_json()).print()
    live, in_files = (percent(result.processor[name]) for name in ("live", "in files"))
    print(f"of one core: {live} live, {in_files} in files")
    print(f"written to {out}: stream-{split}.json, stream-{split}.svg, said-{split}.csv")
