"""The whole work as a notebook, run from top to bottom on a corpus."""

from dataclasses import asdict
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

from wordspot.config import CorpusConfig, Runtime
from wordspot.corpus.corpus import find_index
from wordspot.corpus.index import choose
from wordspot.errors import UsageError, WordspotError
from wordspot.experiments.study import EXPERIMENTS, read_experiments
from wordspot.files import atomic_write, output_folder

PARAMETERS = "parameters"
"""Tag of the cell with the parameters."""


def write_notebook(
    source: Path | str,
    data: str | Path,
    study: Path | str,
    out: Path | str,
    runtime: Runtime = Runtime(),
    *,
    words: tuple[str, ...],
    quick: bool = False,
    without_sounds: bool = False,
) -> Path:
    """Run a notebook that is written as a script (jupytext), and keep it with its outputs; gives its path.

    Where the folder `study` holds a study, its experiments and runs are shown. Otherwise all experiments run
    there, on `words`; with `quick`, two of them with few epochs and clips, to see every step in minutes.
    `without_sounds` leaves the audio out, for a copy to hand on. Raises UsageError where `source` is no such
    notebook, the study lacks the family or the clips lack a word, and WordspotError where a cell fails.
    """
    source, path = Path(source), Path(out)
    if not source.is_file():
        raise UsageError(f"{source}: no such notebook: name notebooks/spoken_words.py of the project")
    notebook = jupytext.read(source)
    cells = [cell for cell in notebook.cells if PARAMETERS in cell.metadata.get("tags", [])]
    if not cells:
        raise UsageError(f"{source}: no cell has the tag {PARAMETERS}")
    if (Path(study) / EXPERIMENTS).is_file():
        words = words_of_family(study)
    choose(find_index(data, words), CorpusConfig(words=words))  # raises where the clips lack one
    asked = {
        "DATA": str(data),
        "STUDY": str(study),
        "WORDS": words,
        "QUICK": quick,
        "RUNTIME": asdict(runtime),
    }
    cells[0].source = "\n".join(f"{name} = {value!r}" for name, value in asked.items())
    output_folder(path.parent)
    try:
        # Over files instead of ports, so that no other user of the machine can reach the kernel.
        local = Config({"KernelManager": {"transport": "ipc"}})
        NotebookClient(notebook, timeout=None, kernel_name="python3", config=local).execute()
    except CellExecutionError as error:
        raise WordspotError(f"{source}: a cell failed ({error.ename}: {error.evalue})") from None
    if without_sounds:
        remove_sounds(notebook)
    with atomic_write(path) as part:
        nbformat.write(notebook, part)  # type: ignore[no-untyped-call]
    return path


def words_of_family(study: str | Path) -> tuple[str, ...]:
    """Give the words of a study. Raises UsageError where it lacks the family."""
    for experiment in read_experiments(study):
        if experiment.name == "family":
            return next(iter(experiment.variants.values())).corpus.words
    raise UsageError(f"{study}: a notebook needs the experiment family: run `wordspot study` with it")


def remove_sounds(notebook: nbformat.NotebookNode) -> None:
    """Replace every audio player by a line of text."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "<audio" in output.get("data", {}).get("text/html", ""):
                output.data = {"text/plain": "(audio, left out of this copy)"}
