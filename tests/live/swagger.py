"""Compare OpenAPI documents: what the library's says, the project's must say at least.

The library's is its Swagger 2.0, converted to OpenAPI 3.0; the project's is OpenAPI 3.1. What the
project's says beyond that is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Part = dict[str, Any]

VERBS = ("get", "head", "post", "put", "patch", "delete", "options")
EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
# What may be shown beside what the library says: null, by a field without a value; an object with
# anything in it, of one that is missing, or of which a mask leaves a part.
BESIDE = ({"type": "null"}, {"type": "object"})


def differences(reference: Part, project: Part) -> list[str]:
    """Return a line for each thing that the library's document says and the project's doesn't."""
    return [*Comparison(reference, project).differences()]


@dataclass
class Comparison:
    """Two documents; each method yields a line for each difference of two parts of them.

    `shown` says that the parts are about responses, `open` has the schemas that are being compared.
    """

    reference: Part
    project: Part
    shown: bool = False
    open: set[str] = field(default_factory=set)

    def differences(self) -> Iterator[str]:
        tags = {tag["name"]: tag for tag in self.project.get("tags", ())}
        for tag in self.reference["tags"]:
            yield from within(f"tag {tag['name']}", missing(tag, tags.get(tag["name"], {})))
        known = schemes(self.project)
        for name, scheme in schemes(self.reference).items():
            if not is_token(scheme):
                yield from within(f"scheme {name}", missing(scheme, known.get(name, {})))
        for path, verb in sorted(operations(self.reference)):
            both = (document["paths"].get(path, {}) for document in (self.reference, self.project))
            yield from within(f"{verb} {path}", self.operation(verb, *both))

    def operation(self, verb: str, their_item: Part, our_item: Part) -> Iterator[str]:
        if verb not in our_item:
            yield "is missing"
            return
        theirs, ours = their_item[verb], our_item[verb]
        extensions = [key for key in theirs if key.startswith("x-")]
        yield from missing(theirs, ours, "operationId", "summary", "deprecated", *extensions)
        # The project's goes on to say who may call it.
        if theirs.get("description", "") not in ours.get("description", ""):
            yield f"description: {theirs['description']!r} is missing"
        tags = ours.get("tags", ())
        yield from (f"tag {tag} is missing" for tag in theirs["tags"] if tag not in tags)
        found = parameters(self.project, our_item, ours)
        for name, parameter in parameters(self.reference, their_item, theirs).items():
            yield from within(name, self.parameter(parameter, found.get(name)))
        if "requestBody" in theirs:
            yield from within("body", self.body(theirs["requestBody"], ours.get("requestBody")))
        shown = Comparison(self.reference, self.project, shown=True)
        for code, response in theirs["responses"].items():
            yield from within(code, shown.response(code, response, ours["responses"].get(code)))
        for requirement in theirs.get("security", self.reference.get("security", ())):
            needed = self.own(requirement).items()
            # The project's own decorators may ask for a token beside it.
            if not any(needed <= each.items() for each in ours.get("security", ())):
                yield f"security: {requirement} is missing"

    def parameter(self, theirs: Part, ours: Part | None) -> Iterator[str]:
        """Compare a parameter, or a header of a response."""
        if ours is None:
            yield "is missing"
            return
        yield from missing(theirs, ours, "required", "description")
        yield from missing(spread(theirs), spread(ours))
        example = {"example": theirs["example"]} if "example" in theirs else {}
        yield from self.schema(theirs["schema"] | example, ours.get("schema", {}))

    def body(self, theirs: Part, ours: Part | None) -> Iterator[str]:
        if ours is None:
            yield "is missing"
            return
        theirs = resolved(self.reference, theirs)
        yield from missing(theirs, ours, "required", "description")
        yield from self.content(theirs["content"], ours.get("content", {}))

    def response(self, code: str, theirs: Part, ours: Part | None) -> Iterator[str]:
        if ours is None:
            yield "is missing"
            return
        theirs, ours = resolved(self.reference, theirs), resolved(self.project, ours)
        yield from missing(theirs, ours, "description")
        for name, header in theirs.get("headers", {}).items():
            found = ours.get("headers", {}).get(name)
            found = found and resolved(self.project, found)
            yield from within(f"header {name}", self.parameter(header, found))
        content = theirs.get("content", {})
        if code[0] not in "23":
            # Refusals are problems, which may look like the model as well.
            models = [media["schema"] for media in content.values()]
            content = {"application/problem+json": {"schema": {"anyOf": models}}} if models else {}
        yield from self.content(content, ours.get("content", {}))

    def content(self, theirs: Part, ours: Part) -> Iterator[str]:
        for kind, media in theirs.items():
            if kind not in ours:
                yield f"{kind} is missing"
            elif "schema" in media:
                yield from within(kind, self.schema(media["schema"], ours[kind].get("schema", {})))

    def own(self, requirement: Part) -> Part:
        """Return a security requirement in the project's words."""
        known = schemes(self.reference)
        return {
            # What nobody defines is a token of the project, too.
            ("bearer" if name not in known or is_token(known[name]) else name): scopes
            for name, scopes in requirement.items()
        }

    def schema(self, theirs: Part, ours: Part) -> Iterator[str]:
        """Compare two schemas, each together with what it refers to and is made of."""
        pair = repr((theirs, ours))
        if pair in self.open:
            # A model may contain itself.
            return
        self.open.add(pair)
        theirs, ours = whole(self.reference, theirs), whole(self.project, ours)
        several = "anyOf" in theirs or "oneOf" in theirs
        for choice in [ours] if several else self.choices(ours):
            for keyword, value in theirs.items():
                yield from self.keyword(keyword, value, choice)
        self.open.remove(pair)

    def keyword(self, keyword: str, value: Any, ours: Part) -> Iterator[str]:
        found = ours.get(keyword)
        match keyword:
            case "type":
                types = [value] if isinstance(value, str) else value
                if found != value and not (self.shown and found == [*types, "null"]):
                    yield f"type: {value!r} is {found!r}"
            case "enum":
                if found != value and not (self.shown and found == [*value, None]):
                    yield f"enum: {value!r} is {found!r}"
            case "required":
                yield from (f".{name} is optional" for name in value if name not in (found or ()))
            case "properties":
                for name, schema in value.items():
                    yield from within(f".{name}", self.property(name, schema, ours))
            case "items" | "additionalProperties" if isinstance(value, dict) and found is not None:
                yield from within("[]", self.schema(value, found))
            case "anyOf" | "oneOf":
                for schema in value:
                    if all([*self.schema(schema, each)] for each in found or ()):
                        yield f"{keyword}: {schema!r} is missing"
            case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
                # JSON Schema has no bounds of dates.
                yield from missing({keyword: value}, {keyword: ours.get(f"x-{keyword}", found)})
            case _:
                yield from missing({keyword: value}, ours)

    def property(self, name: str, theirs: Part, ours: Part) -> Iterator[str]:
        found = ours.get("properties", {}).get(name)
        if found is None and ("*" in name or "?" in name):
            # The library takes a wildcard for the name of a property that has any others.
            about = {key: theirs[key] for key in ("title", "description") if key in theirs}
            theirs = about | theirs["additionalProperties"]
            patterns = ours.get("patternProperties", {})
            fitting = [schema for pattern, schema in patterns.items() if re.search(pattern, name)]
            found = ours.get("additionalProperties") if name == "*" else next(iter(fitting), None)
        if found is None:
            yield "is missing"
        else:
            yield from self.schema(theirs, found)

    def choices(self, schema: Part) -> Iterator[Part]:
        """Yield each schema that a whole one offers; all of them must be what the library says."""
        if "anyOf" not in schema:
            yield schema
            return
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        offered = [each for each in schema["anyOf"] if not (self.shown and is_beside(each))]
        for each in offered or [{}]:
            yield from self.choices(whole(self.project, {"allOf": [each, rest]}))


