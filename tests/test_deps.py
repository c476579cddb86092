"""The pins and ranges of the template follow from `deps/`, and each project gets just its own."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import refresh
from matrix.combinations import Combination
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGES = refresh.read_lock(refresh.LOCK.read_text("utf-8"))

# What each choice adds that no other project has, directly or through others.
OWN = {
    ("database", "postgresql"): {"psycopg", "psycopg-binary", "tzdata"},
    ("database", "mysql"): {"pymysql", "cryptography"},
    ("api_flavor", "restx"): {"flask-restx", "jsonschema", "referencing", "rpds-py"},
    ("api_flavor", "restful"): {"flask-restful", "six", "pytz"},
}


def pins(project: Path) -> dict[str, str]:
    """Return the name and version of everything that the project installs for its tests."""
    text = "".join((project / f"requirements{kind}.txt").read_text() for kind in ("", "-dev"))
    return dict(
        re.findall(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([^\s;]+)", text, flags=re.MULTILINE)
    )


def declared(project: Path) -> list[Requirement]:
    """Return the ranges of the project's pyproject.toml."""
    data = tomllib.loads((project / "pyproject.toml").read_text())
    return [
        Requirement(line)
        for line in [*data["project"]["dependencies"], *data["dependency-groups"]["dev"]]
    ]


@pytest.mark.parametrize("path", refresh.generated(), ids=lambda path: str(path.name))
def test_generated_file_is_up_to_date(path: Path) -> None:
    """Repair with `tox run -e deps -- --offline`."""
    assert path.read_text("utf-8") == refresh.generated()[path]


def test_lock_names_no_index() -> None:
    for lock in (refresh.LOCK, refresh.DEPS / "kit.txt"):
        assert "://" not in lock.read_text("utf-8")


def test_every_range_allows_its_pin(renders: dict[Combination, Path]) -> None:
    for project in renders.values():
        pinned = pins(project)
        for requirement in declared(project):
            assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])


def test_pins_are_the_closure_of_the_ranges(renders: dict[Combination, Path]) -> None:
    for combination, project in renders.items():
        wanted: set[str] = {canonicalize_name(direct.name) for direct in declared(project)}
        while more := {n for n, p in PACKAGES.items() if p.parents & wanted} - wanted:
            wanted |= more
        assert pins(project).keys() == wanted, combination


@pytest.mark.parametrize(("option", "choice"), OWN)
def test_choice_brings_its_packages_and_no_other_does(
    option: str, choice: str, renders: dict[Combination, Path]
) -> None:
    for combination, project in renders.items():
        found = OWN[option, choice] & pins(project).keys()
        assert found == (OWN[option, choice] if combination[option] == choice else set())


@pytest.mark.parametrize(
    ("store", "packages"), [("redis", {"redis"}), ("memcached", {"pymemcache"})]
)
def test_store_brings_its_client_and_nothing_else_does(
    store: str, packages: set[str], renders: dict[Combination, Path]
) -> None:
    for combination, project in renders.items():
        assert packages & pins(project).keys() == (
            packages if store in combination.choices else set()
        )
