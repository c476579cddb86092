"""What the libraries have in common when an Api of theirs becomes a part of this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from traceback import walk_tb
from typing import Any, Self

from flask import Blueprint, Flask, Response, g, has_request_context, request, url_for
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    UnsupportedMediaType,
)

from app.api.framework.errors import attached, attached_problem, returned_problem
from app.api.operation import operation_of
from app.api.requests import BROKEN_JSON, NO_INPUT, NOT_JSON
from app.api.responses import respond
from app.backend.settings import ConfigError

# Where the WSGI environment keeps that a request has come to a method in the library's idiom.
# Refusals before that are not for the handlers of its errors.
ENTERED = "app.entered"

NOT_AN_OBJECT = "The body must be a JSON object"


class ApiBase:
    """Base of an Api, before the library's own, that turns its errors into problem documents."""

    # Whether any of its resources is in the library's idiom.
    has_library_resources = True
    # The module of the library's parsers.
    parsers: str
    prefix: str
    blueprint: Any
    endpoints: set[str]
    init_app: Callable[[Blueprint], None]
    add_resource: Callable[..., None]
    owns_endpoint: Callable[[str], bool]
    # What the library has to answer an error with: a response, or a body, a status and headers.
    answer_of_handler: Callable[[Exception], Any]

    def error_router(self, original_handler: Callable[[Exception], Any], e: Exception) -> Any:
        """Try the library's handlers; leave all other errors to the application."""
        entered = request.environ.get(ENTERED) if self.has_library_resources else attached(e)
        if not entered:
            return original_handler(e)
        if not self.owns_endpoint(request.endpoint or ""):
            return original_handler(e)
        try:
            answer = self.handle_error(e)
        except Exception as unanswered:
            if attached(unanswered):
                # A handler may abort as well.
                return attached_problem(unanswered)
            if isinstance(unanswered, HTTPException) and not (
                unanswered.code or unanswered.response
            ):
                # Flask would send it as a success.
                unanswered = InternalServerError(original_exception=unanswered)
            return original_handler(unanswered)
        # An override may return what a view may return.
        body = answer[0] if isinstance(answer, tuple) else None
        return returned_problem(*answer) if isinstance(body, Mapping | str) else answer

    def handle_error(self, e: Exception) -> Any:
        """Answer errors that have a handler or attached data; raise all others."""
        answer = self.answer_of_handler(e)
        if isinstance(answer, tuple):
            body, status, headers = answer
            if status < 400:
                return super().make_response(body, status, headers=headers)  # type: ignore[misc]
            return returned_problem(body, status, headers, error=e)
        if answer is not None:
            return answer
        if attached(e):
            return attached_problem(e)
        if isinstance(e, BadRequest) and isinstance(e.__cause__, BadRequest):
            # Flask hides what its request says about a body that it can't parse.
            raise BadRequest(BROKEN_JSON if request.get_data() else NO_INPUT)
        if isinstance(e, UnsupportedMediaType):
            raise UnsupportedMediaType(NOT_JSON)
        if not isinstance(e, HTTPException) and self._has_confused_a_parser(e):
            raise BadRequest(NOT_AN_OBJECT)
        raise e

    def _has_confused_a_parser(self, error: Exception) -> bool:
        """Return whether a parser crashed because the JSON that it looked into is no object."""
        frames = (frame for frame, _ in walk_tb(error.__traceback__))
        crashed = any(frame.f_globals.get("__name__") == self.parsers for frame in frames)
        return crashed and not isinstance(request.get_json(silent=True), dict | None)

    def make_response(self, data: Any, code: int = 200, *args: Any, **kwargs: Any) -> Any:
        """Represent what a method returns: by its schema, if it has recorded one."""
        operation = g.plan.operation
        if operation.status is not None:
            return respond(operation, data)
        # It may also be text, such as `404 NOT FOUND`.
        status = code if isinstance(code, int) else int(str(code)[:3])
        if status >= 400 and not isinstance(data, Response):
            return returned_problem(data, status, *args, **kwargs)
        return super().make_response(data, code, *args, **kwargs)  # type: ignore[misc]

    @classmethod
    def mount(cls, blueprint: Blueprint, routes: Mapping[str, Any]) -> list[Self]:
        """Add the resources of a table of routes to a blueprint; return the Apis that carry them.

        The endpoint of a single resource is the name of its class. Raises ConfigError for anything
        that can't be mounted, such as an Api of the library's own class.
        """
        ours = cls()
        ours.has_library_resources = False
        apis = [ours]
        for path, route in routes.items():
            if not isinstance(route, type):
                apis.append(cls.at_path(path, route))
            elif _is_ours(route):
                ours.add_resource(route, path, endpoint=route.__name__)
            else:
                apis.append(cls())
                apis[-1].add_resource(route, path, endpoint=route.__name__)
        for api in apis:
            api.init_app(blueprint)
        return apis

    @classmethod
    def at_path(cls, path: str, route: Any) -> Self:
        """Return an Api like another one, with a path before its addresses."""
        if not isinstance(route, cls):
            raise ConfigError(f"{path!r} leads to {route!r}, which app.api.framework can't mount.")
        # `copy` would ask an Api for attributes that it doesn't have yet.
        api = cls.__new__(type(route))
        vars(api).update(vars(route), prefix=path + route.prefix)
        return api

    def _init_app(self, app: Flask) -> None:
        def build(error: Exception, endpoint: str, values: dict[str, Any]) -> str:
            """Build the address of an endpoint that is named as if there were no versions."""
            here = request.blueprint if has_request_context() else None
            if endpoint in self.endpoints and here == self.blueprint.name:
                return url_for(f".{endpoint}", **values)
            raise error

        super()._init_app(app)  # type: ignore[misc]
        app.url_build_error_handlers.append(build)

    def _register_view(self, app: Flask, resource: Any, *rest: Any, **kwargs: Any) -> None:
        # The library forgets the prefix of an Api that gets its application last.
        rest = tuple(self.prefix + part if isinstance(part, str) else part for part in rest)
        paths = [part for part in rest if isinstance(part, str)]
        endpoint = kwargs.get("endpoint") or resource.__name__.lower()
        if {endpoint, f"{self.blueprint.name}.{endpoint}"} & app.view_functions.keys():
            raise ConfigError(
                f"{', '.join(map(repr, paths))}: the endpoint {endpoint!r} of {resource.__name__} "
                "is taken by another address. Rename the class, or make a subclass of it."
            )
        # Otherwise, an address that ends in a slash would redirect those who leave it out.
        slashed = any(path.endswith("/") for path in paths)
        options = {"strict_slashes": not slashed} | kwargs
        super()._register_view(app, resource, *rest, **options)  # type: ignore[misc]


def _is_ours(resource: Any) -> bool:
    """Return whether schemas of ours represent all that a resource returns."""
    rest = resource.dispatch_request
    methods = [getattr(resource, verb.lower(), rest) for verb in resource.methods or ()]
    return all(operation_of(method).status for method in methods)
