"""The card of a recogniser that is handed on: what it is, what it was trained on, how well it does."""

from dataclasses import replace

from wordspot.config import RunConfig, TrainingConfig
from wordspot.evaluation.comparison import Comparison, ModelResult
from wordspot.evaluation.tables import Table, noise_table, percent, percent_interval
from wordspot.figures import titled
from wordspot.reporting.card_header import Credits, card_header
from wordspot.reporting.config_tables import models_table
from wordspot.reporting.wording import data_note, listed, seeds_note, split_name, splits_note
from wordspot.runs.evaluation import Evaluation
from wordspot.runs.run import Run
from wordspot.text import markdown

STREAM_NOTE = (
    "Words and other words are said at random times; docs/listening.md of the program describes the "
    "recordings. Thresholds were chosen on recordings of validation clips."
)
ONNX_NOTE = " `model.onnx` is the same recogniser for other programs: samples in, probabilities out."


def model_card(
    run: Run,
    one: ModelResult,
    family: Comparison,
    credits: Credits,
    *,
    named: bool = False,
    onnx: bool = False,
    stream: Table | None = None,
) -> str:
    """Write the model card of a run in Markdown, with a header for the Hub; every number is the study's.

    `one` is the model of the run in the comparison `family`; `named` says that it was asked for by its name,
    not chosen for its accuracy. `onnx` says whether an ONNX file lies beside the card; `stream` tells how
    good the recogniser is in long recordings. Raises UsageError where the run is not evaluated on the split
    of the comparison.
    """
    config, scores = run.config, run.evaluation(family.split)
    paragraphs = [
        card_header(one.name, scores, credits, onnx=onnx),
        f"# {one.name}: {len(config.corpus.words)} spoken words",
        f"Classifies a clip of {config.corpus.seconds:g} s ({config.corpus.sample_rate:,} Hz, mono) as "
        f"{listed(answers(config), 'or')}.",
        f"    wordspot predict clip.wav --run {one.name}",
        "## Model",
        titled_table(models_table([one], [config], family)),
        f"{streaming(config)} `config.json` holds every setting.{ONNX_NOTE * onnx}",
        "## Data",
        f"{data_sentence(run, titled(credits.corpus, family))} {credits.licence}",
        "## Scores",
        titled_table(scores_table(scores, one, family)),
        f"{chosen(one, family, config.training, named=named)}, not by the {split_name(family.split)} split. "
        "Intervals are a bootstrap over speakers.",
        *([titled_table(noise_table(replace(family, models=[one])))] if family.noise else []),
        *(["## Long recordings", titled_table(stream), STREAM_NOTE] if stream else []),
        "## Limits",
        "\n".join(f"- {limit}" for limit in limits(config, scores, one)),
    ]
    return "\n\n".join(paragraphs) + "\n"


def chosen(one: ModelResult, family: Comparison, recipe: TrainingConfig, *, named: bool) -> str:
    """Say what was chosen by validation accuracy: a model of several, its run, or at most the epoch."""
    reached = f"{percent(one.validation_accuracy)}, {seeds_note([one])}"
    if len(family.models) > 1 and not named:
        return f"The model and its run were chosen by validation accuracy ({reached})"
    if len(one.runs) > 1:
        return f"The run was chosen by validation accuracy ({reached})"
    accuracy = percent(one.validation_accuracy)
    if recipe.keep == "last":
        return f"The epoch is the last, as was chosen before training (validation accuracy {accuracy})"
    return f"The epoch was chosen by validation accuracy ({accuracy})"


def titled_table(table: Table) -> str:
    """Write a table under its title."""
    return f"**{table.title}**\n\n{table.to_markdown()}"


def answers(config: RunConfig) -> list[str]:
    """List what a recogniser can answer."""
    corpus = config.corpus
    return [*map(markdown, corpus.words), *["another word"] * corpus.unknown, *["silence"] * corpus.silence]


def streaming(config: RunConfig) -> str:
    """Say whether a model can run on streaming audio."""
    if config.model.streams:
        return "It reads a clip from start to end, so it can run on streaming audio."
    return "It needs the whole clip before it can answer."


def data_sentence(run: Run, corpus: str) -> str:
    """Say what a run was trained, validated and tested on."""
    data = run.provenance["data"]
    return f"{corpus}: {splits_note(data)}. {data_note(data)}"


def scores_table(scores: Evaluation, one: ModelResult, family: Comparison) -> Table:
    """Table the scores of the weights on the card and those of all runs of their model."""
    scored: list[tuple[str, Evaluation | ModelResult]] = [("these weights", scores)]
    if len(one.runs) > 1:
        scored.append((seeds_note([one]), one))
    rows = [
        [name, percent(of.accuracy), percent_interval(of.interval), f"{of.macro_f1:.3f}"]
        for name, of in scored
    ]
    split = f"{split_name(family.split)} split"
    title = f"Scores on the {split} ({family.clips:,} clips of {family.speakers:,} speakers)"
    return Table(titled(title, family), ["weights", "accuracy", "95 % interval", "macro F1"], rows)


def limits(config: RunConfig, scores: Evaluation, one: ModelResult) -> list[str]:
    """Say what the recogniser is not good at or was not tested on."""
    weakest = min(scores.words, key=lambda word: word.f1)
    classes = (("other words", config.corpus.unknown), ("silence", config.corpus.silence))
    missing = [name for name, there in classes if not there]
    return [
        *(
            [f"It has no class for {listed(missing, 'or')}: it names a word for any sound."]
            if missing
            else []
        ),
        f"The class with the lowest F1 is '{markdown(weakest.word)}' "
        f"({weakest.f1:.3f}, {weakest.clips:,} clips).",
        f"The expected calibration error is {one.calibration_error:.3f} ({seeds_note([one])}).",
        "Other microphones, rooms, accents and ages than those of the data are untested.",
    ]
