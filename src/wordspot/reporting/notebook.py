"""The whole work as a notebook, run from top to bottom on a corpus."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

from wordspot.config import CorpusConfig, RunConfig, Runtime
from wordspot.corpus.index import choose
from wordspot.corpus.sources import find_index, words_in
from wordspot.errors import UsageError, WordspotError
from wordspot.experiments.study import EXPERIMENTS, RESULTS, read_experiments, read_study
from wordspot.files import atomic_write, output_folder
from wordspot.reporting.discussion import read_discussion

SOURCE = Path(__file__).parents[1] / "notebooks" / "spoken_words.py"
"""The notebook as a script."""
PARAMETERS = "parameters"
"""Tag of the cell with the parameters."""

PLACES = (
    "recordings",
    "first network",
    "rnn and lstm",
    "different errors",
    "architectures",
    "test",
    "models",
    "learning",
    "confusions",
    "mistakes",
    "confused pair",
    "hypotheses",
    "experiments",
    "noise",
    "choice",
)
"""Where an author's discussion is shown, in their order."""

COMPARED = ("controlled", "family")
"""Experiments that compare models; the first that a study has is the one whose models are discussed."""

PLAYER = re.compile(r"<audio.*?</audio>", re.DOTALL)


def write_notebook(
    source: Path | str,
    data: str | Path,
    study: Path | str | None,
    out: Path | str,
    runtime: Runtime = Runtime(),
    *,
    words: tuple[str, ...],
    quick: bool = False,
    discussion: Path | str | None = None,
    without_sounds: bool = False,
) -> Path:
    """Run a notebook that is written as a script (jupytext), and keep it with its outputs; gives its path.

    Where the folder `study` holds a study, its results are shown, and nothing of it is changed. Otherwise
    small runs are trained there, or in a folder that is removed where `study` is None, on what `words_in`
    makes of `words`. With `quick`, networks are trained for few epochs on few clips, to see every step in
    minutes. `discussion` is a Markdown file with an author's paragraphs for some of PLACES. `without_sounds`
    leaves the audio out, for a copy to hand on. The copy has the parameters of the script, so that it runs
    anywhere, and says which ones it was run with.

    Raises UsageError where `source` is no such notebook, the study is unfinished or compares no models, the
    clips lack a word, or the discussion can't be used, and WordspotError where a cell fails.
    """
    source, path = Path(source), Path(out)
    if not source.is_file():
        raise UsageError(f"{source}: no such notebook: leave out --source for that of the program")
    notebook = jupytext.read(source)
    cells = [cell for cell in notebook.cells if PARAMETERS in cell.metadata.get("tags", [])]
    if not cells:
        raise UsageError(f"{source}: no cell has the tag {PARAMETERS}")
    if discussion:
        read_discussion(discussion, PLACES)
    if study and (Path(study) / RESULTS).is_file():
        words = compared(study).corpus.words
    elif study and (Path(study) / EXPERIMENTS).is_file():
        raise UsageError(f"{study}: an unfinished study: run `wordspot study` again, or name another folder")
    else:
        words = words_in(data, words, runtime)
    index = find_index(data, words, speaker_from=runtime.speaker_from)
    choose(index, CorpusConfig(words=words))  # raises where the clips lack one
    output_folder(path.parent)
    (parameters,), written = cells, cells[0].source
    with folder_of_runs(study) as runs:
        asked = {
            "DATA": str(data),
            "WORDS": words,
            "STUDY": str(runs),
            "QUICK": quick,
            "DISCUSSION": str(discussion) if discussion else None,
            "RUNTIME": asdict(runtime),
        }
        parameters.source = "\n".join(f"{name} = {value!r}" for name, value in asked.items())
        try:
            # Over files instead of ports, so that no other user of the machine can reach the kernel.
            local = Config({"KernelManager": {"transport": "ipc"}})
            client = NotebookClient(
                notebook, timeout=None, kernel_name="python3", record_timing=False, config=local
            )
            client.execute()
        except CellExecutionError as error:
            raise WordspotError(f"{source}: a cell failed ({error.ename}: {error.evalue})") from None
    parameters.source = written
    parameters.outputs = [nbformat.v4.new_output("stream", text=told(asked, study))]  # type: ignore[no-untyped-call]
    if without_sounds:
        remove_sounds(notebook)
    with atomic_write(path) as part:
        nbformat.write(notebook, part)  # type: ignore[no-untyped-call]
    return path


@contextmanager
def folder_of_runs(study: Path | str | None) -> Iterator[Path | str]:
    """Give the folder of a study, or one that is removed afterwards."""
    if study:
        yield study
    else:
        with TemporaryDirectory() as scratch:
            yield scratch


def told(asked: dict[str, object], study: Path | str | None) -> str:
    """Say with which parameters a notebook was run; of paths only the last part, which others may know."""
    shown = asked | {"DATA": Path(str(asked["DATA"])).name, "STUDY": Path(study).name if study else None}
    if asked["DISCUSSION"]:
        shown["DISCUSSION"] = Path(str(asked["DISCUSSION"])).name
    lines = [f"{name} = {value!r}" for name, value in shown.items()]
    return "\n".join(["This copy was run by `wordspot notebook` with", *lines, ""])


def compared(study: str | Path) -> RunConfig:
    """Give the config of the first model that a study compares. Raises UsageError where it compares none."""
    results = read_study(study)
    name = next((name for name in COMPARED if name in results), None)
    for experiment in read_experiments(study):
        if experiment.name == name:
            return next(iter(experiment.variants.values()))
    raise UsageError(
        f"{study}: a notebook needs the experiment {' or '.join(COMPARED)}: run `wordspot study` with it"
    )


def remove_sounds(notebook: nbformat.NotebookNode) -> None:
    """Replace every audio player by a few words."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get("text/html", "")
            if PLAYER.search(shown):
                output.data = {"text/html": PLAYER.sub("(audio, left out of this copy)", shown)}
