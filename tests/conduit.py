"""Conduit: how a rendered project becomes it, and how its document differs from the published one.

The page in examples/conduit says both: its recipes are followed, and its table of differences is
compared with what is found.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any

from matrix.combinations import KIT
from recipes import BLOCK, PATH, Recipe, recipes

EXAMPLE = KIT / "examples" / "conduit"
PAGE = EXAMPLE / "README.md"
VERBS = ("get", "post", "put", "patch", "delete")
# What documents say to people, and not to programs.
WORDS = {"description", "example", "examples", "summary", "title"}

# What a document says about each operation.
Facts = dict[str, set[str]]


def grow(project: Path, run: Callable[..., object]) -> None:
    """Make Conduit of a rendered project, whose development database is migrated."""
    recipes(project)["Remove posts"].follow(project, run)
    # The page finds the kit beside the project.
    (project.parent / "flask-api-kit").symlink_to(KIT)
    Recipe(PAGE.read_text("utf-8")).follow(project, run)


def table(heading: str) -> list[list[str]]:
    """Return the rows of the table below a heading of the page."""
    section = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [line.strip("| ").split(" | ") for line in lines[2:]]


def lines_written() -> dict[str, int]:
    """Return how many lines of code each file has, or gets where the page changes it."""
    files = (EXAMPLE / "app").rglob("*.py")
    lines = Counter(
        {file.relative_to(EXAMPLE).as_posix(): len(file.read_text().splitlines()) for file in files}
    )
    text, path, position = PAGE.read_text("utf-8"), "", 0
    for block in BLOCK.finditer(text):
        path = [path, *PATH.findall(text[position : block.start()])][-1]
        position = block.end()
        if block.group(1) == "diff" and path.startswith("app/"):
            lines[path] += sum(line.startswith("+") for line in block.group(2).splitlines())
    return dict(lines)


@dataclass(frozen=True)
class Listed:
    """A row of the page's table: operations and differences, in which `*` stands for any text."""

    operations: list[str]
    facts: list[str]

    def covers(self, operation: str, fact: str) -> bool:
        """Return whether the row is about a difference."""
        named = any(fnmatchcase(operation, pattern) for pattern in self.operations)
        return named and any(fnmatchcase(fact, pattern) for pattern in self.facts)


def listed_differences() -> list[Listed]:
    """Return the differences from the published document that the page gives reasons for."""
    names = re.compile("`([^`]+)`")
    return [
        Listed(names.findall(operations), [f"{sign} {fact}" for fact in names.findall(facts)])
        for operations, sign, facts, _ in table("How the document differs")
    ]


def stale(listed: Listed, found: Facts) -> list[tuple[str, str]]:
    """Return the pairs of an operation and a difference in a row that are not found, or no more."""
    return [
        (operation, fact)
        for operation, fact in product(listed.operations, listed.facts)
        if not any(
            fnmatchcase(name, operation) and any(fnmatchcase(each, fact) for each in facts)
            for name, facts in found.items()
        )
    ]


def differences(ours: Mapping[str, Any], published: Mapping[str, Any]) -> Facts:
    """Return what only our document says about each operation (`+`), or only the other (`-`)."""
    ours_by_name, published_by_name = operations_of(ours), operations_of(published)
    found: Facts = {}
    for name in sorted({*ours_by_name, *published_by_name}):
        here, there = ours_by_name.get(name, set()), published_by_name.get(name, set())
        found[name] = {f"+ {fact}" for fact in outermost(here - there)}
        found[name] |= {f"- {fact}" for fact in outermost(there - here)}
    return found


def outermost(facts: set[str]) -> set[str]:
    """Leave out what is said about a part that is itself among the facts."""
    return {
        fact
        for fact in facts
        if not any(fact.startswith((f"{other} ", f"{other}.")) for other in facts)
    }


def operations_of(document: Mapping[str, Any]) -> Facts:
    """Return what a document says about each of its operations."""
    return {
        f"{verb.upper()} {path}": set(facts_of(item[verb], item.get("parameters", []), document))
        for path, item in document["paths"].items()
        for verb in VERBS
        if verb in item
    }


def facts_of(
    operation: Mapping[str, Any], parameters: list[Any], document: Mapping[str, Any]
) -> Iterator[str]:
    """Yield who may call an operation, what it takes, and what it answers."""

    def resolve(part: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in part:
            return part
        target: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        return resolve(target)

    def described(place: str, given: Mapping[str, Any]) -> Iterator[str]:
        schema = resolve(given)
        yield place
        for keyword, value in schema.items():
            if keyword == "properties":
                for name, inner in value.items():
                    yield from described(f"{place}.{name}", inner)
            elif keyword in {"items", "additionalProperties"} and isinstance(value, dict):
                yield from described(f"{place}.*", value)
            elif keyword == "required":
                yield from (f"{place}.{name} required" for name in value)
            elif keyword in {"type", "format"}:
                yield f"{place} {value}"
            elif keyword not in WORDS:
                yield f"{place} {keyword}"

    def body(place: str, content: Mapping[str, Any]) -> Iterator[str]:
        for kind, media in content.items():
            yield f"{place} {kind}"
            yield from described(f"{place} body", media["schema"])

    for scheme in operation.get("security", []):
        names = (document["components"]["securitySchemes"][name] for name in scheme)
        kinds = [f"{kind['type']} {kind.get('in')} {kind.get('name')}" for kind in names]
        yield f"credentials: {', '.join(kinds) or 'none'}"
    for parameter in map(resolve, [*parameters, *operation.get("parameters", [])]):
        yield from described(f"{parameter['in']} {parameter['name']}", parameter["schema"])
    if "requestBody" in operation:
        yield from body("request", resolve(operation["requestBody"])["content"])
    for status, response in operation["responses"].items():
        answer = resolve(response)
        yield status
        yield from (f"{status} header {name}" for name in answer.get("headers", {}))
        yield from body(status, answer.get("content", {}))
