"""wordspot export."""

from pathlib import Path
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg

from wordspot.cli.options import HowToRun, command
from wordspot.config import Runtime


def export(
    run: Annotated[
        Positional[str],
        arg(metavar="RUN", help="Folder of a trained run, or the name of a pretrained recogniser."),
    ],
    out: Annotated[Path, arg(metavar="FILE.onnx", help="The file to write.")],
    licence: Annotated[
        str | None,
        arg(
            metavar="TEXT",
            help="Licence of the recogniser, for the metadata; what the model card says by default.",
            help_behavior_hint="",
        ),
    ] = None,
    int8: Annotated[
        FlagCreatePairsOff[bool], arg(help="Store LSTM weights in 8 bits, measured on the validation split.")
    ] = False,
    data: Annotated[
        str | None,
        arg(
            metavar="D",
            help="Clips of the run, for --int8; those it was trained on by default.",
            help_behavior_hint="",
        ),
    ] = None,
    force: Annotated[
        FlagCreatePairsOff[bool], arg(help="Accept 8-bit weights that lose over half a point of accuracy.")
    ] = False,
    runtime: HowToRun = Runtime(),
) -> None:
    """Write a recogniser to one ONNX file, checked against PyTorch (needs the extra onnx)."""
    from wordspot.deploy.export import export_onnx
    from wordspot.deploy.quantize import quantization_table, quantize
    from wordspot.device import computing

    with computing(runtime):
        path = export_onnx(run, out, licence=licence)
        if int8:
            quantization_table(*quantize(run, path, data, runtime, force=force)).print()
    print(f"exported: {path} ({path.stat().st_size / 1000:,.0f} kB)")
    print(f"next: {command('detect', path, '--microphone')}")
