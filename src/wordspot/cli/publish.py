"""wordspot publish."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg


def publish(
    study: Annotated[Positional[Path], arg(metavar="STUDY", help="Folder of a study with the family.")],
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
    onnx: Annotated[bool, arg(help="Add an ONNX file, where the extra onnx is installed.")] = True,
) -> None:
    """Lay out the best recogniser and the best that streams as folders to upload."""
    from wordspot.deploy.publish import publish as publish_study
    from wordspot.reporting.card_header import Credits

    credits = Credits(corpus, licence, hub_licence, hub_dataset)
    for place in publish_study(study, out, credits, onnx=onnx):
        print(f"published: {place}")
