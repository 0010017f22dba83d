"""Wrong use of the command line, told in one line: what is wrong, what may be meant, where to read on."""

import re
from ast import literal_eval
from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

# Private, and pinned for that: the one place where tyro tells what is wrong otherwise than in a box of text.
from tyro import _errors as tyro_errors

from wordspot.errors import UsageError
from wordspot.recipes import RECIPES

if TYPE_CHECKING:
    from tyro._arguments import ArgumentDefinition

TAKING_RECIPES = ("train", "sweep")
OPTIONS = re.compile(r"^\W*((?:--[a-z][\w-]*(?:, )?)+)", re.MULTILINE)
"""The names of options at the start of a line of a help."""
NO_NUMBER = re.compile(r"(int\(\)|to float).*: ((['\"]).*\3)$", re.DOTALL)
"""The end of what Python says of text that is no number."""


def usage_error(
    event: tyro_errors.ParseErrorEvent,
    arguments: Sequence[str],
    verbs: Collection[str],
    printed_for: Callable[[Sequence[str]], str],
) -> UsageError | None:
    """Turn what tyro found wrong with arguments into one line; None for what this program can't get wrong.

    `printed_for` gives what the program prints for arguments, to ask it for its help.
    """
    place = place_of(arguments, verbs)
    wrong = what_is_wrong(event, place, verbs, printed_for)
    if wrong is None:
        return None
    see = " See" if wrong.endswith("?") else ": see"
    return UsageError(f"{wrong}{see} `{' '.join(['wordspot', *place])} --help`")


def place_of(arguments: Sequence[str], verbs: Collection[str]) -> list[str]:
    """Give the verb among arguments and the recipe after it, as far as they are there.

    >>> place_of(["train", "--epochs", "3", "lstm"], ["train", "predict"]), place_of(["trian"], ["train"])
    (['train', 'lstm'], [])
    """
    words = [word.replace("_", "-") for word in arguments]
    first = next((place for place, word in enumerate(words) if word in verbs), None)
    if first is None or (first > 0 and not words[0].startswith("-")):  # no verb, or an unknown one
        return []
    verb = words[first]
    if verb not in TAKING_RECIPES:
        return [verb]
    return [verb, *[word for word in arguments[first + 1 :] if word in RECIPES or word.endswith(".json")][:1]]


def what_is_wrong(
    event: tyro_errors.ParseErrorEvent,
    place: Sequence[str],
    verbs: Collection[str],
    printed_for: Callable[[Sequence[str]], str],
) -> str | None:
    """Say what is wrong, at a place in the command line that `place_of` gave."""
    lacks_recipe = len(place) == 1 and place[0] in TAKING_RECIPES
    match event:
        case (
            tyro_errors.UnrecognizedArgs(tokens=[first, *_])
            | tyro_errors.MissingArgs(unrecognized_tokens=[first, *_])
        ):
            if first.startswith("-"):
                options = " ".join(OPTIONS.findall(printed_for([*place, "--help"]))).replace(",", "").split()
                return unknown_option(first.partition("=")[0], options, place)
            if not place:
                return f"{first}: no such verb{meant(first, verbs) or one_of(verbs)}"
            if lacks_recipe:
                return f"{first}: no recipe or config file (.json){meant(first, RECIPES) or one_of(RECIPES)}"
            return f"{first}: one argument too many"
        case tyro_errors.MissingArgs(missing_arguments=missing):
            *others, last = ["a recipe"] * lacks_recipe + [name_of(one.arg, value=True) for one in missing]
            named = f"{', '.join(others)} and {last} are" if others else f"{last} is"
            return f"{' '.join(place)}: {named} missing"
        case tyro_errors.MissingSubcommand():
            if place:
                return f"{place[0]}: a recipe or config file (.json) is missing{one_of(RECIPES)}"
            return f"a verb is missing{one_of(verbs)}"
        case tyro_errors.InvalidChoice(argument=argument, value=value, choices=choices):
            known = sorted(choices)
            return f"{name_of(argument)}: {value} is none of {', '.join(known)}{meant(value, known)}"
        case tyro_errors.BadValue(argument=argument):
            return f"{name_of(argument)}: a value is missing"
        case tyro_errors.InstantiationFailure(argument=argument, message=message) if argument:
            found = NO_NUMBER.search(message)
            if found is None:
                return f"{name_of(argument)}: {message.splitlines()[0]}"
            kind = "whole number" if found[1] == "int()" else "number"
            return f"{name_of(argument)}: {literal_eval(found[2])} is not a {kind}"
    return None


def unknown_option(option: str, options: Sequence[str], place: Sequence[str]) -> str:
    """Say what may be meant by an option that was not taken, where a place in the command line has these.

    >>> unknown_option("--epoch", ["--data", "--epochs"], ["train", "lstm"])
    '--epoch: no such option, did you mean --epochs?'
    >>> unknown_option("--epochs", ["--data", "--epochs"], ["train", "lstm"])
    '--epochs: put it after lstm'
    """
    if option in options:
        return f"{option}: put it after {place[-1]}"
    # Without the dashes, which all of them have in common.
    return f"{option}: no such option{meant(option[2:], [known[2:] for known in options], '--')}"


def meant(word: str, known: Collection[str], before: str = "") -> str:
    """Ask whether the known word that is nearest to a wrong one is meant; empty where none is near.

    `before` is put before the word that is meant.

    >>> meant("trian", ["train", "predict"]), meant("pre", ["train", "predict"]), meant("x", ["train"])
    (', did you mean train?', ', did you mean predict?', '')
    """
    begun = [one for one in known if word and one.startswith(word)]
    near = begun or get_close_matches(word, known, 1)
    return f", did you mean {before}{near[0]}?" if near else ""


def one_of(known: Collection[str]) -> str:
    """Name the words to choose from."""
    return f" (one of {', '.join(known)})"


def name_of(argument: "ArgumentDefinition", *, value: bool = False) -> str:
    """Name an argument as its help does, with what stands for its `value` where that is asked for."""
    metavar = argument.lowered.metavar
    if argument.is_positional():
        return str(metavar)
    name = argument.lowered.name_or_flags[0]
    return f"{name} {metavar}" if value else name
