"""wordspot publish."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from wordspot.errors import UsageError


def publish(
    source: Annotated[
        Positional[Path],
        arg(metavar="STUDY|RUN", help="Folder of a study with the family, or of one run."),
    ],
    out: Annotated[Path, arg(metavar="DIR", help="Folder for the recognisers.")],
    corpus: Annotated[str, arg(metavar="TEXT", help="Description of the recordings, for the model card.")],
    licence: Annotated[
        str, arg(metavar="TEXT", help="Licence and attribution of the recordings, for the model card.")
    ],
    hub_licence: Annotated[
        str,
        arg(metavar="ID", help="Licence of the weights by its name on the Hugging Face Hub: mit, cc-by-4.0."),
    ] = "other",
    hub_dataset: Annotated[
        str | None,
        arg(
            metavar="ID",
            help="The recordings by their name on the Hub: google/speech_commands.",
            help_behavior_hint="",
        ),
    ] = None,
    name: Annotated[
        str | None,
        arg(
            metavar="NAME",
            help="Name of a run's recogniser; by default that of its folder.",
            help_behavior_hint="",
        ),
    ] = None,
    stream: Annotated[
        Path | None,
        arg(
            metavar="FILE",
            help="stream-testing.json of evaluate-stream, for the card of a run.",
            help_behavior_hint="",
        ),
    ] = None,
    models: Annotated[
        tuple[str, ...],
        arg(
            metavar="MODEL...",
            help="Models of a study to lay out; by default the most accurate, and the most accurate that "
            "reads from start to end.",
            help_behavior_hint="",
        ),
    ] = (),
    onnx: Annotated[bool, arg(help="Add an ONNX file, where the extra onnx is installed.")] = True,
) -> None:
    """Lay out a run, or the best recognisers of a study, as folders to upload."""
    from wordspot.deploy.publish import publish as publish_study
    from wordspot.deploy.publish import publish_run
    from wordspot.reporting.card_header import Credits
    from wordspot.runs.run import CONFIG

    credits = Credits(corpus, licence, hub_licence, hub_dataset)
    if (source / CONFIG).is_file():
        if models:
            raise UsageError(f"{source}: one run: leave out --models, or name the folder of a study")
        run_name = source.resolve().name if name is None else name
        places = [publish_run(source, out, run_name, credits, stream=stream, onnx=onnx)]
    elif name is not None or stream is not None:
        raise UsageError(f"{source}: not a run: leave out --name and --stream, or name the folder of a run")
    else:
        places = publish_study(source, out, credits, models, onnx=onnx)
    for place in places:
        print(f"published: {place}")
