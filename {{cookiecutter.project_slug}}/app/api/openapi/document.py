"""The OpenAPI 3.1 document of a version, from its routes and what their decorators recorded."""

import re
from collections.abc import Iterable, Iterator
from inspect import getdoc, getmodule
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import Rule

from app.api.framework.specification import ApiOperations
from app.api.openapi.components import TOKENS, add_components, credentials_of, example, headers
from app.api.openapi.library import ANYTHING, complete
from app.api.operation import Access, Operation
from app.api.paths import TextConverter, schema_of
from app.api.versioning import ABOUT, VARY
from app.api.versions import Version

PARAMETER = re.compile(r"<(?:[^:>]*:)?(\w+)>")
VERBS = ("get", "head", "post", "put", "patch", "delete", "options")
# Flask answers these for resources that have no method for them.
AUTOMATIC = {"head", "options"}
CHANGING = {"put", "patch", "delete"}
CHANGES = "Changes"

CONVENTIONS = """\
Requests and responses are JSON. Lists are paged: follow the `Link` header (RFC 8288). A single
resource has an `ETag`: send it in `If-None-Match` to save a transfer, and in `If-Match` to avoid
overwriting changes that you have not seen.
"""
PROBLEMS = """\
Every error is a problem document (RFC 9457), whose `request_id` is in the logs as well.
"""
# Nothing is granted to anyone until the owner says so.
LICENSE = {"name": "All rights reserved", "identifier": "LicenseRef-Proprietary"}
SUCCESS = {
    200: "Success.",
    201: "Created, at the address in `Location`.",
    202: "Accepted; processing continues.",
    204: "Success, without a body.",
}


def build_document(app: Flask, version: Version, root: str = "") -> dict[str, Any]:
    """Build the document of a version; `root` is the path below which proxies serve it."""
    title, description = app.config["API_TITLE"], app.config["API_DESCRIPTION"]
    about = (
        description,
        CONVENTIONS,
        "" if version.errors else PROBLEMS,
        ABOUT.replace("NUMBER", version.number),
    )
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
        servers=[{"url": root + version.base}],
    )
    views = list(_views(app, version))
    add_components(spec, version, _declared_problems(view for _, view in views))
    library = ApiOperations(app.extensions["apis"][version.name])
    for tag, meaning in (_tags(version) | library.tags).items():
        spec.tag({"name": tag, "description": meaning})
    own = [view for view in views if not library.at(view[0].rule)]
    _add_paths(spec, own, version, library)
    schemas = {**spec.components.schemas}
    # Added last: they are renamed if a component of ours already has their name.
    library.add_components(spec)
    _add_paths(spec, [view for view in views if view not in own], version, library)
    document = spec.to_dict()
    requested = {*schemas_of_requests(document)}
    for name, kind in schemas.items():
        if name not in requested:
            # A response may get more fields; clients have to ignore those that they don't know.
            kind.pop("additionalProperties", None)
        elif name.endswith(CHANGES):
            # Each field may be missing, but not all of them.
            kind["minProperties"] = 1
    drop_unused_tokens(document)
    return document | {"paths": dict(sorted(document["paths"].items()))}


