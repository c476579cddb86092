"""Schemas as singletons, and values as JSON."""

import json
from functools import cache
from typing import Any

from marshmallow import Schema, fields


@cache
def schema(cls: type[Schema], *, many: bool = False, partial: bool = False) -> Schema:
    """Return the one instance of a schema; making one costs more than using it."""
    return cls(many=many, partial=partial)


@cache
def in_envelope(cls: type[Schema], envelope: str, *, partial: bool = False) -> Schema:
    """Return the schema of an object whose only member is what another schema reads."""
    member = fields.Nested(cls(partial=partial), required=True)
    return Schema.from_dict({envelope: member}, name=f"{cls.__name__}Envelope")()


def represent(cls: type[Schema], value: Any, *, many: bool = False) -> str:
    """Return a value as JSON text, its fields in the order of the schema."""
    return json.dumps(schema(cls, many=many).dump(value), separators=(",", ":"))
