"""What the library's own decorators say about the operations of an Api."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

SCHEMAS = "#/components/schemas/"


@dataclass
class Description:
    """Operations in OpenAPI 3.1, and what they refer to by name.

    An operation is found by its rule and its verb; None hides it from the document. `label` tells
    names apart that several Apis use.
    """

    label: str = ""
    operations: dict[tuple[str, str], dict[str, Any] | None] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    schemas: dict[str, Any] = field(default_factory=dict)
    security_schemes: dict[str, Any] = field(default_factory=dict)


def references(value: Any) -> Iterator[dict[str, Any]]:
    """Yield each part of a document that refers to a schema by name."""
    if isinstance(value, dict):
        if str(value.get("$ref", "")).startswith(SCHEMAS):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from references(part)
