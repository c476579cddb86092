"""Operations in the library's own idiom, as the OpenAPI document has them."""

from collections.abc import Collection
from itertools import chain, count
from typing import Any, TypeAlias

from apispec import APISpec

Operation: TypeAlias = dict[str, Any]

PROBLEM = {"$ref": "#/components/schemas/Problem"}


class Operations:
    """The documented operations of several Apis, and their tags with descriptions."""

    def __init__(self) -> None:
        self.tags: dict[str, str] = {}
        self._operations: dict[tuple[str, str], Operation | None] = {}
        self._ids: set[str] = set()

    def add(self, rule: str, verb: str, operation: Operation | None) -> None:
        """Add an operation, under an id that no other has; None hides it from the document."""
        if operation:
            name, tags = operation["operationId"], operation.get("tags", ())
            name = unused(self._ids, name, *(f"{tag}_{name}" for tag in tags))
            operation["operationId"] = name
            self._ids.add(name)
        self._operations[rule, verb] = operation

    def add_components(self, spec: APISpec) -> None:
        """Add what the operations refer to by name: nothing, unless the library has names."""

    def at(self, rule: str) -> dict[str, Operation | None]:
        """Return the operations at an address by their verbs."""
        return {verb: each for (at, verb), each in self._operations.items() if at == rule}


def unused(used: Collection[str], *choices: str) -> str:
    """Return the first choice that is not used, or else the last one with a number."""
    numbered = (f"{choices[-1]}{number}" for number in count(2))
    return next(each for each in chain(choices, numbered) if each not in used)
