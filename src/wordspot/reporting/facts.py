"""The texts and tables of a report; its template holds no number."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from wordspot.config import CorpusConfig, RecurrentConfig, RunConfig
from wordspot.evaluation.comparison import ModelResult
from wordspot.evaluation.seed_groups import SeedGroup
from wordspot.evaluation.tables import Table, percent, percent_interval
from wordspot.experiments.study import Result
from wordspot.figures import SYNTHETIC, titled
from wordspot.inspection.hypotheses import HypothesisTest, hypotheses_table
from wordspot.reporting import narrative
from wordspot.reporting.architectures import drawing
from wordspot.reporting.config_tables import features_table, recipes_table
from wordspot.reporting.study_clips import StudyClips, difficulties
from wordspot.reporting.wording import data_note, listed, seeds_note, split_name, splits_note
from wordspot.runs.run import Run

PLACES = (
    "introduction",
    "data",
    "architectures",
    "training",
    "results",
    "comparison",
    "errors",
    "improvements",
    "conclusion",
)
"""Where an author's text can stand: at the end of each section."""

SPAN = re.compile(r"(\*[^*]+\*|`[^`]+`)")
"""Emphasis and code in Markdown."""


@dataclass(frozen=True)
class Sources:
    """What a report is made from."""

    folder: Path
    """Of the study."""
    compared: Result
    """Models under one procedure: the controlled comparison, else the family."""
    best: Result
    """Models each at its best: the family, else the controlled comparison."""
    others: list[Result]
    group: SeedGroup
    """The runs of the most accurate model of `best`."""
    clips: StudyClips | None
    """What was measured on the clips themselves."""
    hypotheses: list[HypothesisTest]
    """What may explain the mistakes of that model."""

    @property
    def comparisons(self) -> list[Result]:
        """Both comparisons of models, or the one that there is."""
        return [self.compared] if self.compared is self.best else [self.compared, self.best]

    def configs(self, result: Result) -> list[RunConfig]:
        """Read the configs of the models of a result."""
        return [Run(self.folder / result.name / one.runs[0]).config for one in result.comparison.models]

    @staticmethod
    def shows_pairs(result: Result) -> bool:
        """Whether the figure of an experiment shows differences from a reference."""
        return result.kind != "scaling" and result.comparison.reference is not None


def gather_facts(sources: Sources, corpus: str | None, texts: Mapping[str, str]) -> dict[str, Any]:
    """Gather the texts and tables of a report; `texts` are an author's, by their places."""
    compared, best = sources.compared.comparison, sources.best.comparison
    first = Run(sources.folder / sources.best.name / best.models[0].runs[0])
    config, data = first.config, first.provenance["data"]
    seconds = config.corpus.seconds
    notes = [result.note for result in sources.others]
    return {
        "corpus": corpus or describe_corpus(data),
        "synthetic": best.synthetic,
        "models": f"{len(best.models)} model{'s' if len(best.models) > 1 else ''}",
        "words": best.words,
        "split": split_name(best.split),
        "clip": describe_clip(config.corpus),
        "splits": splits_note(data),
        "data": data_note(data),
        "difficulties": difficulties(sources.clips, seconds) if sources.clips else "",
        "machine": describe_machines(provenances(sources)),
        "comparisons": [
            {
                "name": result.name,
                "question": result.question,
                "note": result.note,
                "pairs": bool(result.comparison.pairs),
                "best": narrative.best_model(result.comparison),
            }
            for result in sources.comparisons
        ],
        "drawings": drawings(sources),
        "layers": kinds_of_layers(sources),
        "tables": {name: asdict(table) for name, table in tables_of(sources).items()},
        "test": narrative.method(compared),
        "differences": [narrative.difference(pair) for pair in narrative.highlighted_pairs(compared)],
        "convergence": narrative.convergence(compared.highlighted),
        "confusions": narrative.confusions(compared.highlighted),
        "difficulty": narrative.clip_difficulty(sources.best.groups(sources.folder)),
        "hypotheses": len(sources.hypotheses),
        "supported": supported(sources),
        "calibration": narrative.calibration(best.models),
        "noise": narrative.noise_robustness(best) if best.noise else None,
        "experiments": [
            {
                "name": result.name,
                "question": result.question,
                "note": note.removeprefix(shared_sentences([before, note])),
                "height": height(result),
                "split": split_name(result.comparison.split),
                "finding": narrative.finding(result),
                "conditions": narrative.effect_in_conditions(result.comparison)
                if sources.shows_pairs(result)
                else "",
                "paired": sources.shows_pairs(result),
            }
            for result, note, before in zip(sources.others, notes, ["", *notes], strict=False)
        ],
        "conclusion": narrative.conclusion(best),
        "discussion": {place: paragraphs(texts.get(place, "")) for place in PLACES},
    }


