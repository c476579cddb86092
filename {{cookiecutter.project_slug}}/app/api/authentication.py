"""Who calls: the token of a request, and the session that it belongs to."""

from collections.abc import Callable
from inspect import getclosurevars, unwrap
from typing import Any, Protocol

from flask import Flask, Response, current_app, g, request
from flask_jwt_extended import get_current_user, jwt_required, verify_jwt_in_request
from flask_jwt_extended.exceptions import NoAuthorizationError

from app.api.operation import READING, Access, Operation
from app.errors import problem
from app.extensions import jwt

UNAUTHENTICATED = {
    "missing": "Missing or malformed token",
    "invalid": "Invalid token",
    "expired": "Token has expired",
    "revoked": "Token has been revoked",
    "stale": "A fresh token is required",
}


class Session(Protocol):
    """The session that a token belongs to, as far as the API needs to know it."""

    @property
    def user_id(self) -> int: ...

    def has_role(self, name: str) -> bool: ...


# Finds the live session of a token by its claims.
SessionLoader = Callable[[dict[str, Any]], Session | None]


def init_app(app: Flask, load_session: SessionLoader) -> None:
    """Find the sessions of this application's callers with the given function."""
    app.extensions["load_session"] = load_session


@jwt.user_lookup_loader
def look_up(header: dict[str, Any], claims: dict[str, Any]) -> Session | None:
    """Return the live session of a token."""
    load_session: SessionLoader = current_app.extensions["load_session"]
    return load_session(claims)


@jwt.unauthorized_loader
def report_missing(reason: str) -> Response:
    """Return 401 for a missing or malformed token."""
    return problem(401, UNAUTHENTICATED["missing"])


@jwt.invalid_token_loader
def report_invalid(reason: str) -> Response:
    """Return 401 for a token that can't be read, or is of the wrong kind."""
    return problem(401, UNAUTHENTICATED["invalid"])


@jwt.expired_token_loader
def report_expired(header: dict[str, Any], claims: dict[str, Any]) -> Response:
    """Return 401 for an expired token."""
    return problem(401, UNAUTHENTICATED["expired"])


@jwt.user_lookup_error_loader
def report_revoked(header: dict[str, Any], claims: dict[str, Any]) -> Response:
    """Return 401 for a token whose session has ended."""
    return problem(401, UNAUTHENTICATED["revoked"])


@jwt.needs_fresh_token_loader
def report_stale(header: dict[str, Any], claims: dict[str, Any]) -> Response:
    """Return 401 for a token that is not fresh, where `jwt_required(fresh=True)` needs one."""
    return problem(401, UNAUTHENTICATED["stale"])


def access_of(verb: str, operation: Operation, *decorated: Callable[..., Any]) -> Access:
    """Return which credentials an operation looks at; a write that doesn't say needs a login.

    What our decorators recorded comes first, then what `jwt_required` asks for on the method and on
    what it is in.
    """
    if verb == "options":
        # Browsers ask without credentials, and Flask-JWT-Extended looks at none.
        return Access.NONE
    if operation.access:
        return operation.access
    asked = [access for each in decorated if (access := _access_required(each))]
    if asked:
        # Each of them checks, so one that requires a login outweighs an optional one.
        return next((each for each in asked if each is not Access.OPTIONAL), Access.OPTIONAL)
    return Access.OPTIONAL if verb in READING else Access.LOGIN


def _access_required(decorated: Callable[..., Any]) -> Access | None:
    """Return which credentials `jwt_required` looks at, if a function is decorated by it."""

    def is_guard(function: Any) -> bool:
        scope = getattr(function, "__globals__", {})
        return scope.get("__name__") == jwt_required.__module__

    guard = unwrap(decorated, stop=is_guard)
    if not is_guard(guard):
        return None
    options = getclosurevars(guard).nonlocals
    if not options.get("verify_type", True):
        return Access.EITHER
    if options.get("refresh"):
        return Access.REFRESH
    return Access.OPTIONAL if options.get("optional") else Access.LOGIN


def authenticate(access: Access, scheme: str) -> None:
    """Find the session of the request's token; raise 401 for a token that is missing or refused.

    A token after another scheme than this one counts as missing.
    """
    if access is Access.NONE:
        return
    sent, _, token = request.headers.get("Authorization", "").partition(" ")
    if sent:
        # The case of the scheme doesn't matter (RFC 9110, section 11.1).
        if sent.lower() != scheme.lower():
            raise NoAuthorizationError(f"The scheme is {scheme}")
        # What Flask-JWT-Extended expects.
        request.environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    verify_jwt_in_request(
        optional=access is Access.OPTIONAL and not sent,
        refresh=access is Access.REFRESH,
        verify_type=access is not Access.EITHER,
    )
    g.session = get_current_user()
    # A rollback expires the row, and the log must not have to read it again.
    g.user_id = g.session and g.session.user_id
