"""The recipes of a project's README: how to read them, and how to follow them.

A recipe is a section below "Grow it". A fenced block belongs to the path named last before it: a
`python` block is a new file, a `diff` block changes one, a `sh` block is run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
PATH = re.compile(r"`([\w./-]+\.\w+|\.env\.example)`")


@dataclass
class Recipe:
    """A section of a README."""

    text: str

    def follow(self, project: Path, run: Callable[..., object]) -> None:
        """Write, change and run what the blocks say, in their order."""
        path, position = "", 0
        for block in BLOCK.finditer(self.text):
            named = PATH.findall(self.text[position : block.start()])
            path, position = (named or [path])[-1], block.end()
            kind, content = block.groups()
            if kind == "sh":
                for line in content.splitlines():
                    run(*shlex.split(line))
            elif kind == "diff":
                change(project / path, content)
            else:
                (project / path).write_text(content, "utf-8")


def change(file: Path, diff: str) -> None:
    """Apply lines that begin with a blank, `-` or `+` where those without `+` are in the file."""
    lines = [(line[:1], line[1:]) for line in diff.splitlines()]
    old = "".join(f"{text}\n" for sign, text in lines if sign != "+")
    new = "".join(f"{text}\n" for sign, text in lines if sign != "-")
    text = file.read_text("utf-8")
    assert text.count(old) == 1, f"{file.name} has {text.count(old)} times:\n{old}"
    file.write_text(text.replace(old, new), "utf-8")


def recipes(project: Path) -> dict[str, Recipe]:
    """Return the recipes of a project's README by their headings."""
    readme = (project / "README.md").read_text("utf-8")
    section = re.split(r"(?m)^## ", readme.partition("\n## Grow it\n")[2])[0]
    _, *parts = re.split(r"(?m)^### ", section)
    return {heading: Recipe(text) for heading, _, text in (p.partition("\n") for p in parts)}


def files_made(readme: str) -> set[str]:
    """Return the paths of the files that recipes write, or have a command write."""
    made = {path for path in PATH.findall(readme) if path.startswith("migrations/versions/")}
    position = 0
    for block in BLOCK.finditer(readme):
        named = PATH.findall(readme[position : block.start()])
        position = block.end()
        if block.group(1) == "python":
            made.update(named[-1:])
    return made
