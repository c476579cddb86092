"""The servers of the running projects, and the packages of Node.js."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from matrix.environments import CACHE, built_once
from matrix.services import KINDS, Servers

from live.api import do_without
from live.programs import NPM, missing_node, npm_ci


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Every kind of server, private to the session; a missing one fails what needs it."""
    with Servers(KINDS) as servers:
        yield servers


@pytest.fixture(scope="session")
def node() -> Path:
    """The folder with the packages of the lock; a missing Node.js skips or fails what needs it."""
    if missing := missing_node():
        do_without(missing)
    lock = hashlib.sha256((NPM / "package-lock.json").read_bytes()).hexdigest()[:16]
    return built_once(CACHE / "npm" / lock, npm_ci)


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """Whether the long form was asked for: all combinations, all cases, all rows."""
    asked: bool = pytestconfig.getoption("--long")
    return asked


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests that mean nothing at a small size to the long form."""
    left = [item for item in items if item.get_closest_marker("long")]
    if left and not config.getoption("--long"):
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
