"""What comes in and what goes out: validation, representation and documentation in one place."""

import json
from functools import cache
from typing import Any

from marshmallow import Schema


@cache
def schema(cls: type[Schema], *, many: bool = False, partial: bool = False) -> Schema:
    """The one instance of a schema; making one costs more than using it."""
    return cls(many=many, partial=partial)


def represent(cls: type[Schema], value: Any, *, many: bool = False) -> str:
    """A value as JSON text."""
    return to_json(schema(cls, many=many).dump(value))


def to_json(data: Any) -> str:
    """Plain data as JSON text, its fields in the order of the schema."""
    return json.dumps(data, separators=(",", ":"))
