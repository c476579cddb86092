"""Responses to requests that schemathesis generates conform to the OpenAPI documents."""

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import given, settings
from schemathesis import APIOperation, Case
from schemathesis.core.result import Ok

from app.api.versions import Version
from app.routes import VERSIONS
from tests.factories import client_of, make_admin
from tests.support.apps import other_app
from tests.support.client import asking, bearer


def examine(app: Flask, version: Version, operation: APIOperation[Any, Any, Any, Any]) -> None:
    """Send some valid requests of an operation, and check every answer."""
    # A write may end its caller's session.
    reader = client_of(app, make_admin(app)) if operation.method == "get" else None
    refreshes = any("refresh" in scheme for scheme in operation.definition.raw["security"])

    @settings(max_examples=2, derandomize=True, database=None, deadline=None)
    @given(operation.as_strategy())
    def send(case: Case[Any]) -> None:
        caller = reader or client_of(app, make_admin(app))
        token = caller.refresh_token if refreshes else caller.access_token
        # Only the server can issue valid ones.
        case.query.pop("cursor", None)
        case.headers.pop("If-Match", None)
        case.call_and_validate(headers={**bearer(token, version.scheme), **asking(version.number)})

    send()


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.number)
def test_answers_are_those_of_the_document(app: Flask, version: Version) -> None:
    with other_app(RATELIMIT_ENABLED="false") as unlimited:
        path, headers = f"{version.base}/openapi.json", asking(version.number)
        document = schemathesis.openapi.from_wsgi(path, unlimited, headers=headers)
        for found in document.get_all_operations():
            assert isinstance(found, Ok), found.err()
            examine(unlimited, version, found.ok())
