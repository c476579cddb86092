"""Valid bodies of requests, as their schemas describe them."""

from typing import Any

from marshmallow import Schema

from app.api.openapi.components import example
from app.api.schemas import schema


def body_of(cls: type[Schema], **given: Any) -> dict[str, Any]:
    """Return a body with the given values, and with the examples of other required fields."""
    fields = schema(cls).fields.items()
    required = {field.data_key or name for name, field in fields if field.required}
    return {name: value for name, value in example(cls).items() if name in required} | given
