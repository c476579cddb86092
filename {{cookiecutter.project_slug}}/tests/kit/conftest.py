"""The application of the machinery's tests, with tables of its own; every test starts empty."""

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
    from tests.kit.things import another_kit_app

    tables = [table for table in Base.metadata.sorted_tables if table.name.startswith("kit_")]
    with another_kit_app(app) as kit:
        with kit.app_context():
            db.metadata.create_all(db.engine, tables)
        yield kit


@pytest.fixture(scope="session")
def clean_up(app: Flask) -> Iterator[Callable[[], None]]:
    """Remove what a test stored."""
    from tests.support.cleaning import cleaning

    with cleaning(app) as clean_up:
        yield clean_up
