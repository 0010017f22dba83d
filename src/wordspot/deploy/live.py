"""Detection on a terminal: words as text or JSON lines, a bar for a file, a line for the microphone."""

import json
import math
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from wordspot.deploy.detector import Detector, Event, Openable, open_file
from wordspot.deploy.settings import Detection
from wordspot.deploy.sound import Block, Microphone
from wordspot.text import shown

METER = 20
"""Characters of the bar that shows a probability."""


def detect_in_file(path: Path, recognizer: Openable, settings: Detection, *, json_lines: bool) -> None:
    """Print the words in a sound file while it is read; a bar on standard error, if that is a terminal."""
    detector, blocks, total = open_file(path, recognizer, settings)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # else the words would go where the bar is
    ) as bar:
        task = bar.add_task(shown(path.name), total=total)
        for block in blocks:
            tell(detector.push(block), path, json_lines=json_lines)
            bar.update(task, advance=len(block))
        tell(detector.finish(), path, json_lines=json_lines)


def detect_live(source: Microphone, recognizer: Openable, settings: Detection, *, json_lines: bool) -> None:
    """Print the words that a microphone hears, until Ctrl-C, over a line with the sound as it is now."""
    detector = Detector(recognizer, source.sample_rate, settings)
    console = Console(stderr=True)
    line = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=sys.stdout.isatty())
    console.print(f"listening for {', '.join(detector.words)}; Ctrl-C ends", highlight=False)
    with suppress(KeyboardInterrupt), line:
        for block in source:
            tell(detector.push(block), None, json_lines=json_lines)
            line.update(live_line(detector, block), refresh=True)
    tell(detector.finish(), None, json_lines=json_lines)
    console.print(f"listened for {detector.seconds:.1f} s", highlight=False)


def live_line(detector: Detector, block: Block) -> str:
    """Describe the last block and the last window: time, level, the most probable word."""
    level = 10 * math.log10(float(np.square(block).mean()) + 1e-10)
    best = int(detector.posterior.argmax())
    probability = detector.posterior[best].item()
    meter = "#" * round(METER * probability)
    word = detector.classes[best]
    return f"{detector.seconds:8.1f} s  {level:4.0f} dB  {word:<12} {meter:<{METER}} {probability:4.0%}"


def tell(events: Iterable[Event], path: Path | None, *, json_lines: bool) -> None:
    """Print events, each at once: whoever reads them through a pipe need not wait."""
    for event in events:
        if json_lines:
            where = {} if path is None else {"path": str(path)}
            told = {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(event).items()}
            print(json.dumps(where | told), flush=True)
        else:
            name = "" if path is None else f"  {shown(path)}"
            times = f"{event.start:9.2f} {event.end:9.2f}"
            print(f"{times}  {event.word:<12} {event.confidence:6.1%}{name}", flush=True)
