"""What the libraries have in common when an Api of theirs becomes a part of this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, Self

from flask import Flask, Response, g, request
from werkzeug.exceptions import BadRequest, HTTPException

from app.api.framework.errors import attached_problem, returned_problem
from app.api.requests import BROKEN_JSON, NO_INPUT
from app.api.responses import respond


class Mounted:
    """Makes problem documents of the library's errors; comes before its Api among the bases."""

    prefix: str
    owns_endpoint: Callable[[str], bool]
    # What the library has to answer an error with: a response, or a body, a status and headers.
    handled: Callable[[Exception], Any]

    def error_router(self, original_handler: Callable[[Exception], Any], e: Exception) -> Any:
        """Leave to the application the errors that the library has no words for."""
        if not self.owns_endpoint(request.endpoint or ""):
            return original_handler(e)
        try:
            return self.handle_error(e)
        except Exception as left:
            return original_handler(left)

    def handle_error(self, e: Exception) -> Any:
        """Answer an error that a handler has an answer for, or that has data; raise any other."""
        returned = self.handled(e)
        if isinstance(returned, tuple):
            return returned_problem(*returned, error=e)
        if returned is not None:
            return returned
        if isinstance(e, HTTPException) and hasattr(e, "data"):
            return attached_problem(e)
        if isinstance(e, BadRequest) and isinstance(e.__cause__, BadRequest):
            # Flask hides what its request says about a body that it can't parse.
            raise BadRequest(BROKEN_JSON if request.get_data() else NO_INPUT)
        raise e

    def make_response(self, data: Any, code: int = 200, *args: Any, **kwargs: Any) -> Any:
        """Represent what a method returns: by its schema, if it has recorded one."""
        operation = g.plan.operation
        if operation.status is not None:
            return respond(operation, data)
        if code >= 400 and isinstance(data, Mapping | str):
            return returned_problem(data, code, *args, **kwargs)
        response: Response = super().make_response(data, code, *args, **kwargs)  # type: ignore[misc]
        response.vary.update(g.plan.varies)
        return response

    def mounted_at(self, path: str) -> Self:
        """Return a copy whose addresses begin with a path; each version has its own."""
        api = copy(self)
        api.prefix = path + self.prefix
        return api

    def _register_view(self, app: Flask, resource: Any, *rest: Any, **kwargs: Any) -> None:
        # Otherwise, an address that ends in a slash would redirect those who leave it out.
        slashed = any(isinstance(part, str) and part.endswith("/") for part in rest)
        options = {"strict_slashes": not slashed} | kwargs
        super()._register_view(app, resource, *rest, **options)  # type: ignore[misc]
