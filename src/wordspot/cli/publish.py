"""wordspot publish."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg


def publish(
    study: Annotated[Positional[Path], arg(metavar="STUDY", help="Folder of a study with the family.")],
    out: Annotated[Path, arg(metavar="DIR", help="Where the folders of the recognisers are put.")],
    corpus: Annotated[str, arg(metavar="WORDS", help="What the recordings are, for the model card.")],
    licence: Annotated[
        str, arg(metavar="WORDS", help="The recordings' licence and whom to credit, for the model card.")
    ],
) -> None:
    """Copy the best recogniser of a study, and the best that can follow running sound, with model cards."""
    from wordspot.deploy.publish import publish as publish_study

    for place in publish_study(study, out, corpus=corpus, licence=licence):
        print(f"published: {place}")
