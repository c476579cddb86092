"""Request parsers of the library, as parameters of Swagger 2.0, and what those are in 3.1."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

from werkzeug.datastructures import FileStorage

# Converts a schema from Swagger 2.0 to OpenAPI 3.1.
Modern: TypeAlias = Callable[[Any], dict[str, Any]]

# Where an argument comes from, in the words of Flask and of Swagger; first what is preferred when
# an argument may come from several places.
PLACES = {
    "args": "query",
    "values": "query",
    "json": "body",
    "get_json": "body",
    "form": "formData",
    "files": "formData",
    "headers": "header",
    "cookies": "cookie",
    "view_args": "path",
}
TYPES: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "number"},
    bool: {"type": "boolean"},
    list: {"type": "array", "items": {}},
    dict: {"type": "object"},
    FileStorage: {"type": "file"},
}
# The members of a parameter that are not a part of its schema.
MEMBERS = {"name", "in", "required", "description", "schema"}
SPREAD = {"multi": True, "csv": False}
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def place_of(argument: Any) -> str:
    """Return where a client should put an argument."""
    given = places_of(argument)
    return next((PLACES[place] for place in PLACES if place in given), "query")


def places_of(argument: Any) -> set[str]:
    """Return the attributes of the request that an argument may come from."""
    location = argument.location
    return {location} if isinstance(location, str) else set(location)


def parameters(
    arguments: Iterable[Any],
    schema_of: Callable[[Any], dict[str, Any]],
    place_of: Callable[[Any], str] = place_of,
) -> Iterator[dict[str, Any]]:
    """Yield a parameter for each argument of a parser, and one for all that are in a JSON body.

    `schema_of` returns what a type of argument accepts, `place_of` where an argument belongs.
    """
    body: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
    for argument in arguments:
        place, schema = place_of(argument), accepted(argument, schema_of)
        # The token stands for what is wrong with a value.
        text = re.sub(r"[\s:]*{error_msg}", "", str(argument.help or ""))
        described = {"description": text} if text else {}
        if place != "body":
            required = bool(argument.required)
            yield {"name": argument.name, "in": place, "required": required} | described | schema
            continue
        schema.pop("collectionFormat", None)
        body["properties"][argument.name] = schema | described
        if argument.required:
            body["required"].append(argument.name)
    if body["properties"]:
        required = bool(body["required"])
        yield {"name": "payload", "in": "body", "required": required, "schema": body}


def accepted(argument: Any, schema_of: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Return the schema of what an argument accepts."""
    # A model as a type is a dictionary, and so no key of another.
    known = next((schema for kind, schema in TYPES.items() if kind is argument.type), None)
    schema = {**(known or schema_of(argument.type))}
    if argument.choices:
        schema["enum"] = plain(list(argument.choices))
    if argument.action in {"append", "split"}:
        repeated = "multi" if argument.action == "append" else "csv"
        schema = {"type": "array", "items": schema, "collectionFormat": repeated}
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


def parameter(given: Mapping[str, Any], modern: Modern) -> dict[str, Any]:
    """Return a parameter, or a header of a response, in OpenAPI 3.1."""
    schema = {key: value for key, value in given.items() if key not in MEMBERS}
    new = {key: given[key] for key in ("name", "in", "required", "description") if given.get(key)}
    if new.get("in") == "path":
        new["required"] = True
    spread = schema.pop("collectionFormat", None)
    new["schema"] = modern(given.get("schema") or schema)
    if new["schema"].get("type") == "array" and new.get("in") == "query":
        # Swagger 2.0 joins by commas unless it says otherwise.
        new |= {"style": "form", "explode": SPREAD.get(spread, False)}
    return new


def inputs(
    given: Sequence[Mapping[str, Any]], modern: Modern, consumed: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the parameters and the body of an operation, as its members in OpenAPI 3.1.

    `consumed` lists the media types of a form; by default, those that can carry its fields.
    """
    body = [each for each in given if each["in"] in {"body", "formData"}]
    others = [parameter(each, modern) for each in given if each not in body]
    said = {"requestBody": _body(body, modern, consumed)} if body else {}
    return {"parameters": others, **said}


def _body(
    given: Sequence[Mapping[str, Any]], modern: Modern, consumed: Iterable[str]
) -> dict[str, Any]:
    whole = next((each for each in given if each["in"] == "body"), None)
    if whole:
        content = {"application/json": {"schema": modern(whole["schema"])}}
        described = {"description": whole["description"]} if whole.get("description") else {}
        return {"required": bool(whole.get("required")), "content": content} | described
    fields = {each["name"]: parameter(each, modern) for each in given}
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    for name, field in fields.items():
        described = {"description": field["description"]} if "description" in field else {}
        schema["properties"][name] = field["schema"] | described
    required = [name for name, field in fields.items() if field.get("required")]
    if required:
        schema["required"] = required
    files = any("file" in (each.get("type"), each.get("items", {}).get("type")) for each in given)
    kinds = consumed or (FORMS[1:] if files else FORMS)
    return {"required": bool(required), "content": {kind: {"schema": schema} for kind in kinds}}
