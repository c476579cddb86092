"""The OpenAPI 3.1 document of a version, from the routes and what their decorators recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema, fields
from werkzeug.routing import Rule

from app.api.contract import Access, Operation, operation_of
from app.config import API_TITLE

if TYPE_CHECKING:
    from app.api.versions import Version

PARAMETER = re.compile(r"<[^:>]*:?(\w+)>")
VERBS = ("get", "post", "put", "patch", "delete")

WHY = {
    400: "The request can't be read.",
    401: "A token is missing, invalid, expired or revoked.",
    403: "The caller may not do this.",
    404: "There is no such thing, or the caller may not know of it.",
    409: "The request contradicts what is stored.",
    412: "The resource has changed since it was read.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The values break the rules; `errors` names each field.",
    429: "Too many requests.",
    503: "The database does not answer.",
}


HEADERS = {
    "API-Version": ("string", "Version that answered."),
    "ETag": ("string", "Validator of the representation, for If-Match and If-None-Match."),
    "Link": ("string", "Addresses of the first, previous and next page (RFC 8288)."),
    "Location": ("string", "Address of what was made."),
    "Retry-After": ("integer", "Seconds to wait."),
    "WWW-Authenticate": ("string", "The scheme to use."),
    "X-Cache": ("string", "HIT or MISS, for callers without a token."),
    "X-RateLimit-Limit": ("integer", "Requests that the window allows."),
    "X-RateLimit-Remaining": ("integer", "Requests left in the window."),
    "X-RateLimit-Reset": ("integer", "End of the window, in seconds since 1970."),
    "X-Request-ID": ("string", "The request's name in the logs."),
    "X-Total-Count": ("integer", "Length of the whole list, if `total=true` asked for it."),
}
ALWAYS = (
    "API-Version",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
)
ON_PROBLEM = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


class ProblemOut(Schema):
    """What went wrong (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    message = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


def build_document(app: Flask, version: Version) -> dict[str, Any]:
    """The document of a version."""
    spec = APISpec(
        title=API_TITLE,
        version=version.number,
        openapi_version="3.1.0",
        plugins=[MarshmallowPlugin(schema_name_resolver=_name)],
        servers=[{"url": {{ '"/api"' if cookiecutter.versioning == 'header' else 'version.prefix' }}}],
    )
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", schema=ProblemOut)
    for header, (kind, meaning) in HEADERS.items():
        spec.components.header(header, {"description": meaning, "schema": {"type": kind}})
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = getattr(app.view_functions[rule.endpoint], "view_class", None)
        if view is None or not rule.endpoint.startswith(f"{version.name}."):
            continue
        operations = {
            verb: _operation(rule, verb, getattr(view, verb))
            for verb in VERBS
            if verb.upper() in (rule.methods or ())
        }
        path = PARAMETER.sub(r"{\1}", rule.rule.removeprefix(version.prefix))
        spec.path(path, operations=operations, parameters=list(_path_parameters(rule)))
    document = spec.to_dict()
    for name, component in document["components"]["schemas"].items():
        if name.endswith("Changes"):
            # An empty body is 400, also where every field may be left out.
            component["minProperties"] = 1
    return document


def _name(cls: type[Schema] | Schema) -> str:
    """A component's name: `PostOut` is Post, `PostIn` is PostIn."""
    kind = cls if isinstance(cls, type) else type(cls)
    partial = "Changes" if isinstance(cls, Schema) and cls.partial else ""
    return kind.__name__.removesuffix("Out") + partial


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for name in sorted(rule.arguments):
        number = {"type": "integer", "minimum": 1, "maximum": 2147483647}
        yield {"name": name, "in": "path", "required": True, "schema": number}


def _operation(rule: Rule, verb: str, method: Any) -> dict[str, Any]:
    operation = operation_of(method)
    documented: dict[str, Any] = {
        "operationId": f"{verb}{rule.endpoint.partition('.')[2]}",
        "summary": (method.__doc__ or "").strip().removesuffix("."),
        "tags": [_tag(rule)],
        "responses": _responses(rule, verb, operation),
    }
    if operation.access is Access.OPTIONAL:
        documented["security"] = [{}, {"bearer": []}]
    elif operation.access is not Access.NONE:
        documented["security"] = [{"bearer": []}]
    documented["parameters"] = list(_parameters(rule, verb, operation))
    if operation.body:
        body = operation.body(partial=operation.partial)
        documented["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": body}},
        }
    return documented


def _parameters(rule: Rule, verb: str, operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.query:
        yield {"in": "query", "schema": operation.query}
    if verb == "get" and _is_entity(operation):
        yield {"in": "header", "name": "If-None-Match", "schema": {"type": "string"}}
    if verb in {"put", "patch", "delete"}:
        yield {"in": "header", "name": "If-Match", "schema": {"type": "string"}}


def _tag(rule: Rule) -> str:
    return PARAMETER.sub("", rule.rule).strip("/").split("/")[{{ '2' }}]


def _responses(rule: Rule, verb: str, operation: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Done.", "headers": _headers(*_success(operation))}
    if operation.returns:
        schemas: list[Any] = [
            {"type": "array", "items": cls} if operation.many else cls for cls in operation.returns
        ]
        content = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        success["content"] = {"application/json": {"schema": content}}
    responses = {str(operation.status): success}
    if verb == "get" and _is_entity(operation):
        responses["304"] = {"description": "The client has it.", "headers": _headers("ETag")}
    for status in sorted(_problems(rule, verb, operation)):
        responses[str(status)] = {
            "description": WHY[status],
            "headers": _headers(*ON_PROBLEM.get(status, ())),
            "content": {"application/problem+json": {"schema": ProblemOut}},
        }
    return responses


def _is_entity(operation: Operation) -> bool:
    """Whether one stored thing is represented, and so has an ETag."""
    return bool(operation.returns and not operation.many and "id" in operation.returns[0]().fields)


def _success(operation: Operation) -> Iterator[str]:
    if operation.status == 201:
        yield "Location"
    if operation.many:
        yield from ("Link", "X-Total-Count")
    if _is_entity(operation):
        yield "ETag"
    if operation.cached:
        yield "X-Cache"


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in sorted({*ALWAYS, *names})}


def _problems(rule: Rule, verb: str, operation: Operation) -> set[int]:
    """Every refusal that an operation can really answer with."""
    statuses = {429, 503, *operation.problems}
{% if cookiecutter.versioning == 'header' %}
    statuses.add(400)
{% endif %}
    if operation.access is not Access.NONE:
        statuses.add(401)
    if rule.arguments:
        statuses.add(404)
        if verb in {"put", "patch", "delete"}:
            statuses |= {409, 412}
    if operation.query:
        statuses.add(422)
    if operation.body:
        statuses |= {400, 413, 415, 422}
    return statuses
