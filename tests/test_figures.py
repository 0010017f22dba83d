"""Figures: shown inline, saved with the same bytes each time, marked where they are of synthetic speech."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from IPython.core.formatters import DisplayFormatter

from wordspot.figures import Plot, colors_for, save_figure, titled

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Clips:
    """What a figure is drawn from."""

    synthetic: bool = False


def line(source: Clips = Clips()) -> Plot:
    figure = Plot((6, 4), source)
    figure.subplots().plot([1, 2, 3])
    return figure


def test_a_notebook_shows_a_plot_inline() -> None:
    shown, _ = DisplayFormatter().format(line())  # type: ignore[no-untyped-call]
    assert shown["image/png"].startswith(PNG)


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.svg", "other.svg", "one.png"):
        save_figure(line(), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()
    assert (tmp_path / "one.png").read_bytes().startswith(PNG)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.png", "one.svg", "other.svg"]


@pytest.mark.parametrize("count", [1, 8, 12])
def test_every_model_has_a_colour_of_its_own(count: int) -> None:
    assert len(set(colors_for(count))) == count


def test_synthetic_speech_is_named_in_figures_and_titles() -> None:
    assert line().get_suptitle() == ""
    assert line(Clips(synthetic=True)).get_suptitle() == "synthetic speech"
    assert titled("Models", Clips()) == "Models"
    assert titled("Models", Clips(synthetic=True)) == "Models (synthetic speech)"
