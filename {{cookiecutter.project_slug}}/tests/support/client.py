"""A test client whose paths are relative to the API, each with an IP address of its own."""

import io
import itertools
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.api.versions import BEARER, Version

BASE = "{{ cookiecutter.__base }}"
UNPREFIXED = ("/healthz", "/readyz", "/metrics", "/api/")

_addresses = itertools.count(1)


class Unreadable(io.BytesIO):
    """A body that fails on its first read, as gunicorn's does for broken chunks."""

    def readinto(self, buffer: object) -> int:
        if self.tell():
            return 0
        self.seek(0, io.SEEK_END)
        raise RuntimeError


class Client(FlaskClient):
    """Flask's test client, with the token of a login if there was one."""

    # The version that it calls; without one, the default one.
    version: Version | None = None
    access_token: str = ""
    refresh_token: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Limits count by address; no test may inherit what another one used up.
        number = next(_addresses)
        self.environ_base["REMOTE_ADDR"] = f"10.9.{number // 250}.{number % 250 + 1}"

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        path, *rest = args
        version, headers = self.version, {}
        if isinstance(path, str) and not path.startswith(UNPREFIXED):
            path = (version.base if version else BASE) + path
        if version:
            headers = asking(version.number)
        if self.access_token:
            headers |= bearer(self.access_token, version.scheme if version else BEARER)
        headers |= kwargs.pop("headers", {})
        return super().open(path, *rest, headers=headers, **kwargs)

    def post_unreadable(self, path: str, **kwargs: Any) -> TestResponse:
        """Send a body that the server fails to read."""
        return self.post(path, input_stream=Unreadable(b"{}"), **kwargs)

    def log_in(self, username: str, password: str) -> TestResponse:
        """Log in and keep the tokens."""
        response = self.post("/auth/login", json={"username": username, "password": password})
        if response.status_code == 200:
            self.access_token = response.json["access_token"]
            self.refresh_token = response.json["refresh_token"]
        return response


def bearer(token: str, scheme: str = BEARER) -> dict[str, str]:
    """Return the Authorization header for a token."""
    return {"Authorization": f"{scheme} {token}"}


def asking(version: str) -> dict[str, str]:
    """The headers that choose a version{{ ': none, its address does' if cookiecutter.versioning == 'url' }}."""
{% if cookiecutter.versioning == 'header' %}
    return {"Accept": f"application/json; version={version}"}
{% elif cookiecutter.versioning == 'url' %}
    return {}
{% endif %}


def new_client(app: Flask, version: Version | None = None) -> Client:
    """Return a client without a token, which calls this version or the default one."""
    client = app.test_client()
    assert isinstance(client, Client)
    client.version = version
    return client
