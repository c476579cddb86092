"""The OpenAPI 3.1 document of a version, from its routes and what their decorators recorded."""

import re
from collections.abc import Iterator
from inspect import getdoc, getmodule
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import Rule

from app.api.fields import MAX_ID
from app.api.openapi.components import add_components, credentials_of, example, headers
from app.api.operation import Access, Operation, access_of, operation_of
from app.api.versioning import ABOUT, VARY
from app.api.versions import Version

PARAMETER = re.compile(r"<[^:>]*:?(\w+)>")
VERBS = ("get", "post", "put", "patch", "delete")
CHANGING = {"put", "patch", "delete"}
CHANGES = "Changes"

CONVENTIONS = """\
Requests and responses are JSON. Every error is a problem document (RFC 9457), whose `request_id`
is in the logs as well. Lists are paged: follow the `Link` header (RFC 8288). A single resource has
an `ETag`: send it in `If-None-Match` to save a transfer, and in `If-Match` to avoid overwriting
changes that you have not seen.
"""
# Nothing is granted to anyone until the owner says so.
LICENSE = {"name": "All rights reserved", "identifier": "LicenseRef-Proprietary"}
SUCCESS = {
    200: "Success.",
    201: "Created, at the address in `Location`.",
    202: "Accepted; processing continues.",
    204: "Success, without a body.",
}


def build_document(app: Flask, version: Version) -> dict[str, Any]:
    """Build the document of a version."""
    title, description = app.config["API_TITLE"], app.config["API_DESCRIPTION"]
    about = (description, CONVENTIONS, ABOUT.replace("NUMBER", version.number))
    spec = APISpec(
        title=title,
        version=version.number,
        openapi_version="3.1.0",
        plugins=[MarshmallowPlugin(schema_name_resolver=_name)],
        info={
            "description": "\n\n".join(text.strip() for text in about if text),
            "contact": {"name": f"The maintainers of {title}"},
            "license": LICENSE,
        },
        servers=[{"url": version.base}],
    )
    add_components(spec, _declared_problems(version))
    tags: dict[str, str] = {}
    for path, resource in version.routes.items():
        # The docstring of a module describes its resources.
        tags.setdefault(_tag(path), getdoc(getmodule(resource)) or "")
    for tag, meaning in tags.items():
        spec.tag({"name": tag, "description": meaning})
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = getattr(app.view_functions[rule.endpoint], "view_class", None)
        if view is None or not rule.endpoint.startswith(f"{version.name}."):
            continue
        path = PARAMETER.sub(r"{\1}", rule.rule.removeprefix(version.prefix))
        operations = {
            verb: _operation(rule, verb, getattr(view, verb)) | {"tags": [_tag(path)]}
            for verb in VERBS
            if verb.upper() in (rule.methods or ())
        }
        if version.deprecated:
            for operation in operations.values():
                operation["deprecated"] = True
        spec.path(path, operations=operations, parameters=list(_path_parameters(rule)))
    for name, kind in spec.components.schemas.items():
        if name.endswith(CHANGES):
            # Each field may be missing, but not all of them.
            kind["minProperties"] = 1
    return spec.to_dict()


def _declared_problems(version: Version) -> set[int]:
    """Return the refusals that `may_fail` names."""
    return {
        status
        for resource in version.routes.values()
        for verb in resource.methods or ()
        for status in operation_of(getattr(resource, verb.lower())).problems
    }


def _tag(path: str) -> str:
    """Return the tag of a path: its first word."""
    return path.split("/")[1]


def _name(cls: type[Schema] | Schema) -> str:
    """Return a component's name: Post for `PostOut`; PostIn or, if partial, PostInChanges."""
    kind = cls if isinstance(cls, type) else type(cls)
    partial = CHANGES if isinstance(cls, Schema) and cls.partial else ""
    return kind.__name__.removesuffix("Out") + partial


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for name in sorted(rule.arguments):
        number = {"type": "integer", "minimum": 1, "maximum": MAX_ID, "examples": [7]}
        yield {"name": name, "in": "path", "required": True, "schema": number}


def _operation(rule: Rule, verb: str, method: Any) -> dict[str, Any]:
    operation = operation_of(method)
    access, security = credentials_of(access_of(verb, operation), operation.role)
    documented: dict[str, Any] = {
        "operationId": f"{verb}{rule.endpoint.partition('.')[2]}",
        "summary": (method.__doc__ or "").strip().removesuffix("."),
        "description": access,
        "security": security,
        "parameters": list(_parameters(verb, operation)),
        "responses": _responses(rule, verb, operation),
    }
    if operation.body:
        body = operation.body(partial=operation.partial)
        content = {"schema": body, "example": example(operation.body)}
        documented["requestBody"] = {"required": True, "content": {"application/json": content}}
    return documented


def _parameters(verb: str, operation: Operation) -> Iterator[dict[str, Any] | str]:
    if operation.query:
        yield {"in": "query", "schema": operation.query}
    if verb == "get" and operation.shows_entity:
        yield "If-None-Match"
    if verb in CHANGING:
        yield "If-Match"


def _responses(rule: Rule, verb: str, operation: Operation) -> dict[str, Any]:
    status = operation.status or 200
    # Any other status is described by its name.
    description = SUCCESS.get(status) or f"{HTTP_STATUS_CODES.get(status, 'Success')}."
    success: dict[str, Any] = {
        "description": "A page of the list." if operation.many else description,
        "headers": headers(*_headers(operation)),
    }
    if operation.schemas:
        success["content"] = {"application/json": _content(operation)}
    responses: dict[str, Any] = {str(status): success}
    if verb == "get" and operation.shows_entity:
        responses["304"] = {
            "description": "The client has the current representation.",
            "headers": headers("ETag"),
        }
    for status in sorted(_problems(rule, verb, operation)):
        responses[str(status)] = f"Problem{status}"
    return responses


def _content(operation: Operation) -> dict[str, Any]:
    if len(operation.schemas) > 1:
        # The fullest first: clients take the first one that fits.
        schemas = sorted(operation.schemas, key=lambda cls: -len(cls().fields))
        return {"schema": {"anyOf": schemas}, "example": example(schemas[0])}
    (cls,) = operation.schemas
    if operation.many:
        return {"schema": {"type": "array", "items": cls}, "example": [example(cls)]}
    return {"schema": cls, "example": example(cls)}


def _headers(operation: Operation) -> Iterator[str]:
    """Yield the headers of a success."""
    if operation.location:
        yield "Location"
    if operation.many:
        yield from ("Link", "X-Total-Count")
    if operation.shows_entity:
        yield "ETag"
    if operation.cached:
        yield "X-Cache"


def _problems(rule: Rule, verb: str, operation: Operation) -> set[int]:
    """Return every refusal that an operation can really answer with."""
    statuses = {429, 503, *operation.problems}
    if VARY:
        # The header may name a version that doesn't exist.
        statuses.add(400)
    if access_of(verb, operation) is not Access.NONE:
        statuses.add(401)
    if rule.arguments:
        statuses.add(404)
        if verb in CHANGING:
            statuses |= {409, 412}
    if operation.query:
        statuses.add(422)
    if operation.body:
        # A write may conflict with what somebody else wrote a moment before.
        statuses |= {400, 409, 413, 415, 422}
    return statuses
