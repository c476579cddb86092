"""The application of the machinery's tests, on a database of its own; every test starts empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask


@pytest.fixture(scope="session")
def app(app: Flask) -> Iterator[Flask]:
    """An application with things alone, beside the project's own."""
    from app import db
    from app.backend.base import Base
    from tests.kit.things import kit_app
    from tests.support.apps import other_app
    from tests.support.database import own_database

    tables = [table for table in Base.metadata.sorted_tables if table.name.startswith("kit_")]
    with own_database() as url, other_app("testing", kit_app, TEST_DATABASE_URL=url) as kit:
        with kit.app_context():
            db.metadata.create_all(db.engine, tables)
        yield kit


@pytest.fixture(scope="session")
def clean_up(app: Flask) -> Iterator[Callable[[], None]]:
    """Remove what a test stored."""
    from tests.support.cleaning import cleaning

    with cleaning(app) as clean_up:
        yield clean_up
