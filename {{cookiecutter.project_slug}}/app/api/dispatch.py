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

from app.api.authentication import authenticate
from app.api.cache import look_up
from app.api.limits import limit_check
from app.api.operation import Access, Operation, access_of, operation_of
from app.api.requests import json_body, query_parameters
from app.api.schemas import schema
from app.backend import database
from app.extensions import db

View = Callable[..., Response]

WRONG_ROLE = "Only a user with the role {} may do this"
ATTEMPTS = 5


def run(plan: Plan, view: View, arguments: dict[str, Any]) -> Response:
    """Answer a request as its plan says."""
    g.plan = plan
    try:
        authenticate(plan.access)
    finally:
        # A refused token counts, too.
        for check in plan.limit_checks:
            check()
    if plan.role and not g.session.has_role(plan.role):
        raise Forbidden(WRONG_ROLE.format(plan.role))
    if plan.query:
        arguments["query"] = query_parameters(plan.query)
    if plan.body:
        arguments["data"] = plan.body.load(json_body())
    if not plan.cached or "Authorization" in request.headers:
        return call(view, arguments)
    entry = look_up(plan.query is not None)
    if entry.response:
        return entry.response
    with entry.noting_tables():
        response = call(view, arguments)
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
    access: Access
    role: str | None
    limit_checks: tuple[Callable[[], None], ...]
    query: Schema | None
    body: Schema | None
    cached: bool


def plan_for(verb: str, method: Callable[..., Any]) -> Plan:
    """Make the plan of a method, from what its decorators recorded.

    Makes all of its schemas, so that a broken one fails here.
    """
    operation = operation_of(method)
    for cls in operation.schemas:
        schema(cls)
    return Plan(
        operation,
        access_of(verb, operation),
        operation.role,
        tuple(limit_check(limit) for limit in operation.limits),
        schema(operation.query) if operation.query else None,
        schema(operation.body, partial=operation.partial) if operation.body else None,
        operation.cached,
    )


def dispatching(view: Callable[..., Any]) -> View:
    """Wrap a view, of a class or a function, so that each request runs as planned."""
    resource = getattr(view, "view_class", None)
    verbs = [verb.lower() for verb in resource.methods or ()] if resource else ["get"]
    plans = {verb: plan_for(verb, getattr(resource, verb) if resource else view) for verb in verbs}

    @wraps(view)
    def dispatch(**arguments: Any) -> Response:
        verb = request.method.lower()
        return run(plans["get" if verb == "head" else verb], view, arguments)

    return dispatch