def shared_sentences(notes: Sequence[str]) -> str:
    """Give the sentences with which all notes begin, which need not be said again.

    >>> shared_sentences(["One. Two. Three.", "One. Two. Then."]), shared_sentences(["One. Two."])
    ('One. Two. ', '')
    """
    if len(notes) < 2:
        return ""
    sentences = [note.split(". ") for note in notes]
    alike = list(takewhile(lambda words: len(set(words)) == 1, zip(*sentences, strict=False)))
    return "".join(f"{words[0]}. " for words in alike) if len(alike) < min(map(len, sentences)) else ""


def height(result: Result) -> int:
    """Estimate the height of the figure of an experiment, in rows of variants."""
    return len(result.comparison.models) + 14 if Sources.shows_pairs(result) else 17


def paragraphs(text: str) -> list[list[str]]:
    r"""Part a text at empty lines into paragraphs, and these at emphasis and code.

    >>> paragraphs("An *LSTM* gates.\n\nNew.")
    [['An ', '*LSTM*', ' gates.'], ['New.']]
    """
    parts = re.split(r"\n\s*\n", text.strip())
    return [[span for span in SPAN.split(" ".join(part.split())) if span] for part in parts if part.strip()]


def tables_of(sources: Sources) -> dict[str, Table]:
    """Give the tables of the report, by the names that the template calls them."""
    tables = {
        "features": shared_table(sources, features_table),
        "recipes": shared_table(sources, recipes_table),
        **{f"results-{result.name}": results_table(result) for result in sources.comparisons},
    }
    if sources.hypotheses:
        tables["hypotheses"] = hypotheses_table(sources.hypotheses, sources.group)
    return tables


def drawings(sources: Sources) -> list[dict[str, Any]]:
    """Draw the compared models; a layer that is another at its best says so."""
    compared, best = (
        dict(zip([one.name for one in result.comparison.models], sources.configs(result), strict=True))
        for result in (sources.compared, sources.best)
    )
    drawn = []
    for name, config in compared.items():
        layers = drawing(config)
        own = drawing(best.get(name, config))
        drawn.append(
            {
                "name": name,
                "blocks": [
                    one and asdict(one) | {"other": other.title if other and other.title != one.title else ""}
                    for one, other in zip(layers, own, strict=True)
                ],
            }
        )
    return drawn


def shared_table(sources: Sources, table: Any) -> Table:
    """Make one table of features or recipes, in which models under one procedure are one row."""
    made = [
        table(result.comparison.models, sources.configs(result), result.comparison)
        for result in sources.comparisons
    ]
    rows = list(made[-1].rows)
    for shown in made[:-1]:
        alike = len(shown.rows) == 1
        rows = [
            ["all, controlled" if alike else f"{row[0]} (controlled)", *row[1:]] for row in shown.rows
        ] + rows
    return Table(made[-1].title, made[-1].columns, rows, made[-1].left)


