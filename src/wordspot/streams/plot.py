"""The figure of an evaluation on recordings."""

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from wordspot.figures import STYLE, Plot, colors_for
from wordspot.streams.result import StreamEvaluation
from wordspot.streams.thresholds import GRID

LINEAR = 1.0
"""False accepts an hour under which their axis is linear, so that it has a 0."""


def plot_stream(result: StreamEvaluation) -> Figure:
    """Plot misses against false accepts, and false accepts where no word is said, over thresholds.

    Curves are those of one threshold for all words; a dot marks the thresholds of the recogniser.
    """
    spoken = [one for one in result.results if one.score.said]
    unspoken = [one for one in result.results if not one.score.said]
    colors = colors_for(len(result.results))
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(10, 4), source=result)
        errors, alarms = figure.subplots(1, 2)
        for one, color in zip(spoken, colors, strict=False):
            rates = [score.false_accepts_per_hour for score in one.curve]
            misses = [score.miss_rate for score in one.curve]
            errors.plot(rates, misses, color=color, label=one.name)
            errors.plot([one.score.false_accepts_per_hour], [one.score.miss_rate], "o", color=color)
        for one, color in zip(unspoken, colors[len(spoken) :], strict=True):
            rates = [score.false_accepts_per_hour for score in one.curve]
            alarms.plot([1 - threshold for threshold in GRID], rates, color=color, label=one.name)
        errors.set(xlabel="false accepts an hour", ylabel="words missed", ylim=(-0.02, 1.02))
        errors.set_xscale("symlog", linthresh=LINEAR)
        errors.set_xlim(left=-LINEAR / 10)
        errors.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        errors.yaxis.set_major_formatter(PercentFormatter(1))
        errors.set_title("where words are said", fontsize="medium")
        alarms.set(xlabel="threshold", ylabel="false accepts an hour", xscale="log")
        alarms.invert_xaxis()
        ticks = [0.5, 0.1, 0.01, 0.001, 0.0001]
        alarms.set_xticks(ticks, [f"{1 - tick:g}" for tick in ticks])
        alarms.minorticks_off()
        alarms.set_yscale("symlog", linthresh=LINEAR)
        alarms.set_ylim(bottom=-LINEAR / 10)
        alarms.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        alarms.set_title("where no word is said", fontsize="medium")
        for axes in (errors, alarms):
            axes.legend(fontsize="small")
    return figure
