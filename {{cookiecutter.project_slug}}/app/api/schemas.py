"""Schemas as singletons, and values as JSON."""

import json
from functools import cache
from typing import Any

from marshmallow import Schema, fields

from app.api.fields import Sort


@cache
def schema(cls: type[Schema], *, many: bool = False, partial: bool = False) -> Schema:
    """Return the one instance of a schema; making one costs more than using it."""
    return cls(many=many, partial=partial)


@cache
def envelope_of(cls: type[Schema], envelope: str, *, partial: bool = False) -> Schema:
    """Return the schema of an object whose only member is what another schema reads."""
    member = fields.Nested(cls(partial=partial), required=True)
    return Schema.from_dict({envelope: member}, name=f"{cls.__name__}Envelope")()


class CamelCase(Schema):
    """Base of schemas whose fields clients know in camel case: `created_at` as `createdAt`."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Name a field that has no `data_key` of its own, and the columns to sort by."""
        if field_obj.data_key is None:
            field_obj.data_key = _camel_case(field_name)
        if isinstance(field_obj, Sort):
            field_obj.rename(_camel_case)


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def represent(cls: type[Schema], value: Any, *, many: bool = False) -> str:
    """Return a value as JSON text, its fields in the order of the schema."""
    return json.dumps(schema(cls, many=many).dump(value), separators=(",", ":"))