def results_table(result: Result) -> Table:
    """Table how well the models of a comparison do, what they cost and how fast they learn."""
    comparison = result.comparison
    columns = [
        "model",
        "weights",
        "MACs",
        split_name(comparison.split),
        "std",
        "95 % interval",
        "macro F1",
        "ECE",
        "one clip",
        "s per epoch",
        "epochs to 90 %",
        "s to 90 %",
    ]
    title = (
        f"{result.name}: accuracy on the {split_name(comparison.split)} split ({comparison.clips:,} clips of "
        f"{comparison.speakers:,} speakers; {seeds_note(comparison.models)}), costs, and speed of training"
    )
    return Table(titled(title, comparison), columns, [results_row(one) for one in comparison.models])


def results_row(one: ModelResult) -> list[str]:
    """Give the row of a model."""
    return [
        one.name,
        f"{one.parameters:,}",
        f"{one.macs / 1e6:.1f} M",
        percent(one.accuracy),
        "-" if one.std is None else percent(one.std),
        percent_interval(one.interval),
        f"{one.macro_f1:.3f}",
        f"{one.calibration_error:.3f}",
        f"{one.latency_ms:.1f} ms",
        f"{one.seconds_per_epoch:.1f}{one.beside_time}",
        "-" if one.epochs_to_90 is None else f"{one.epochs_to_90:.1f}",
        "-" if one.seconds_to_90 is None else f"{one.seconds_to_90:.0f}{one.beside_time}",
    ]


def kinds_of_layers(sources: Sources) -> dict[str, bool]:
    """Tell which kinds of layers there are, so that the text speaks of no others."""
    models = [config.model for result in sources.comparisons for config in sources.configs(result)]
    recurrent = [model for model in models if isinstance(model, RecurrentConfig)]
    return {
        "gated": any(model.cell != "rnn" for model in recurrent),
        "bidirectional": any(model.bidirectional for model in recurrent),
        "convolutions": any(model.encoder != "none" for model in recurrent),
        "attention": any(model.pooling in ("additive", "multi-head") for model in recurrent),
        "bc_resnet": len(recurrent) < len(models),
    }


def supported(sources: Sources) -> str:
    """Say which hypotheses the mistakes of the best model support."""
    if not sources.hypotheses:
        return ""
    told = [f"'{one.hypothesis}'" for one in sources.hypotheses if one.supported]
    name = sources.group.name
    if not told:
        return f"The mistakes of {name} support none of them."
    return f"The mistakes of {name} support {listed(told)}: the interval of the difference is above 0."


def describe_corpus(data: Mapping[str, Any]) -> str:
    """Name the recordings by their folder; synthetic speech by what it is."""
    return SYNTHETIC if data.get("synthetic", False) else Path(data["path"]).name


def describe_clip(corpus: CorpusConfig) -> str:
    """Say how long a clip is."""
    return f"{corpus.seconds:g} s at {corpus.sample_rate / 1000:g} kHz ({corpus.samples:,} samples)"


def provenances(sources: Sources) -> list[dict[str, Any]]:
    """List what the compared models were made with."""
    return [
        Run(sources.folder / result.name / run).provenance
        for result in sources.comparisons
        for one in result.comparison.models
        for run in one.runs
    ]


def describe_machines(made_with: Sequence[Mapping[str, Any]]) -> str:
    """Say on what machines and with what versions runs were trained."""
    machines = sorted({describe_machine(one) for one in made_with})
    versions = [
        f"{shown} {listed(sorted({one['versions'][name] for one in made_with}))}"
        for name, shown in (("python", "Python"), ("torch", "PyTorch"), ("torchaudio", "torchaudio"))
    ]
    return f"Machine{'s' * (len(machines) > 1)}: {'; '.join(machines)}. {', '.join(versions)}"


def describe_machine(made_with: Mapping[str, Any]) -> str:
    """Say on what a run was trained."""
    machine, device = made_with["machine"], made_with["device"]
    threads = f"{machine['threads']} thread{'s' if machine['threads'] > 1 else ''} per run"
    precision = made_with.get("precision", "float32")
    return f"{machine['processor']} ({machine['system']}, {threads}, {device}, training in {precision})"
