"""Runs operations: what their decorators recorded, in one order."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Response, g, request
from marshmallow import Schema
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import Forbidden

from app.api.authentication import access_of, authenticate
from app.api.cache import is_for_everyone, look_up
from app.api.framework import representation_headers
from app.api.framework.base import ENTERED
from app.api.limits import limit_check
from app.api.operation import Access, Operation, operation_of
from app.api.requests import load_body, query_parameters, read_body
from app.api.schemas import envelope_of, schema
from app.api.versioning import forget_version
from app.backend import database
from app.extensions import db

View = Callable[..., Response]

WRONG_ROLE = "Only a user with the role {} may do this"
ATTEMPTS = 5


def run(plan: Plan, view: View, arguments: dict[str, Any]) -> Response:
    """Answer a request as its plan says."""
    g.plan = plan
    try:
        authenticate(plan.access, plan.scheme)
    finally:
        # A refused token counts, too.
        for check in plan.limit_checks:
            check()
    if plan.role and not g.session.has_role(plan.role):
        raise Forbidden(WRONG_ROLE.format(plan.role))
    if plan.query:
        arguments["query"] = query_parameters(plan.query)
    if plan.body:
        arguments["data"] = load_body(plan.body, plan.operation.body_envelope)
    if not plan.cached or "Authorization" in request.headers:
        return call(view, arguments)
    entry = look_up(plan.takes_query, plan.varies)
    if entry.response:
        return entry.response
    with entry.noting_tables():
        response = call(view, arguments)
    if plan.varies and not is_for_everyone(response, plan.varies):
        response.headers["X-Cache"] = "MISS"
        return response
    return entry.keep(response)


def call(view: View, arguments: dict[str, Any]) -> Response:
    """Call the view; retry when the database rolled its transaction back in favor of another."""
    for _ in range(ATTEMPTS - 1):
        try:
            # A method may modify its arguments; each attempt gets a fresh copy.
            return view(**deepcopy(arguments))
        except DBAPIError as error:
            if not database.was_rolled_back(error):
                raise
            db.session.rollback()
    return view(**arguments)


@dataclass(frozen=True)
class Plan:
    """Everything that running an operation needs, worked out at start."""

    operation: Operation
    scheme: str
    access: Access
    role: str | None
    limit_checks: tuple[Callable[[], None], ...]
    query: Schema | None
    body: Schema | None
    cached: bool
    # Whether responses depend on the query.
    takes_query: bool
    # The headers of the request that responses depend on.
    varies: tuple[str, ...]

    def client_name(self, column: str) -> str | None:
        """Return what clients call a column: the path of its field in the body, if it has one."""
        body = self.operation.body
        for attribute, field in schema(body).load_fields.items() if body else ():
            if column == (field.attribute or attribute):
                name = field.data_key or attribute
                envelope = self.operation.body_envelope
                return f"{envelope}.{name}" if envelope else name
        return None


def plan_for(verb: str, scheme: str, *decorated: Callable[..., Any]) -> Plan:
    """Make the plan of a method, from what decorators recorded about it and what it is in.

    Makes all of its schemas, so that a broken one fails here.
    """
    operation = operation_of(*decorated)
    for cls in operation.schemas:
        schema(cls)
    # The library represents what the method returns, which may have read anything.
    in_library_idiom = operation.status is None
    return Plan(
        operation,
        scheme,
        access_of(verb, operation, *decorated),
        operation.role,
        tuple(limit_check(limit) for limit in operation.limits),
        schema(operation.query) if operation.query else None,
        _body_schema(operation),
        operation.cached and verb in {"get", "head"},
        in_library_idiom or operation.query is not None,
        representation_headers() if in_library_idiom else (),
    )


def _body_schema(operation: Operation) -> Schema | None:
    if operation.body is None:
        return None
    if operation.body_envelope:
        return envelope_of(operation.body, operation.body_envelope, partial=operation.partial)
    return schema(operation.body, partial=operation.partial)


def plans_for(view: Callable[..., Any], scheme: str) -> dict[str, Plan]:
    """Make the plan of each verb that a view, of a class or a function, answers."""
    resource = getattr(view, "view_class", None)
    if resource is None:
        return dict.fromkeys(("get", "head"), plan_for("get", scheme, view))
    plans = {}
    for verb in map(str.lower, resource.methods or ()):
        around = getattr(resource, "method_decorators", ())
        if isinstance(around, dict):
            around = around.get(verb, ())
        method = getattr(resource, verb, resource.dispatch_request)
        plans[verb] = plan_for(verb, scheme, view, resource, *around, method)
    if "get" in plans:
        plans.setdefault("head", plans["get"])
    return plans


def dispatching(view: Callable[..., Any], scheme: str) -> View:
    """Wrap a view so that each request runs as planned; its plans are in `plans`, by verb.

    `scheme` is the authentication scheme of its version.
    """
    plans = plans_for(view, scheme)
    inner = view
    if hasattr(view, "view_class") and any(plan.varies for plan in plans.values()):
        inner = library_view(view)

    @wraps(view)
    def dispatch(**arguments: Any) -> Response:
        return run(plans[request.method.lower()], inner, arguments)

    dispatch.plans = plans  # type: ignore[attr-defined]
    return dispatch


def library_view(view: View) -> View:
    """Wrap a view in the library's idiom, which reads bodies and chooses representations itself."""

    def call_view(**arguments: Any) -> Response:
        if request.is_json:
            # It would take a body that breaks off for a crash.
            read_body()
        request.environ[ENTERED] = True
        forget_version()
        response = view(**arguments)
        response.vary.update(g.plan.varies)
        return response

    return call_view
