"""Options that several verbs share, and the command to run next."""

import shlex
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg

from wordspot.config import Runtime
from wordspot.layout import Split

Data = Annotated[
    str,
    arg(
        metavar="D",
        help="Folder of <word>/*.wav or <split>/<word>/*.wav (.flac, ...), a list of clips (.csv or .tsv), "
        "a torchaudio root with SpeechCommands/ in it, speech-commands to download the data set (2.3 GB, "
        "once), or synthetic for synthetic speech.",
    ),
]
Listener = Annotated[
    Positional[str],
    arg(
        metavar="RUN",
        help="Folder of a trained run, the name of a pretrained recogniser, or an exported file.",
    ),
]
HowToRun = FlagCreatePairsOff[Runtime]
"""Device, threads, and how clips are read."""
ChooseSplit = Annotated[
    Split, arg(help="Split to use. Choose models by validation; testing is for the final figure alone.")
]


def command(*words: object, runtime: Runtime = Runtime()) -> str:
    """Write the command to run next, quoted for a shell, with the options of `runtime` that are not defaults.

    >>> command("evaluate", "my run", "--data", "clips", runtime=Runtime(convert=True))
    "wordspot evaluate 'my run' --data clips --convert"
    """
    return shlex.join(["wordspot", *map(str, words), *runtime.options])
