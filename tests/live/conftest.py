"""The servers and folders of the running projects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from matrix.services import KINDS, Servers


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Every kind of server, private to the session; a missing one fails what needs it."""
    with Servers(KINDS) as servers:
        yield servers


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
