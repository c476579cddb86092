"""One application on a database of its own; every test starts from the migrated state.

The fixtures import what they need: pytest-xdist's first process reads this file too, but runs no
test, and would only make the others wait.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from tests.support.client import Client


@pytest.fixture(scope="session")
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Use the suite's own settings; only the addresses of servers come from .env."""
    from app.config import TestingConfig

    for variable in TestingConfig.variables().values():
        if variable.endswith("_DIR"):
            os.environ[variable] = str(tmp_path_factory.mktemp("folder"))
        elif not variable.endswith(("_URL", "_URI", "_SERVERS")):
            # An empty variable counts as unset.
            os.environ[variable] = ""
    # Logging every request would cost a tenth of the run.
    os.environ["LOG_LEVEL"] = "WARNING"


@pytest.fixture(scope="session")
def database_url(own_settings: None) -> Iterator[str]:
    """The address of the suite's own database."""
    from sqlalchemy.exc import OperationalError

    from tests.support.database import own_database

    try:
        with own_database() as url:
            os.environ["TEST_DATABASE_URL"] = url
            yield url
    except OperationalError as error:
        pytest.exit(f"TEST_DATABASE_URL: the database does not answer: {error.orig}", 1)


@pytest.fixture(scope="session")
def app(database_url: str) -> Iterator[Flask]:
    """The migrated application; abort the run if a backing service is down."""
    from flask_migrate import upgrade

    from app import create_app, db
    from tests.support.client import Client, new_client

    app = create_app("testing")
    app.test_client_class = Client
    with app.app_context():
        upgrade()
    ready = new_client(app).get("/readyz")
    if ready.status_code != 200:
        pytest.exit(f"{ready.json['detail']}; addresses come from the environment and .env", 1)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def clean_up(app: Flask) -> Iterator[Callable[[], None]]:
    """Remove what a test stored."""
    from tests.support.cleaning import cleaning

    with cleaning(app) as clean_up:
        yield clean_up


@pytest.fixture(autouse=True)
def nothing_left(clean_up: Callable[[], None]) -> Iterator[None]:
    """Leave nothing to the next test."""
    yield
    clean_up()


@pytest.fixture
def client(app: Flask) -> Client:
    """A client without a token."""
    from tests.support.client import new_client

    return new_client(app)
