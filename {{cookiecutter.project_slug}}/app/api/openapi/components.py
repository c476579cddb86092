"""Components that the document's operations share: credentials, headers, problems, examples."""

import json
from typing import Any

from apispec import APISpec
from marshmallow import Schema, fields
from werkzeug.http import HTTP_STATUS_CODES

from app.api.authentication import UNAUTHENTICATED
from app.api.dispatch import WRONG_ROLE
from app.api.operation import Access
from app.api.requests import NO_INPUT, NOT_JSON
from app.api.schemas import represent, schema
from app.api.versions import BEARER, Version
from app.errors import CONFLICT, DETAILS, INVALID, STALE, TAKEN, UNAVAILABLE

ETAG = '"b1946ac92492d2347c6235b4d2611184"'
REQUEST_ID = "5eb63bbbe01eeed093cb22bb8f5acdc3"

TOKENS = {
    "bearer": "The access token of a login.",
    "refresh": "The refresh token of a login, good for one use.",
}

# How a caller authenticates, in words and as the document's security schemes.
CREDENTIALS: dict[Access, tuple[str, list[dict[str, list[str]]]]] = {
    Access.NONE: ("Open to anyone; credentials are ignored.", []),
    Access.OPTIONAL: ("Open to anyone, with or without an access token.", [{}, {"bearer": []}]),
    Access.LOGIN: ("Needs an access token.", [{"bearer": []}]),
    Access.REFRESH: ("Needs a refresh token.", [{"refresh": []}]),
    Access.EITHER: ("Needs an access or a refresh token.", [{"bearer": []}, {"refresh": []}]),
}

COUNT = {"type": "integer", "minimum": 0}
HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "API-Version": ("Version that answered.", {"type": "string", "examples": ["1.0"]}),
    "ETag": (
        "Validator of the representation, for If-Match and If-None-Match.",
        {"type": "string", "pattern": '^"[0-9a-f]{32}"$', "examples": [ETAG]},
    ),
    "Retry-After": ("Seconds to wait.", COUNT | {"examples": [5]}),
    "X-Cache": (
        "Whether the response came from the cache, for callers without a token.",
        {"type": "string", "enum": ["HIT", "MISS"]},
    ),
    "X-RateLimit-Limit": ("Requests that the window allows.", COUNT | {"examples": [300]}),
    "X-RateLimit-Remaining": ("Requests left in the window.", COUNT | {"examples": [299]}),
    "X-RateLimit-Reset": (
        "End of the window, in seconds since 1970.",
        COUNT | {"examples": [1767225600]},
    ),
    "X-Request-ID": (
        "Id of the request, also found in the logs.",
        {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$", "examples": [REQUEST_ID]},
    ),
    "X-Total-Count": (
        "Length of the whole list; where there is a parameter `total`, sent if that is true.",
        COUNT | {"examples": [1234]},
    ),
}
ALWAYS = (
    "API-Version",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
)
ON_PROBLEM = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}

# What they do, and a value that can be sent as it is: tools offer it.
CONDITIONS = {
    "If-Match": ("Apply the change only if the ETag still matches (`*`: any); else 412.", "*"),
    "If-None-Match": ("Send the resource only if its ETag has changed; else 304.", ETAG),
}

# What each refusal means, and what one of them says.
PROBLEMS = {
    400: ("The request can't be read.", NO_INPUT),
    401: ("The credentials are missing, wrong, expired or revoked.", UNAUTHENTICATED["expired"]),
    403: ("The caller may not do this.", WRONG_ROLE.format("admin")),
    404: ("The resource doesn't exist, or the caller may not know of it.", DETAILS[404]),
    409: ("The request conflicts with stored data.", CONFLICT),
    412: ("The resource has changed since it was read.", STALE),
    413: ("The body is too large.", DETAILS[413]),
    415: ("The body is not JSON.", NOT_JSON),
    422: ("Validation failed; `errors` lists each invalid field.", INVALID),
    429: ("Too many requests.", DETAILS[429]),
    503: ("The database is unavailable.", UNAVAILABLE),
}
ERRORS = {
    409: {"name": [TAKEN]},
    422: {"per_page": ["Not a valid integer."]},
}


