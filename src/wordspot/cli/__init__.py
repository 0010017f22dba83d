"""The command line: one thin file for each group of verbs, no logic of its own."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout, suppress
from functools import partial
from importlib.metadata import version
from io import StringIO, TextIOWrapper
from itertools import pairwise

import tyro
from tyro._errors import ParseErrorEvent, on_parse_error

from wordspot.cli.annotations import annotate_settings
from wordspot.cli.bench import bench
from wordspot.cli.compare import compare
from wordspot.cli.completion import completion_script
from wordspot.cli.detect import detect
from wordspot.cli.evaluate_stream import evaluate_stream
from wordspot.cli.explore import explore
from wordspot.cli.export import export
from wordspot.cli.mistakes import mistakes
from wordspot.cli.notebook import notebook
from wordspot.cli.pack import pack
from wordspot.cli.page import page
from wordspot.cli.predict import predict
from wordspot.cli.publish import publish
from wordspot.cli.report import report
from wordspot.cli.study import study
from wordspot.cli.sweep import sweep
from wordspot.cli.synthesize import own_words, synthesize
from wordspot.cli.tables import tables
from wordspot.cli.train import evaluate, recipe_type, train
from wordspot.cli.usage import usage_error
from wordspot.errors import UsageError, WordspotError, warn_in_one_line
from wordspot.files import cache_folder
from wordspot.telemetry import switch_off_telemetry
from wordspot.text import is_text, shown
from wordspot.waiting import wait_passively

INTERRUPTED = 130

VERBS: list[Callable[..., None]] = [
    explore,
    pack,
    train,
    evaluate,
    predict,
    compare,
    mistakes,
    sweep,
    study,
    tables,
    report,
    notebook,
    publish,
    export,
    detect,
    page,
    evaluate_stream,
    synthesize,
    own_words,
    bench,
]


def check_arguments(arguments: list[str]) -> None:
    """Raise UsageError for an empty argument, as a path the folder one is in, and for one that is no text."""
    for before, argument in pairwise(["wordspot", *arguments]):
        if not argument or (argument.startswith("--") and argument.endswith("=")):
            name = argument.removesuffix("=") or before
            raise UsageError(f"{name}: an empty value: is a variable of the shell not set?")
        if not is_text(argument):
            raise UsageError(f"{argument}: not text in UTF-8: rename the file or folder")
        if argument.startswith("--tyro-"):
            raise UsageError(f"{argument}: no such option: see `wordspot --help` for --completion")


def set_environment() -> None:
    """Set what has to stand in the environment before libraries are loaded."""
    wait_passively()
    switch_off_telemetry()
    # Else they write to folders that nobody named.
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "matplotlib"))
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_folder() / "torch"))


def printed(run: Callable[..., None], arguments: Sequence[str]) -> str:
    """Give what a command line prints for arguments that end it, such as --help."""
    with redirect_stdout(StringIO()) as text, suppress(SystemExit):
        run(args=list(arguments))
    return text.getvalue()


def main() -> None:
    """Run one verb; exits with 0, with 2 for wrong use, with 1 for failure, with 130 when interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for what their encoding can't write
    warn_in_one_line()
    try:
        set_environment()
        check_arguments(sys.argv[1:])
        if sys.argv[1:] == ["--version"]:
            print(f"wordspot {version('wordspot')}")
            return
        train.__annotations__["recipe"] = sweep.__annotations__["recipe"] = recipe_type(sys.argv[1:])
        annotate_settings()
        app = tyro.extras.SubcommandApp()
        for verb in VERBS:
            app.command(verb)
        run = partial(
            app.cli,
            prog="wordspot",
            description="Spoken-command recognition with recurrent networks.\n--version tells the version; "
            "--completion SHELL prints what completes commands.",
            config=(tyro.conf.OmitArgPrefixes, tyro.conf.CascadeSubcommandArgs),
        )

        if sys.argv[1:2] == ["--completion"]:
            print(completion_script(sys.argv[2:], partial(printed, run)))
            return

        def refuse(event: ParseErrorEvent) -> None:
            names = [verb.__name__.replace("_", "-") for verb in VERBS]
            error = usage_error(event, sys.argv[1:], names, partial(printed, run))
            if error:
                raise error

        with on_parse_error(refuse):
            run()
        sys.stdout.flush()
    except WordspotError as error:
        print(f"wordspot: {shown(error)}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("wordspot: interrupted: what is finished is kept", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # What is left in the buffer has no reader either: let the interpreter flush it into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:  # a full disk, a folder that may not be read
        place = error.filename or "input or output"
        print(f"wordspot: {shown(place)}: {shown(error.strerror or error)}", file=sys.stderr)
        sys.exit(1)
