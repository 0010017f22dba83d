"""wordspot pack."""

from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from wordspot.cli.options import Data, HowToRun, command
from wordspot.config import COMMANDS, CorpusConfig, Runtime


def pack(
    data: Data,
    out: Annotated[Path, arg(metavar="DIR", help="Folder of the shards; stopped packing goes on there.")],
    words: Annotated[
        tuple[str, ...],
        arg(metavar="WORD [WORD ...]", help="Words to recognise.", help_behavior_hint=""),
    ] = COMMANDS,
    seconds: Annotated[float, arg(help="Length to which each clip is padded or cut.")] = 1.0,
    sample_rate: Annotated[int, arg(help="Sampling rate of the clips in hertz.")] = 16_000,
    held_out: Annotated[int, arg(help="Most clips that validate, and most that test.")] = 20_000,
    runtime: HowToRun = Runtime(),
) -> None:
    """Pack a corpus larger than memory for `train --data DIR`, shuffled and in shards."""
    from wordspot.corpus.pack import pack

    config = CorpusConfig(words=words, seconds=seconds, sample_rate=sample_rate)
    folder = pack(data, config, out, runtime, held_out=held_out)
    unusual: list[object] = ["--words", *words] if words != COMMANDS else []
    unusual += ["--seconds", seconds] if seconds != CorpusConfig().seconds else []
    unusual += ["--sample-rate", sample_rate] if sample_rate != CorpusConfig().sample_rate else []
    after = command("train", "lstm", "--data", folder, *unusual, "--out", "RUN")
    print(f"packed: {folder}\nnext: {after}")