def schemas_of_requests(document: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the schemas that request bodies refer to, directly or not."""
    paths = document["paths"].values()
    parts: list[Any] = [each.get("requestBody") for path in paths for each in operations_of(path)]
    seen = set()
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        if isinstance(part, dict):
            parts += part.values()
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                parts.append(document["components"]["schemas"].get(name))
                yield name


def operations_of(path: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the operations of a path, which has members of other kinds, too."""
    return [each for each in path.values() if isinstance(each, dict)]


def drop_unused_tokens(document: dict[str, Any]) -> None:
    """Leave out kinds of tokens that no operation takes."""
    paths = document["paths"].values()
    secured = [each["security"] for path in paths for each in operations_of(path)]
    used = {name for security in secured for requirement in security for name in requirement}
    for name in TOKENS.keys() - used:
        del document["components"]["securitySchemes"][name]


def _views(app: Flask, version: Version) -> Iterator[tuple[Rule, Any]]:
    """Yield the rules and the views of a version's resources."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        if rule.endpoint.startswith(f"{version.name}.") and hasattr(view, "view_class"):
            yield rule, view


def _declared_problems(views: Iterable[Any]) -> set[int]:
    """Return the refusals that `may_fail` names."""
    plans = (plan for view in views for plan in view.plans.values())
    return {status for plan in plans for status in plan.operation.problems}


def _tags(version: Version) -> dict[str, str]:
    """Return the tags of single resources, which the docstrings of their modules describe."""
    tags: dict[str, str] = {}
    for path, route in version.routes.items():
        if isinstance(route, type):
            tags.setdefault(_tag(path), getdoc(getmodule(route)) or "")
    return tags


def _add_paths(
    spec: APISpec, views: Iterable[tuple[Rule, Any]], version: Version, library: ApiOperations
) -> None:
    """Add the operations of resources; `library` has more about some, and hides others."""
    for rule, view in views:
        path = PARAMETER.sub(r"{\1}", rule.rule.removeprefix(version.prefix))
        in_library = library.at(rule.rule)
        parameters = list(_path_parameters(rule, filter(None, in_library.values())))
        operations = {}
        for verb in VERBS:
            method = getattr(view.view_class, verb, None)
            if verb not in view.plans or (verb in AUTOMATIC and not method):
                continue
            if in_library.get(verb, {}) is None:
                continue
            plan, documented = view.plans[verb], in_library.get(verb) or {}
            operation = _operation(rule, verb, view, documented)
            operation["tags"] = [_tag(path)]
            if documented:
                operation = complete(
                    operation,
                    documented,
                    represented=plan.operation.status is not None,
                    error_type=version.error_type,
                )
                # Methods may document different things about what is in the path.
                own = _path_parameters(rule, [documented])
                operation["parameters"] += [each for each in own if each not in parameters]
            if version.deprecated:
                operation["deprecated"] = True
            if verb == "head":
                operation["responses"] = _without_content(spec, operation["responses"])
            operations[verb] = operation
        if operations:
            spec.path(path, operations=operations, parameters=parameters)


def _without_content(spec: APISpec, responses: dict[str, Any]) -> dict[str, Any]:
    """Return responses, some of which are names of components, as HEAD has them."""
    whole = {
        status: spec.components.responses[response] if isinstance(response, str) else response
        for status, response in responses.items()
    }
    return {
        status: {key: part for key, part in response.items() if key != "content"}
        for status, response in whole.items()
    }


def _tag(path: str) -> str:
    """Return the tag of a path: its first word."""
    return path.split("/")[1]


def _name(cls: type[Schema] | Schema) -> str:
    """Return a component's name: Post for `PostOut`; PostIn or, if partial, PostInChanges."""
    kind = cls if isinstance(cls, type) else type(cls)
    partial = CHANGES if isinstance(cls, Schema) and cls.partial else ""
    return kind.__name__.removesuffix("Out") + partial


def _path_parameters(rule: Rule, documented: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the parameters in a path, each as operations document it."""
    known = {
        parameter["name"]: parameter
        for operation in documented
        for parameter in operation["parameters"]
        if parameter["in"] == "path"
    }
    for name in sorted(rule.arguments):
        parameter = known.get(name, {"name": name, "in": "path", "required": True})
        schema, converter = parameter.get("schema", {}), rule._converters[name]
        if schema.get("type", "string") == "string" or type(converter) is not TextConverter:
            schema = schema | schema_of(converter)
        yield parameter | {"schema": schema}


def _operation(rule: Rule, verb: str, view: Any, documented: dict[str, Any]) -> dict[str, Any]:
    plan, method = view.plans[verb], getattr(view.view_class, verb, None)
    operation = plan.operation
    access, security = credentials_of(plan.access, plan.role)
    summary, _, details = (getdoc(method) or "").partition("\n\n")
    members: dict[str, Any] = {
        "operationId": f"{verb}{rule.endpoint.partition('.')[2]}",
        "summary": summary.replace("\n", " ").removesuffix("."),
        # The library has the details of its own docstrings.
        "description": "\n\n".join(filter(None, ("" if documented else details, access))),
        "security": security,
        "parameters": list(_parameters(verb, view)),
        "responses": _responses(rule, verb, view, documented),
    }
    if operation.body:
        body = operation.body(partial=operation.partial)
        content = {"schema": body, "example": example(operation.body)}
        if operation.body_envelope:
            content = _in_envelope(operation.body_envelope, content)
            content["schema"]["additionalProperties"] = False
        members["requestBody"] = {"required": True, "content": {"application/json": content}}
    return members


def _parameters(verb: str, view: Any) -> Iterator[dict[str, Any] | str]:
    operation = view.plans[verb].operation
    if operation.query:
        yield {"in": "query", "schema": operation.query}
    if verb == "get" and operation.shows_entity:
        yield "If-None-Match"
    if verb in CHANGING and operation.status and _has_etag(view):
        yield "If-Match"


def _has_etag(view: Any) -> bool:
    """Return whether what an address shows has an ETag, so that a change can depend on it."""
    return "get" in view.plans and view.plans["get"].operation.shows_entity


def _responses(rule: Rule, verb: str, view: Any, documented: dict[str, Any]) -> dict[str, Any]:
    operation = view.plans[verb].operation
    status = operation.status or 200
    # Any other status is described by its name.
    description = SUCCESS.get(status) or f"{HTTP_STATUS_CODES.get(status, 'Success')}."
    success: dict[str, Any] = {
        "description": "A page of the list." if operation.many else description,
        "headers": headers(*_headers(operation)),
    }
    if operation.schemas:
        content = _content(operation)
        if operation.envelope:
            content = _in_envelope(operation.envelope, content, operation.total)
        success["content"] = {"application/json": content}
    elif operation.status is None:
        success["content"] = ANYTHING
    responses: dict[str, Any] = {str(status): success}
    if verb == "get" and operation.shows_entity:
        responses["304"] = {
            "description": "The client has the current representation.",
            "headers": headers("ETag"),
        }
    for status in sorted(_problems(rule, verb, view, documented)):
        responses[str(status)] = f"Problem{status}"
    return responses


def _content(operation: Operation) -> dict[str, Any]:
    # The fullest first: clients take the first one that fits.
    schemas = sorted(operation.schemas, key=lambda cls: -len(cls().fields))
    one, shown = {"anyOf": schemas} if len(schemas) > 1 else schemas[0], example(schemas[0])
    if operation.many:
        return {"schema": {"type": "array", "items": one}, "example": [shown]}
    return {"schema": one, "example": shown}


def _in_envelope(name: str, content: dict[str, Any], total: str | None = None) -> dict[str, Any]:
    """Return the content of a body that is an object with a member of this content."""
    properties, shown = {name: content["schema"]}, {name: content["example"]}
    if total:
        properties[total], shown[total] = {"type": "integer", "minimum": 0}, 1
    return {
        "schema": {"type": "object", "properties": properties, "required": [*properties]},
        "example": shown,
    }


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


def _problems(rule: Rule, verb: str, view: Any, documented: dict[str, Any]) -> set[int]:
    """Return every refusal that an operation can really answer with."""
    plan = view.plans[verb]
    operation = plan.operation
    statuses = {503, *operation.problems}
    if verb != "options":
        # Those are never counted.
        statuses.add(429)
    if VARY or documented.get("parameters"):
        # The header may name a version that doesn't exist, a parser may refuse what it reads.
        statuses.add(400)
    if plan.access is not Access.NONE:
        statuses.add(401)
    if rule.arguments:
        statuses.add(404)
    if verb in CHANGING and operation.status:
        statuses.add(409)
        if _has_etag(view):
            statuses.add(412)
    if operation.query:
        statuses.add(422)
    if operation.body:
        # A write may conflict with what somebody else wrote a moment before.
        statuses |= {400, 409, 413, 415, 422}
    if "requestBody" in documented:
        statuses |= {400, 413, 415}
    return statuses
