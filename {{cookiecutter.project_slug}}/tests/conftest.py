"""One application on a database of its own; every test starts with what migrations left there.

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

# The suite's own settings, whatever .env says: what is empty here counts as not set.
for setting in {
{% if cookiecutter.versioning == 'header' %}
    "API_DEFAULT_VERSION",
{% endif %}
    *("API_DOCS_ENABLED", "CACHE_DEFAULT_TIMEOUT", "CACHE_TYPE"),
    *("CORS_ORIGINS", "JWT_ACCESS_TOKEN_EXPIRES", "JWT_REFRESH_TOKEN_EXPIRES"),
    *("MAX_CONTENT_LENGTH", "RATELIMIT_DEFAULT", "RATELIMIT_ENABLED", "RATELIMIT_LOGIN"),
    *("RATELIMIT_REGISTER", "TRUSTED_PROXIES"),
}:
    os.environ[setting] = ""
# Two thousand lines of requests would cost a tenth of the time.
os.environ["LOG_LEVEL"] = "WARNING"


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
{% if cookiecutter.database == 'sqlite' %}
    from tests.support.database import own_database

    with own_database() as url:
        os.environ["TEST_DATABASE_URL"] = url
        yield url
{% else %}
    from sqlalchemy.exc import OperationalError

    from tests.support.database import own_database

    try:
        with own_database() as url:
            os.environ["TEST_DATABASE_URL"] = url
            yield url
    except OperationalError as error:
        pytest.exit(f"TEST_DATABASE_URL: the database does not answer: {error.orig}", 1)
{% endif %}


@pytest.fixture(scope="session")
{% if cookiecutter.cache_backend == 'simple' %}
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application, migrated; the suite ends here if it is not ready."""
    from flask_migrate import upgrade

    from app import create_app, db
    from tests.support.client import Client, new_client

    os.environ["CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
{% else %}
def app(database_url: str) -> Iterator[Flask]:
    """The application, migrated; the suite ends here if a store does not answer."""
    from flask_migrate import upgrade

    from app import create_app, db
    from tests.support.client import Client, new_client

{% endif %}
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
