"""Frozen dataclasses that are checked whenever they are made: from Python, from JSON, on the command line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar, dataclass_transform

import pydantic.dataclasses
from pydantic import ConfigDict, GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, core_schema

from wordspot.errors import UsageError

Schema = TypeVar("Schema")

MESSAGES = {
    "greater_than": "must be over {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be under {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a finite number",
    "literal_error": "must be {expected}",
    "unexpected_keyword_argument": "no such setting",
    "missing": "is missing",
}
"""How a wrong value is named, by pydantic's types of errors; pydantic's own words for all others."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def schema(cls: type[Schema]) -> type[Schema]:
    """Make a class a frozen dataclass whose annotations are checked whenever one is made.

    A wrong value raises UsageError in one line that names the setting and what it may be.
    """
    rules = ConfigDict(extra="forbid", allow_inf_nan=False, revalidate_instances="never")
    made = pydantic.dataclasses.dataclass(frozen=True, config=rules)(cls)
    validate = made.__init__

    @wraps(validate)
    def init(self: Any, *args: Any, **settings: Any) -> None:
        try:
            validate(self, *args, **settings)
        except ValidationError as error:
            raise UsageError(in_one_line(error)) from None

    made.__init__ = init  # type: ignore[method-assign]
    return made  # type: ignore[return-value]


def validated(kind: type[Schema], stored: Any) -> Schema:
    """Make a schema of what JSON gave. Raises UsageError that names the setting that is wrong."""
    try:
        return TypeAdapter(kind).validate_python(stored)
    except ValidationError as error:
        raise UsageError(in_one_line(error)) from None


def in_one_line(error: ValidationError) -> str:
    """Name the first wrong setting, its value and what it may be."""
    first = error.errors()[0]
    name = ".".join(map(str, first["loc"]))
    message = MESSAGES.get(first["type"])
    if message is None:
        return f"{name}: {first['msg'].removeprefix('Value error, ')}"
    value = "" if first["type"] in ("missing", "unexpected_keyword_argument") else f"{first['input']} "
    return f"{name}: {value}{message.format(**first.get('ctx', {}))}"


@dataclass(frozen=True)
class OneOf:
    """Annotation of a string: a key of `choices`, which others may add to."""

    choices: Mapping[str, Any]

    def check(self, name: str) -> str:
        """Raise ValueError for a name that is not among the choices."""
        if name not in self.choices:
            known = ", ".join(repr(choice) for choice in self.choices)
            raise ValueError(f"{name!r} must be one of {known}")
        return name

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))


class Subclasses:
    """Annotation of a schema that stands for its subclasses too: JSON is read as the one that fits.

    Of the classes of its `kind`, where they have kinds, it is the first that knows every setting.
    """

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        def choose(value: Any, _: Callable[[Any], Any]) -> Any:
            if isinstance(value, source):
                return value
            if not isinstance(value, Mapping):
                raise ValueError(f"{value} must be settings by their names")
            classes = [source, *subclasses(source)]
            kinds = [cls.kind for cls in classes if isinstance(getattr(cls, "kind", None), str)]
            if kinds:
                kind = value.get("kind")
                if kind not in kinds:
                    raise ValueError(f"kind {kind!r} must be one of {', '.join(dict.fromkeys(kinds))}")
                classes = [cls for cls in classes if getattr(cls, "kind", None) == kind]
            fitting = [cls for cls in classes if value.keys() <= cls.__dataclass_fields__.keys()]
            return (fitting or classes)[0](**value)

        return core_schema.no_info_wrap_validator_function(choose, core_schema.any_schema())


def subclasses(cls: type[Any]) -> list[type[Any]]:
    """List the subclasses of a class, and theirs."""
    return [found for child in cls.__subclasses__() for found in (child, *subclasses(child))]


def implementation(choices: Mapping[str, Any], name: str) -> Any:
    """Give what a choice names: the object itself, or where it lives, as `module:object`."""
    found = choices[name]
    if not isinstance(found, str):
        return found
    module, _, attribute = found.partition(":")
    return getattr(import_module(module), attribute)
