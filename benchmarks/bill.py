"""What the program makes a machine install, in megabytes as they lie on the disk.

    python benchmarks/bill.py --out reports/bill.json

Direct dependencies are those that `pyproject.toml` names; indirect ones are what these need in turn.
"""

import argparse
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from wordspot.evaluation.tables import Table

PROJECT = Path(__file__).parents[1]
SELF = "wordspot"
CORE, TESTS = "core", "dev"
"""What every installation has, and the extra of those who change the program."""
SHOWN = 15
"""Indirect dependencies that are listed."""


@dataclass(frozen=True)
class Item:
    """One package on the bill."""

    name: str
    megabytes: float
    needed_by: list[str]
    """Extras of this program for direct dependencies (`core` is no extra), direct ones for the others."""


@dataclass(frozen=True)
class Bill:
    """What is installed; totals are in megabytes, with what is needed in turn."""

    core_total: float
    with_extras_total: float
    """The core and all extras but `dev`."""
    total: float
    direct: list[Item]
    largest_indirect: list[Item]


def direct_dependencies() -> dict[str, list[str]]:
    """Give the packages that `pyproject.toml` names, each with the extras that have it."""
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    found: dict[str, list[str]] = {}
    for extra, lines in {CORE: project["dependencies"], **project["optional-dependencies"]}.items():
        for line in lines:
            if (name := plain(Requirement(line).name)) != SELF:
                found.setdefault(name, []).append(extra)
    return found


def plain(name: str) -> str:
    """Write the name of a package as registries compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(name: str) -> Distribution | None:
    """Find a package; None where this machine doesn't need it."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def needed(name: str, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """List what an installed package needs on this machine, with the extras that it asks for."""
    package = installed(name)
    for line in (package.requires if package else None) or []:
        asked = Requirement(line)
        if not asked.marker or any(asked.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield plain(asked.name), frozenset(asked.extras)


def with_needed(names: Iterable[str]) -> set[str]:
    """Give packages and all that they need in turn, as far as they are installed."""
    waiting = [(name, frozenset[str]()) for name in names]
    found = set(waiting)
    while waiting:
        for one in needed(*waiting.pop()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return {name for name, _ in found if installed(name)}


def megabytes(name: str) -> float:
    """Measure the files of an installed package."""
    package = installed(name)
    paths = [Path(str(file.locate())) for file in (package.files if package else None) or []]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def make_bill() -> Bill:
    """Measure all that is installed."""
    direct = direct_dependencies()
    sizes = {name: megabytes(name) for name in with_needed(direct)}
    users: dict[str, list[str]] = {}
    for name in direct:
        for other in with_needed([name]) - direct.keys():
            users.setdefault(other, []).append(name)
    largest = sorted(users, key=lambda name: -sizes[name])[:SHOWN]

    def total(*left_out: str) -> float:
        names = [name for name, extras in direct.items() if set(extras) - set(left_out)]
        return round(sum(sizes[name] for name in with_needed(names)))

    every_extra = {extra for extras in direct.values() for extra in extras} - {CORE}
    return Bill(
        core_total=total(*every_extra),
        with_extras_total=total(TESTS),
        total=total(),
        direct=[Item(name, round(sizes[name], 1), extras) for name, extras in sorted(direct.items())],
        largest_indirect=[Item(name, round(sizes[name], 1), sorted(users[name])) for name in largest],
    )


def main() -> None:
    """Measure, print and keep the bill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    bill = make_bill()
    for title, items in (("Direct", bill.direct), ("Largest indirect", bill.largest_indirect)):
        rows = [[item.name, f"{item.megabytes:,.1f}", ", ".join(item.needed_by)] for item in items]
        Table(title, ["package", "MB", "needed by"], rows, left=(0, 2)).print()
    print(
        f"core {bill.core_total:,.0f} MB, with the extras {bill.with_extras_total:,.0f} MB, "
        f"with the tests {bill.total:,.0f} MB"
    )
    if asked.out:
        asked.out.write_text(json.dumps(asdict(bill), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
