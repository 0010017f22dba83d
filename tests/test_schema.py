"""Schemas: which class JSON is read as, and what is said of settings that no class knows."""

import json
from dataclasses import asdict, field
from typing import Annotated, Any, Literal

import pytest

from tests.helpers import assert_one_line
from wordspot.errors import UsageError
from wordspot.schema import OneOf, Subclasses, implementation, schema, subclasses, validated

COLOURS: dict[str, Any] = {"red": 1, "root": "math:sqrt"}


class Shape:
    """Told apart by their kinds."""

    kind: str


@schema
class Circle(Shape):
    kind: Literal["circle"] = field(default="circle", kw_only=True)
    radius: float = 1.0


@schema
class Ring(Circle):
    """Of the same kind, with one setting more."""

    hole: float = 0.5


@schema
class Square(Shape):
    kind: Literal["square"] = field(default="square", kw_only=True)
    side: float = 1.0


@schema
class Paint:
    """Told apart by their settings."""

    colour: Annotated[str, OneOf(COLOURS)] = "red"


@schema
class Glossy(Paint):
    gloss: float = 0.5


@schema
class Picture:
    shape: Annotated[Shape, Subclasses()] = Circle()
    paint: Annotated[Paint, Subclasses()] = Paint()


def through_json(picture: Picture) -> Picture:
    return validated(Picture, json.loads(json.dumps(asdict(picture))))


@pytest.mark.parametrize("shape", [Circle(2.0), Circle(), Ring(hole=0.25), Square(3.0)])
@pytest.mark.parametrize("paint", [Paint(), Paint("root"), Glossy(gloss=1.0)])
def test_subclasses_come_back_as_themselves(shape: Shape, paint: Paint) -> None:
    picture = Picture(shape, paint)
    again = through_json(picture)
    assert again == picture
    assert type(again.shape) is type(shape)
    assert type(again.paint) is type(paint)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ({"shape": {"kind": "star"}}, "kind 'star' must be one of circle, square"),
        ({"shape": {"radius": 1.0}}, "kind None must be one of circle, square"),
        ({"shape": 3}, "3 must be settings by their names"),
        ({"shape": {"kind": "square", "radius": 1.0}}, "radius: no such setting"),
        ({"shape": {"kind": "circle", "radius": "wide"}}, "radius: "),
        ({"paint": {"glitter": 1.0}}, "glitter: no such setting"),
        ({"paint": {"colour": "blue"}}, "colour: 'blue' must be one of 'red', 'root'"),
        ({"frame": 1}, "frame: no such setting"),
    ],
)
def test_what_no_class_knows_is_refused_in_one_line(stored: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        validated(Picture, stored)
    assert_one_line(caught.value)
    assert message in str(caught.value)


def test_subclasses_are_found_at_any_depth() -> None:
    assert subclasses(Shape) == [Circle, Ring, Square]


def test_a_choice_is_an_object_or_the_place_of_one() -> None:
    assert implementation(COLOURS, "red") == 1
    assert implementation(COLOURS, "root")(9.0) == 3.0


def test_a_choice_that_is_added_later_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="'blue' must be one of 'red', 'root'"):
        Paint("blue")
    monkeypatch.setitem(COLOURS, "blue", 2)
    assert through_json(Picture(paint=Paint("blue"))).paint == Paint("blue")
