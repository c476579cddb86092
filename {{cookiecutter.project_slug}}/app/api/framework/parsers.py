"""Arguments of request parsers, which both libraries have, in OpenAPI 3.1."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

from werkzeug.datastructures import FileStorage

Schema: TypeAlias = dict[str, Any]

# Where clients put an argument, by the attribute of the request that has it; first what is
# preferred when there are several. `json` and `form` are bodies.
PLACES = {
    "args": "query",
    "values": "query",
    "json": "json",
    "get_json": "json",
    "form": "form",
    "files": "form",
    "headers": "header",
    "cookies": "cookie",
    "view_args": "path",
}
MULTIPART = "multipart/form-data"
MEDIA_TYPES = {
    "form": ("application/x-www-form-urlencoded", MULTIPART),
    "json": ("application/json",),
}
TYPES: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "number"},
    bool: {"type": "boolean"},
    list: {"type": "array", "items": {}},
    dict: {"type": "object"},
    FileStorage: {"type": "string", "format": "binary"},
}


def locations_of(argument: Any) -> set[str]:
    """Return the attributes of the request that an argument may come from."""
    location = argument.location
    return {location} if isinstance(location, str) else set(location)


def place_of(argument: Any) -> str:
    """Return where clients should put an argument."""
    locations = locations_of(argument)
    return next((PLACES[each] for each in PLACES if each in locations), "query")


def parameter(argument: Any, place: str, schema_of: Callable[[Any], Schema]) -> dict[str, Any]:
    """Return an argument as a parameter, whose `in` may also be a body.

    `schema_of` returns what a type of argument accepts.
    """
    schema = _schema(argument, schema_of)
    new: dict[str, Any] = {"name": argument.name, "in": place, "schema": schema}
    if argument.required or place == "path":
        new["required"] = True
    # The placeholder stands for what is wrong with a value.
    if text := re.sub(r"[\s:]*{error_msg}", "", str(argument.help or "")):
        new["description"] = text
    if place == "query" and schema.get("type") == "array":
        new |= {"style": "form", "explode": argument.action == "append"}
    return new


def _schema(argument: Any, schema_of: Callable[[Any], Schema]) -> Schema:
    # Models are dictionaries, and can't be hashed.
    known = next((schema for kind, schema in TYPES.items() if kind is argument.type), None)
    schema = {**(known or schema_of(argument.type))}
    if argument.choices:
        schema["enum"] = plain(list(argument.choices))
    if argument.action != "store":
        schema = {"type": "array", "items": schema}
    # What a function returns now may not be the default later.
    if argument.default is not None and not callable(argument.default):
        schema["default"] = plain(argument.default)
    return schema


def plain(value: Any) -> Any:
    """Convert an example, a default or a choice to a value that JSON has."""
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def inputs(parameters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the members of an operation that document its parameters and its body."""
    members: dict[str, Any] = {
        "parameters": [each for each in parameters if each["in"] not in MEDIA_TYPES]
    }
    # An operation with arguments in both takes JSON.
    for place, media_types in MEDIA_TYPES.items():
        if parts := [each for each in parameters if each["in"] == place]:
            schema = object_of(parts)
            if any(map(_is_file, schema["properties"].values())):
                media_types = (MULTIPART,)
            members["requestBody"] = {
                "required": "required" in schema,
                "content": {each: {"schema": schema} for each in media_types},
            }
    return members


def object_of(parameters: Sequence[Mapping[str, Any]]) -> Schema:
    """Return the schema of an object with a property for each parameter."""
    properties = {
        each["name"]: each["schema"] | {key: each[key] for key in ("description",) if key in each}
        for each in parameters
    }
    required = [each["name"] for each in parameters if each.get("required")]
    schema = {"type": "object", "properties": properties}
    return schema | {"required": required} if required else schema


def _is_file(schema: Schema) -> bool:
    return "binary" in (schema.get("format"), schema.get("items", {}).get("format"))
