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
) -> None:
    """Copy the best recogniser and the best unidirectional one, with model cards."""
    from wordspot.deploy.publish import publish as publish_study

    for place in publish_study(study, out, corpus=corpus, licence=licence):
        print(f"published: {place}")
