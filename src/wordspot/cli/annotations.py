"""How settings look on the command line: which choices they have, what is hidden, which defaults are told."""

from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from tyro.conf import Fixed, Suppress, arg

from wordspot.config import AugmentConfig, CorpusConfig, FeatureConfig, ModelConfig, Runtime, TrainingConfig
from wordspot.deploy.settings import Detection
from wordspot.schema import OneOf, subclasses
from wordspot.streams.settings import StreamConfig
from wordspot.tts.settings import Synthesis

SCHEMAS: tuple[type[Any], ...] = (
    Runtime,
    CorpusConfig,
    FeatureConfig,
    AugmentConfig,
    TrainingConfig,
    ModelConfig,
    Synthesis,
    Detection,
    StreamConfig,
)
METAVARS = {"speaker_from": "REGEX", "initial": "RUN"}
"""What stands for the value of a setting whose type tells little."""


def annotate_settings() -> None:
    """Annotate every setting for tyro, those of subclasses too. Their checks stay as they are."""
    for cls in [cls for schema in SCHEMAS for cls in (schema, *subclasses(schema)) if is_dataclass(cls)]:
        for setting in fields(cls):
            cls.__annotations__[setting.name] = annotation(setting.name, setting.type)


def annotation(name: str, kind: Any) -> Any:
    """Annotate a setting: a list of choices by its present names, a default only where there is one."""
    first, *rest = get_args(kind) or (kind,)
    if name == "kind":  # the recipe has chosen it
        return Suppress[Fixed[kind]]  # type: ignore[misc]
    for choice in rest:
        if isinstance(choice, OneOf):
            return Literal[tuple(choice.choices)]
    if NoneType not in rest and get_origin(kind) is not tuple:
        return kind
    metavar = METAVARS.get(name)
    if NoneType in rest and get_origin(first) is Annotated:
        metavar = "N"
    return Annotated[kind, arg(metavar=metavar, help_behavior_hint=default_hint)]


def default_hint(default: str) -> str:
    """Tell a default, unless there is none: then the help says what happens."""
    return "" if default in ("None", "") else f"(default: {default})"
