"""A client of the API that speaks in paths below the base, and the things that tests make."""

from __future__ import annotations

import itertools
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BASE = "{{ cookiecutter.__base }}"
PASSWORD = "correct horse battery"

_numbers = itertools.count(1)


class Client(FlaskClient):
    """Flask's test client, calling from an address of its own and with a token if it has one."""

    token: str | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        number = next(_numbers)
        # Limits count by address: a client must not inherit what another one used up.
        self.environ_base["REMOTE_ADDR"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        path, *rest = args
        if isinstance(path, str) and path.startswith("/"):
            path = path if path.startswith(OUTSIDE) else BASE + path
        headers = dict(kwargs.pop("headers", None) or {})
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return super().open(path, *rest, headers=headers, **kwargs)


# Addresses outside of the versions, and those that the API itself gave.
OUTSIDE = ("/healthz", "/readyz", "/metrics", "/api", "/static")


def unique(prefix: str) -> str:
    """A name that no other test has used."""
    return f"{prefix}{next(_numbers)}"


def anonymous(app: Flask) -> Client:
    """A client without a token."""
    client = app.test_client()
    assert isinstance(client, Client)
    return client