class ProblemOut(Schema):
    """What went wrong (RFC 9457)."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True, metadata={"minimum": 400, "maximum": 599})
    detail = fields.String(required=True)
    message = fields.String(required=True, metadata={"description": "The same as `detail`."})
    request_id = fields.String(required=True)
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "Error messages by field."},
    )


def add_components(spec: APISpec, version: Version, problems: set[int]) -> None:
    """Add what operations refer to by name, including these problems besides the usual ones."""
    for name, meaning in TOKENS.items():
        spec.components.security_scheme(name, security_scheme(version.scheme, meaning))
    for name, (meaning, kind) in (HEADERS | headers_of(version)).items():
        spec.components.header(name, {"description": meaning, "schema": kind})
    for name, (meaning, sent) in CONDITIONS.items():
        # No pattern: other text is answered as well, as the tag of another representation.
        tags = {"type": "string", "format": "etag", "examples": [sent]}
        spec.components.parameter(name, "header", {"description": meaning, "schema": tags})
    shown = version.errors or ProblemOut
    spec.components.schema("Problem", schema=shown)
    for status in sorted({*PROBLEMS, *problems}):
        title = HTTP_STATUS_CODES[status]
        meaning, detail = PROBLEMS.get(status, (f"{title}.", title))
        example: dict[str, Any] = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
            "message": detail,
            "request_id": REQUEST_ID,
        }
        if status in ERRORS:
            example["errors"] = ERRORS[status]
        spec.components.response(
            f"Problem{status}",
            {
                "description": meaning,
                "headers": headers(*ON_PROBLEM.get(status, ())),
                "content": {
                    version.error_type: {
                        "schema": shown,
                        "example": json.loads(represent(shown, example)),
                    }
                },
            },
        )


def headers_of(version: Version) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the headers whose examples differ from version to version."""
    things = f"{version.base}/things"
    return {
        "Link": (
            "Addresses of the first, previous and next page (RFC 8288).",
            {"type": "string", "examples": [f'<{things}?per_page=5>; rel="first"']},
        ),
        "Location": (
            "Address of the new resource.",
            {"type": "string", "format": "uri-reference", "examples": [f"{things}/7"]},
        ),
        "WWW-Authenticate": (
            "The scheme to use.",
            {"type": "string", "examples": [version.scheme]},
        ),
    }


def security_scheme(scheme: str, meaning: str) -> dict[str, str]:
    """Return how a token is sent after an authentication scheme; OpenAPI knows few by name."""
    if scheme == BEARER:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": meaning}
    meaning = f"{meaning} Send it as `{scheme} <token>`."
    return {"type": "apiKey", "in": "header", "name": "Authorization", "description": meaning}


def credentials_of(access: Access, role: str | None) -> tuple[str, list[dict[str, list[str]]]]:
    """Return who may call an operation, in words and as security requirements."""
    text, schemes = CREDENTIALS[access]
    return (f"Needs the access token of a user with the role {role}." if role else text), schemes


def headers(*names: str) -> dict[str, str]:
    """Return references to the headers that every response has, and to these."""
    return {name: name for name in sorted({*ALWAYS, *names})}


def example(cls: type[Schema]) -> dict[str, Any]:
    """Return what a schema reads or writes, made of the first example of each field."""
    shown = {}
    for attribute, field in schema(cls).fields.items():
        name = field.data_key or attribute
        if "examples" in field.metadata:
            shown[name] = field.metadata["examples"][0]
        elif isinstance(nested := getattr(field, "inner", field), fields.Nested):
            inner = example(type(nested.schema))
            many = nested is not field or nested.many
            shown[name] = [inner] if many else inner
    return shown
