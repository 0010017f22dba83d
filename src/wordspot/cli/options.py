"""Options that several verbs share."""

from typing import Annotated

from tyro.conf import FlagCreatePairsOff, arg

Data = Annotated[
    str,
    arg(
        metavar="D",
        help="A folder of <word>/*.wav or *.flac, a torchaudio root that holds SpeechCommands/, "
        "speech-commands to download the data set (2.3 GB, once), or synthetic for speech that is made here.",
    ),
]
Convert = FlagCreatePairsOff[
    Annotated[bool, arg(help="Convert clips of another rate, of several channels or of 8 bits.")]
]
SkipBad = FlagCreatePairsOff[Annotated[bool, arg(help="Leave out clips that can't be used, and name them.")]]
Device = Annotated[str, arg(metavar="NAME", help="Where to compute, by torch's name: cpu, cuda, mps.")]
Threads = Annotated[
    int | None, arg(metavar="N", help="Threads on the CPU; one for each core where left out.")
]
