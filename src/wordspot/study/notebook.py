"""The whole work as a notebook, run from top to bottom on one's own data."""

from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

from wordspot.errors import UsageError, WordspotError
from wordspot.files import output_folder, whole_file
from wordspot.study.study import EXPERIMENTS, read_experiments

PARAMETERS = "parameters"
"""The tag of the cell that says what the notebook is run on."""


def write_notebook(
    source: Path | str,
    data: str | Path,
    study: Path | str,
    out: Path | str,
    *,
    words: tuple[str, ...],
    quick: bool = False,
    convert: bool = False,
    skip_bad: bool = False,
    without_sounds: bool = False,
) -> Path:
    """Run a notebook that is written as a script (jupytext), and keep it with its outputs; gives its path.

    Where the folder `study` holds a study, its experiments and runs are shown. Otherwise all experiments are
    run there, on `words`; or where `quick`, two of them with few epochs and clips, to see every step in
    minutes. `without_sounds` takes the recordings out of what is kept, for a copy to hand on where they may
    not be. Raises UsageError where `source` is no such notebook or the study lacks the family, and
    WordspotError where a cell fails.
    """
    source, path = Path(source), Path(out)
    if not source.is_file():
        raise UsageError(f"{source}: no notebook here: name notebooks/spoken_words.py of the project")
    notebook = jupytext.read(source)
    cells = [cell for cell in notebook.cells if PARAMETERS in cell.metadata.get("tags", [])]
    if not cells:
        raise UsageError(f"{source}: no cell has the tag {PARAMETERS}")
    if (Path(study) / EXPERIMENTS).is_file():
        words = words_of_family(study)
    asked = {"DATA": str(data), "STUDY": str(study), "WORDS": words, "QUICK": quick}
    asked["READ"] = {"convert": convert, "skip_bad": skip_bad}
    cells[0].source = "\n".join(f"{name} = {value!r}" for name, value in asked.items())
    output_folder(path.parent)
    try:
        # By files instead of ports: nobody else on the machine can reach the kernel.
        local = Config({"KernelManager": {"transport": "ipc"}})
        NotebookClient(notebook, timeout=None, kernel_name="python3", config=local).execute()
    except CellExecutionError as error:
        raise WordspotError(f"{source}: a cell failed ({error.ename}: {error.evalue})") from None
    if without_sounds:
        remove_sounds(notebook)
    with whole_file(path) as part:
        nbformat.write(notebook, part)  # type: ignore[no-untyped-call]
    return path


def words_of_family(study: str | Path) -> tuple[str, ...]:
    """Name the words of a study. Raises UsageError where it lacks the family."""
    for experiment in read_experiments(study):
        if experiment.name == "family":
            return next(iter(experiment.variants.values())).corpus.words
    raise UsageError(f"{study}: a notebook needs the experiment family: run `wordspot study` with it")


def remove_sounds(notebook: nbformat.NotebookNode) -> None:
    """Put a line of text in the place of every player."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "<audio" in output.get("data", {}).get("text/html", ""):
                output.data = {"text/plain": "(a player, left out of this copy)"}
