"""The bill: the page names what `pyproject.toml` does, with the sizes that were measured."""

import ast
import json
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from benchmarks.bill import SELF, Bill, direct_dependencies, megabytes, plain, with_needed

from wordspot.schema import validated

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs/dependencies.md").read_text(encoding="utf-8")
BILL = validated(Bill, json.loads((PROJECT / "reports/bill.json").read_text(encoding="utf-8")))
BELONGS = {"pydantic-core": "pydantic"}
"""A package of exactly one version of another, which its documentation says to import."""


def rows(heading: str) -> dict[str, list[str]]:
    """Give the rows of the table under a heading by the packages in their first cells."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    found = {row[0].strip("`"): row[1:] for row in cells}
    assert len(found) == len(cells)
    return found


def test_every_direct_dependency_is_on_the_page_and_no_other() -> None:
    declared = direct_dependencies()
    assert rows("Direct").keys() == declared.keys() == {item.name for item in BILL.direct}
    assert len(declared) > 30


def test_a_row_says_which_extra_has_it_what_it_is_for_its_licence_and_size() -> None:
    declared = direct_dependencies()
    for item in BILL.direct:
        extra, purpose, licence, size, instead = rows("Direct")[item.name]
        assert extra == ", ".join(declared[item.name]) == ", ".join(item.needed_by)
        assert size == f"{item.megabytes:,.1f}"
        assert all((purpose, licence, instead))


def test_the_largest_indirect_dependencies_are_those_measured() -> None:
    table = rows("Largest indirect")
    measured = {
        item.name: [f"{item.megabytes:,.1f}", ", ".join(item.needed_by)] for item in BILL.largest_indirect
    }
    assert table == measured
    for total in (BILL.core_total, BILL.with_extras_total, BILL.total):
        assert f" | {total:,.0f} |\n" in PAGE
    assert BILL.core_total < BILL.with_extras_total < BILL.total


def imported(folder: Path) -> Iterator[str]:
    """Name the packages that the files of a folder import, each by its first part."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.split(".")[0]


def test_what_the_program_imports_is_declared() -> None:
    names = set(imported(PROJECT / "src")) - sys.stdlib_module_names - {SELF}
    assert {"torch", "yaml", "tensorboardX"} <= names
    packages = packages_distributions()
    for name in names:
        owners = {BELONGS.get(plain(owner), plain(owner)) for owner in packages[name]}
        assert owners & direct_dependencies().keys(), name


@pytest.fixture
def site_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder in which packages can be installed."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def install(site_packages: Path, name: str, size: int, *needs: str) -> None:
    """Install a package of one file of some bytes, as pip does."""
    stem = name.replace("-", "_")
    module, about = Path(f"{stem}.py"), Path(f"{stem}-1.dist-info")
    (site_packages / module).write_bytes(b"#" * size)
    (site_packages / about).mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1", *(f"Requires-Dist: {n}" for n in needs)]
    (site_packages / about / "METADATA").write_text("\n".join(lines), encoding="utf-8")
    (site_packages / about / "RECORD").write_text(f"{module},,\ngone.py,,\n", encoding="utf-8")


def test_a_package_is_measured_with_what_it_needs_in_turn(site_packages: Path) -> None:
    install(site_packages, "bill-one", 3_000_000, "Bill_Two[more]>=1", "bill-absent; python_version < '3'")
    install(site_packages, "bill-two", 500_000, "bill-three; extra == 'more'", "bill-four; extra == 'other'")
    install(site_packages, "bill-three", 250_000, "bill-one")
    install(site_packages, "bill-four", 1)
    assert [megabytes(name) for name in ("bill-one", "bill-two", "bill-absent")] == [3, 0.5, 0]
    assert with_needed(["bill-one"]) == {"bill-one", "bill-two", "bill-three"}
    assert with_needed(["bill-four"]) == {"bill-four"}
