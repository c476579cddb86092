"""Request parsers of the library, as parameters of Swagger 2.0, from which 3.1 is made."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import FileStorage

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


def parameters(
    arguments: Iterable[Any], schema_of: Callable[[Any], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield a parameter for each argument of a parser, and one for all that are in a JSON body.

    `schema_of` returns what a type of argument accepts.
    """
    body: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
    for argument in arguments:
        place, schema = place_of(argument), accepted(argument, schema_of)
        if place != "body":
            described = {"description": argument.help} if argument.help else {}
            required = bool(argument.required)
            yield {"name": argument.name, "in": place, "required": required} | described | schema
            continue
        if argument.help:
            schema["description"] = argument.help
        schema.pop("collectionFormat", None)
        body["properties"][argument.name] = schema
        if argument.required:
            body["required"].append(argument.name)
    if body["properties"]:
        required = bool(body["required"])
        yield {"name": "payload", "in": "body", "required": required, "schema": body}


def place_of(argument: Any) -> str:
    """Return where a client should put an argument."""
    given = [argument.location] if isinstance(argument.location, str) else argument.location
    return next((PLACES[place] for place in PLACES if place in given), "query")


def accepted(argument: Any, schema_of: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Return the schema of what an argument accepts."""
    # A model as a type is a dictionary, and so no key of another.
    known = next((schema for kind, schema in TYPES.items() if kind is argument.type), None)
    schema = {**(known or schema_of(argument.type))}
    if argument.choices:
        schema["enum"] = list(argument.choices)
    if argument.action in {"append", "split"}:
        repeated = "multi" if argument.action == "append" else "csv"
        schema = {"type": "array", "items": schema, "collectionFormat": repeated}
    # What a function returns is the default of one moment.
    if argument.default is not None and not callable(argument.default):
        schema["default"] = argument.default
    return schema
