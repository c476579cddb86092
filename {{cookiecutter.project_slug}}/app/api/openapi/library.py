"""What the API library's own decorators say about operations, as a part of the document."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import chain, count
from typing import Any

from app.api.framework.description import SCHEMAS, references
from app.api.framework.specification import describe
from app.api.openapi.components import ON_PROBLEM, TOKENS, headers

Operation = dict[str, Any]

BEARER = "bearer"
PROBLEM = {"$ref": f"{SCHEMAS}Problem"}
ANYTHING: dict[str, Any] = {"application/json": {"schema": {}}}


class Library:
    """The descriptions of all operations in the library's idiom, by their rules and verbs.

    `error_type` is the media type of all refusals.
    """

    def __init__(self, apis: Iterable[Any], error_type: str) -> None:
        self.error_type = error_type
        self.operations: dict[tuple[str, str], Operation | None] = {}
        self.tags: dict[str, str] = {}
        self.security_schemes: dict[str, Any] = {}
        self._descriptions = [describe(api) for api in apis]
        for description in self._descriptions:
            self.operations |= description.operations
            self.tags |= description.tags
            for name, scheme in description.security_schemes.items():
                if name not in TOKENS:
                    self.security_schemes[name] = scheme
        used: set[str] = set()
        for operation in self.operations.values():
            if operation and "operationId" in operation:
                name, tags = operation["operationId"], operation.get("tags", ())
                operation["operationId"] = _unused(used, name, *(f"{tag}_{name}" for tag in tags))
                used.add(operation["operationId"])

    def name_schemas(self, taken: Collection[str]) -> dict[str, Any]:
        """Return the schemas that the operations refer to, by names that are not taken."""
        found: dict[str, Any] = {}
        names: list[dict[str, str]] = []
        for description in self._descriptions:
            names.append({})
            label = re.sub(r"\W", "", description.label.title())
            for name, schema in description.schemas.items():
                # Equal schemas of several Apis are one.
                used = {*taken, *(key for key, other in found.items() if other != schema)}
                names[-1][name] = _unused(used, name, f"{label}{name}")
                found[names[-1][name]] = schema
        for description, new in zip(self._descriptions, names, strict=True):
            parts = [*description.operations.values(), *description.schemas.values()]
            for each in references(parts):
                each["$ref"] = SCHEMAS + new[each["$ref"].removeprefix(SCHEMAS)]
        return found

    def describes(self, rule: str) -> bool:
        """Return whether there is anything about an address."""
        return bool(self.said_about(rule))

    def said_about(self, rule: str) -> dict[str, Operation | None]:
        """Return the operations at an address by their verbs; None hides one."""
        return {verb: said for (at, verb), said in self.operations.items() if at == rule}

    def security(self, known: list[Any], said: list[Any] | None) -> list[Any]:
        """Return what an operation needs, by our decorators and by the library's.

        A scheme that isn't defined means our access tokens.
        """
        needed: list[Any] = []
        for requirement in said or ():
            own = {
                name if name in self.security_schemes else BEARER: scopes
                for name, scopes in requirement.items()
            }
            if BEARER in own:
                own[BEARER] = []
            for each in known or [{}]:
                if each | own not in needed:
                    needed.append(each | own)
        return needed or known

    def refusal(self, code: str, said: Operation) -> Operation:
        """Return a refusal, which is a problem, whatever its model."""
        sent = headers(*ON_PROBLEM.get(int(code), ())) if code.isdecimal() else headers()
        models = [content["schema"] for content in said.get("content", {}).values()]
        schema = {"anyOf": [*models[:1], PROBLEM]} if models else PROBLEM
        return {
            **said,
            "headers": {**sent, **said.get("headers", {})},
            "content": {self.error_type: {"schema": schema}},
        }


def complete(known: Operation, said: Operation, library: Library, represented: bool) -> Operation:
    """Return the description of an operation, with what the library says about it.

    `represented` tells whether a schema of ours represents what the operation returns.
    """
    texts = filter(None, (said.get("description"), known["description"]))
    parameters = [each for each in said.get("parameters", ()) if each["in"] != "path"]
    successes = {code for code in known["responses"] if _is_success(code)}
    sent = {name: name for code in successes for name in known["responses"][code]["headers"]}
    answers = {
        code: _success(answer, sent) if _is_success(code) else library.refusal(code, answer)
        for code, answer in said.get("responses", {}).items()
        if not (represented and _is_success(code))
    }
    others = {
        code: answer
        for code, answer in known["responses"].items()
        if code not in successes or not any(map(_is_success, answers))
    }
    return {
        **known,
        **said,
        **({"requestBody": known["requestBody"]} if "requestBody" in known else {}),
        "description": "\n\n".join(texts),
        "parameters": [*known["parameters"], *parameters],
        "security": library.security(known["security"], said.get("security")),
        "responses": dict(sorted((others | answers).items())),
    }


def _success(said: Operation, sent: dict[str, str]) -> Operation:
    """Return an answer with the headers that it has in any case."""
    return {**said, "headers": {**sent, **said.get("headers", {})}}


def _is_success(code: str) -> bool:
    return code[0] in "23"


def _unused(used: Collection[str], *choices: str) -> str:
    """Return the first choice that is not used, or else the last one with a number."""
    numbered = (f"{choices[-1]}{number}" for number in count(2))
    return next(each for each in chain(choices, numbered) if each not in used)
