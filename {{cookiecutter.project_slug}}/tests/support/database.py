{% if cookiecutter.database == 'sqlite' %}
"""A database file for one run of the suite."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_database() -> Iterator[str]:
    """Give the address of a database that is gone afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield f"sqlite:///{Path(folder, 'test.db')}"
{% else %}
"""A database for one run of the suite, on the server that TEST_DATABASE_URL names."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from dotenv import load_dotenv
from sqlalchemy import create_engine, make_url, text

from app.config import Environment, TestingConfig


@contextmanager
def own_database() -> Iterator[str]:
    """Give the address of a new database that is dropped afterwards.

    Its name is that of TEST_DATABASE_URL's with an ending, so that runs don't meet.
    """
    load_dotenv()
    env = Environment(os.environ)
    url = make_url(env.database("TEST_DATABASE_URL", TestingConfig.DATABASE_DEFAULT))
    name = f"{url.database}_{secrets.token_hex(4)}"
{% if cookiecutter.database == 'postgresql' %}
    server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
{% else %}
    server = create_engine(url.set(database=""), isolation_level="AUTOCOMMIT")
{% endif %}
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
{% if cookiecutter.database == 'postgresql' %}
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
{% else %}
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
{% endif %}
        server.dispose()
{% endif %}
