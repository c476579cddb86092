"""Applications beside the suite's own, with other settings."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from app import create_app, db
from app.extensions import limiter
from tests.support.client import Client


@contextmanager
def other_app(
    config_name: str = "testing", make: Callable[[str], Flask] = create_app, /, **settings: str
) -> Iterator[Flask]:
    """Provide an application made with these environment variables."""
    # The limiter is global, and init_app() binds it to the newest application.
    limits = dict(vars(limiter))
    try:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in settings.items():
                environment.setenv(name, value)
            app = make(config_name)
        app.test_client_class = Client
        yield app
        with app.app_context():
            db.engine.dispose()
    finally:
        vars(limiter).update(limits)


def production(database_url: str) -> dict[str, str]:
    """Return settings that production accepts, without the cache that other tests share."""
    return {
        "FLASK_CONFIG": "production",
        "SECRET_KEY": secrets.token_hex(32),
        "JWT_SECRET_KEY": secrets.token_hex(32),
        "DATABASE_URL": database_url,
        "CACHE_TYPE": "NullCache",
    }