def within(where: str, lines: Iterable[str]) -> Iterator[str]:
    """Begin each line with where it belongs."""
    return (f"{where} {line}" for line in lines)


def missing(theirs: Part, ours: Part, *keys: str) -> Iterator[str]:
    """Yield a line for each of these keys, or of all, whose value isn't the same in both."""
    for key in keys or theirs:
        if key in theirs and theirs[key] != ours.get(key):
            value = repr(ours[key]) if key in ours else "missing"
            yield f"{key}: {theirs[key]!r} is {value}"


def operations(document: Part) -> set[tuple[str, str]]:
    """Return the paths and verbs of a document's operations."""
    paths = document["paths"].items()
    return {(path, verb) for path, item in paths for verb in VERBS if verb in item}


def schemes(document: Part) -> Part:
    """Return the security schemes of a document."""
    found: Part = document["components"].get("securitySchemes", {})
    return found


def is_token(scheme: Part) -> bool:
    """Tell whether a security scheme is what the project has a scheme of its own for."""
    return scheme.get("name") == "Authorization"


def is_beside(schema: Part) -> bool:
    """Tell whether a schema only stands beside what the library says."""
    return {key: value for key, value in schema.items() if key != "description"} in BESIDE


def resolved(document: Part, part: Part) -> Part:
    """Return what a part refers to, or the part itself."""
    if "$ref" not in part:
        return part
    found = document
    for key in part["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found


def parameters(document: Part, item: Part, operation: Part) -> dict[str, Part]:
    """Return the parameters of an operation by their places and names."""
    both = [*item.get("parameters", ()), *operation.get("parameters", ())]
    found = [resolved(document, each) for each in both]
    return {f"{each['in']} {each['name']}": each for each in found}


def spread(parameter: Part) -> Part:
    """Return how a parameter, or a header of a response, writes a list."""
    plain = parameter.get("in", "header") in {"header", "path"}
    style = parameter.get("style", "simple" if plain else "form")
    return {"style": style, "explode": parameter.get("explode", style == "form")}


def whole(document: Part, schema: Part) -> Part:
    """Return a schema with all that it refers to and is made of, in the words of OpenAPI 3.1."""
    own = {key: value for key, value in to_3_1(schema).items() if key not in {"$ref", "allOf"}}
    parts = [whole(document, each) for each in schema.get("allOf", ())]
    if "$ref" in schema:
        parts.append(whole(document, resolved(document, schema)))
    made: Part = {}
    for part in [*parts, own]:
        for key, value in part.items():
            match key:
                case "properties":
                    made[key] = made.get(key, {}) | value
                case "required":
                    made[key] = [*made.get(key, ()), *value]
                case _:
                    made[key] = value
    return made


def to_3_1(schema: Part) -> Part:
    """Return a schema of OpenAPI 3.0 as one of 3.1."""
    new = {**schema}
    if "example" in new:
        new["examples"] = [new.pop("example")]
    if new.pop("nullable", False):
        new["type"] = [new["type"], "null"] if "type" in new else "null"
    for exclusive, inclusive in EXCLUSIVE.items():
        # It was a flag beside the bound.
        if new.get(exclusive) is True:
            new[exclusive] = new.pop(inclusive, None)
        elif new.get(exclusive) is False:
            del new[exclusive]
    return new
