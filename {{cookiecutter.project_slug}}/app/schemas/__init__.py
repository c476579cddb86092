"""What comes in and what goes out: validation, representation and documentation in one place."""

from functools import cache
from typing import Any

from flask import current_app
from marshmallow import Schema


@cache
def schema(cls: type[Schema], *, many: bool = False, partial: bool = False) -> Schema:
    """The one instance of a schema; making one costs more than using it."""
    return cls(many=many, partial=partial)


def represent(cls: type[Schema], value: Any, *, many: bool = False) -> str:
    """A value as JSON text."""
    return current_app.json.dumps(schema(cls, many=many).dump(value))
