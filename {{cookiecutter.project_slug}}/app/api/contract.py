"""Decorators that say what an operation takes and gives.

Each one acts, and records what it does in the method's `Operation`, from which app.api.openapi
writes the document: what is documented is what runs.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import wraps
from typing import Any, Literal

from flask import Response, current_app, g, request
from flask_jwt_extended import get_current_user, verify_jwt_in_request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, UnsupportedMediaType

from app.api.conditional import etag_of
{% if cookiecutter.database == 'mysql' %}
from app.api.deadlocks import repeat_after_deadlock
{% endif %}
from app.api.pagination import Page
from app.models.base import Base
from app.schemas import represent, schema
from app.security.tokens import known_caller

View = Callable[..., Any]


class Access(Enum):
    """Which credentials an operation looks at."""

    NONE = "none"
    OPTIONAL = "optional"
    LOGIN = "login"
    ADMIN = "admin"
    REFRESH = "refresh"
    EITHER = "access or refresh"


@dataclass(frozen=True)
class Operation:
    """What is known of one method of one resource."""

    access: Access = Access.OPTIONAL
    body: type[Schema] | None = None
    partial: bool = False
    query: type[Schema] | None = None
    returns: tuple[type[Schema], ...] = ()
    many: bool = False
    status: int = 200
    cached: bool = False
    problems: frozenset[int] = frozenset()


def operation_of(method: View) -> Operation:
    """What the decorators have recorded."""
    operation: Operation = getattr(method, "operation", Operation())
    return operation


def record(method: View, **changes: Any) -> None:
    """Note what a decorator does."""
    method.operation = replace(operation_of(method), **changes)  # type: ignore[attr-defined]


def access(kind: Access) -> Callable[[View], View]:
    """Say which credentials an operation looks at; `authenticate` checks them."""

    def decorate(method: View) -> View:
        record(method, access=kind)
        return method

    return decorate


ignores_credentials = access(Access.NONE)
requires_login = access(Access.LOGIN)
requires_refresh_token = access(Access.REFRESH)
requires_any_token = access(Access.EITHER)


def requires_admin(method: View) -> View:
    """Let only admins in."""

    @wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not known_caller().is_admin:
            raise Forbidden("Only an admin may do this")
        return method(*args, **kwargs)

    record(wrapper, access=Access.ADMIN, problems=operation_of(method).problems | {403})
    return wrapper


def authenticate() -> None:
    """Find out who calls, before the view runs; runs for every request of a version's blueprint."""
    view = current_app.view_functions[request.endpoint or ""]
    verb = "get" if request.method == "HEAD" else request.method.lower()
    kind = operation_of(getattr(getattr(view, "view_class", None), verb, view)).access
    if kind is Access.NONE or request.method == "OPTIONS":
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        # The scheme's case doesn't matter (RFC 9110, section 11.1), but to Flask-JWT-Extended.
        request.environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    verify_jwt_in_request(
        optional=kind is Access.OPTIONAL and not scheme,
        refresh=kind is Access.REFRESH,
        verify_type=kind is not Access.EITHER,
    )
    g.session = get_current_user()
    # A rollback empties the row, and the log must not have to read it again.
    g.user_id = g.session and g.session.user_id


def accepts(
    cls: type[Schema], *, location: Literal["json", "query"] = "json", partial: bool = False
) -> Callable[[View], View]:
    """Validate the body or the query, and pass what came as the first argument.

    Answers 400, 413 or 415 for a body that can't be read, 422 for one that breaks the schema.
    """

    def decorate(method: View) -> View:
        @wraps(method)
        def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
            if location == "json":
                given = schema(cls, partial=partial).load(json_body())
            else:
                given = query_parameters(cls)
            return method(self, given, *args, **kwargs)

        if location == "json":
            record(wrapper, body=cls, partial=partial)
        else:
            record(wrapper, query=cls)
        return wrapper

    return decorate


def read_body() -> bytes:
    """The body as it came, or 400, 413."""
    if "body_is_broken" not in g:
        try:
            return request.get_data()
        except HTTPException:
            raise
        except Exception:
            # Servers have errors of their own for chunks that they can't read, and tell them to
            # the first reader only.
            g.body_is_broken = True
    raise BadRequest("The body can't be read")


def json_body() -> Any:
    """The body, or 400, 413, 415."""
    body = read_body()
    if not body:
        raise BadRequest("No input data provided")
    if not request.is_json:
        raise UnsupportedMediaType("The body must be JSON, with the Content-Type application/json")
    try:
        data = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not valid JSON") from None
    if data is None or data == {}:
        raise BadRequest("No input data provided")
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON (RFC 8259, section 6)")


def query_parameters(cls: type[Schema]) -> Any:
    """The query parameters; one that is given twice is invalid."""
    given = request.args.to_dict()
    twice = {
        name: ["Given more than once."] for name, values in request.args.lists() if len(values) > 1
    }
    if twice:
        raise ValidationError({**schema(cls).validate(given), **twice})
    return schema(cls).load(given)


def returns(
    *schemas: type[Schema],
    status: int = 200,
    many: bool = False,
    choose: Callable[[Any], type[Schema]] | None = None,
) -> Callable[[View], View]:
    """Represent what the method returns: a `Page`, or a model, alone or with headers in a tuple.

    Where there are several schemas, `choose` picks the one that this caller may see. A single
    model gets a strong ETag (RFC 9110, section 8.8.3).
    """

    def decorate(method: View) -> View:
        @wraps(method)
        def wrapper(*args: Any, **kwargs: Any) -> Response:
{% if cookiecutter.database == 'mysql' %}
            result = repeat_after_deadlock(method, *args, **kwargs)
{% else %}
            result = method(*args, **kwargs)
{% endif %}
            value, headers = result if isinstance(result, tuple) else (result, {})
            if value is None:
                response = Response(status=status)
                del response.headers["Content-Type"]
                return response
            if isinstance(value, Page):
                headers, value = value.headers, value.items
            cls = choose(value) if choose else schemas[0]
            body = represent(cls, value, many=many)
            response = Response(body, status, headers, mimetype="application/json")
            if isinstance(value, Base):
                response.set_etag(etag_of(body))
            return response

        record(wrapper, returns=schemas, status=status, many=many)
        return wrapper

    return decorate


def may_fail(*statuses: int) -> Callable[[View], View]:
    """Name the refusals that the other decorators can't know of."""

    def decorate(method: View) -> View:
        record(method, problems=operation_of(method).problems | set(statuses))
        return method

    return decorate
