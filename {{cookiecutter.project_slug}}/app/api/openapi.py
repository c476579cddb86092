"""The OpenAPI 3.1 document of a version, from the routes and what their decorators recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import getdoc, getmodule
from typing import TYPE_CHECKING, Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema
from werkzeug.routing import Rule

from app.api.components import CREDENTIALS, add_components, example, headers
from app.api.contract import Access, Operation, operation_of
{% if cookiecutter.versioning == 'header' %}
from app.api.negotiation import BASE
{% endif %}
from app.config import API_TITLE
from app.schemas.fields import MAX_ID

if TYPE_CHECKING:
    from app.api.versions import Version

PARAMETER = re.compile(r"<[^:>]*:?(\w+)>")
VERBS = ("get", "post", "put", "patch", "delete")
WRITING = {"put", "patch", "delete"}
CHANGES = "Changes"

ABOUT = """\
Requests and responses are JSON. Every error is a problem document (RFC 9457); its `request_id` is
in the logs as well. Lists come in pages: follow the `Link` header (RFC 8288). A single resource has
an `ETag`: send it in `If-None-Match` to spare a transfer, and in `If-Match` to overwrite nothing
that you have not seen.
{% if cookiecutter.versioning == 'header' %}

The version is asked for in the `Accept` header: `application/json; version=NUMBER`. Without one,
the default version answers.
{% endif %}
"""
# Nobody is granted anything until the owner says so.
LICENSE = {"name": "All rights reserved", "identifier": "LicenseRef-Proprietary"}
DONE = {
    200: "What was asked for.",
    201: "It is made, at the address in `Location`.",
    204: "It is done.",
}


def build_document(app: Flask, version: Version) -> dict[str, Any]:
    """The document of a version."""
    spec = APISpec(
        title=API_TITLE,
        version=version.number,
        openapi_version="3.1.0",
        plugins=[MarshmallowPlugin(schema_name_resolver=_name)],
        info={
{% if cookiecutter.versioning == 'header' %}
            "description": ABOUT.replace("NUMBER", version.number),
{% else %}
            "description": ABOUT,
{% endif %}
            "contact": {"name": f"The maintainers of {API_TITLE}"},
            "license": LICENSE,
        },
        servers=[{"url": {{ 'BASE' if cookiecutter.versioning == 'header' else 'version.prefix' }}}],
    )
    add_components(spec)
    tags: dict[str, str] = {}
    for path, resource in version.routes.items():
        # What resources have in common stands at the head of their module.
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


def _tag(path: str) -> str:
    """The part of the API that a path belongs to: the first word of it."""
    return path.split("/")[1]


def _name(cls: type[Schema] | Schema) -> str:
    """A component's name: `PostOut` is Post, `PostIn` is PostIn or, partial, PostInChanges."""
    kind = cls if isinstance(cls, type) else type(cls)
    partial = CHANGES if isinstance(cls, Schema) and cls.partial else ""
    return kind.__name__.removesuffix("Out") + partial


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for name in sorted(rule.arguments):
        number = {"type": "integer", "minimum": 1, "maximum": MAX_ID, "examples": [7]}
        yield {"name": name, "in": "path", "required": True, "schema": number}


def _operation(rule: Rule, verb: str, method: Any) -> dict[str, Any]:
    operation = operation_of(method)
    who, security = CREDENTIALS[operation.access]
    documented: dict[str, Any] = {
        "operationId": f"{verb}{rule.endpoint.partition('.')[2]}",
        "summary": (method.__doc__ or "").strip().removesuffix("."),
        "description": who,
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
    if verb == "get" and _is_entity(operation):
        yield "If-None-Match"
    if verb in WRITING:
        yield "If-Match"


def _responses(rule: Rule, verb: str, operation: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {
        "description": "A page of the list." if operation.many else DONE[operation.status],
        "headers": headers(*_headers(operation)),
    }
    if operation.returns:
        success["content"] = {"application/json": _content(operation)}
    responses: dict[str, Any] = {str(operation.status): success}
    if verb == "get" and _is_entity(operation):
        responses["304"] = {"description": "The client has it.", "headers": headers("ETag")}
    for status in sorted(_problems(rule, verb, operation)):
        responses[str(status)] = f"Problem{status}"
    return responses


def _content(operation: Operation) -> dict[str, Any]:
    if len(operation.returns) > 1:
        # The fullest first: clients take the first one that fits.
        schemas = sorted(operation.returns, key=lambda cls: -len(cls().fields))
        return {"schema": {"anyOf": schemas}, "example": example(schemas[0])}
    (cls,) = operation.returns
    if operation.many:
        return {"schema": {"type": "array", "items": cls}, "example": [example(cls)]}
    return {"schema": cls, "example": example(cls)}


def _is_entity(operation: Operation) -> bool:
    """Whether one stored thing is represented, and so has an ETag."""
    return bool(operation.returns and not operation.many and "id" in operation.returns[0]().fields)


def _headers(operation: Operation) -> Iterator[str]:
    """The headers of a success."""
    if operation.status == 201:
        yield "Location"
    if operation.many:
        yield from ("Link", "X-Total-Count")
    if _is_entity(operation):
        yield "ETag"
    if operation.cached:
        yield "X-Cache"


def _problems(rule: Rule, verb: str, operation: Operation) -> set[int]:
    """Every refusal that an operation can really answer with."""
{% if cookiecutter.versioning == 'header' %}
    statuses = {400, 429, 503, *operation.problems}
{% else %}
    statuses = {429, 503, *operation.problems}
{% endif %}
    if operation.access is not Access.NONE:
        statuses.add(401)
    if rule.arguments:
        statuses.add(404)
        if verb in WRITING:
            statuses |= {409, 412}
    if operation.query:
        statuses.add(422)
    if operation.body:
        # Whatever is written may contradict what somebody else wrote a moment before.
{% if cookiecutter.versioning == 'header' %}
        statuses |= {409, 413, 415, 422}
{% else %}
        statuses |= {400, 409, 413, 415, 422}
{% endif %}
    return statuses
