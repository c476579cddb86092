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
