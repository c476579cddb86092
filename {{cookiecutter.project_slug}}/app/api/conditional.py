"""Conditional requests (RFC 9110, section 13): ETags, and protection against lost updates."""

import hashlib

from flask import Response, request
from marshmallow import Schema
from werkzeug.exceptions import PreconditionFailed

from app.api.schemas import represent
from app.backend.base import Base
from app.errors import STALE, problem

EXCLUDED = "The resource matches If-None-Match"


def etag_of(body: str) -> str:
    """Return a strong validator, which changes with every byte of the representation."""
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def require_match(row: Base, cls: type[Schema]) -> None:
    """Raise 412 if If-Match or If-None-Match asks for another state of the row.

    A change between this check and the write is caught by the row's version column.
    """
    if "If-Match" not in request.headers and "If-None-Match" not in request.headers:
        return
    etag = etag_of(represent(cls, row))
    if not matches(etag):
        raise PreconditionFailed(STALE)
    if request.if_none_match.contains_weak(etag):
        raise PreconditionFailed(EXCLUDED)


def matches(etag: str) -> bool:
    """Return whether If-Match accepts this state."""
    return "If-Match" not in request.headers or request.if_match.contains(etag)


def answer_conditions(response: Response) -> Response:
    """Answer 304 to a client that has this representation, 412 to one that wants another."""
    etag, _ = response.get_etag()
    if response.status_code != 200 or etag is None or request.method not in {"GET", "HEAD"}:
        return response
    if not matches(etag):
        return problem(412, STALE)
    # Werkzeug would compare `*` in If-Match as if it were an ETag.
    response.make_conditional({**request.environ, "HTTP_IF_MATCH": ""})
    return response
