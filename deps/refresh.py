"""Resolve every dependency once and write the pins and ranges of the template from that.

`deps/*.in` are the source. `python deps/refresh.py` resolves them with uv into `deps/lock.txt` and
`deps/kit.txt`; from the lock alone (`--offline`) it writes the requirements files of the template,
each package under the condition of the options that need it, and the ranges in its pyproject.toml.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path

DEPS = Path(__file__).resolve().parent
KIT = DEPS.parent
TEMPLATE = KIT / "{{cookiecutter.project_slug}}"
LOCK = DEPS / "lock.txt"

PROMPTS: dict[str, list[str]] = {
    prompt: choices
    for prompt, choices in json.loads((KIT / "cookiecutter.json").read_text("utf-8")).items()
    if isinstance(choices, list) and not prompt.startswith("_")
}


def condition(choice: str) -> str:
    """Return the template's condition for `choice`, or the fact that several prompts share."""
    offering = [prompt for prompt, choices in PROMPTS.items() if choice in choices]
    if len(offering) > 1:
        return f"cookiecutter.__{choice}"
    return f"cookiecutter.{offering[0]} == '{choice}'"


# Each source file and the condition under which a project needs it; "base" is for all of them,
# the others are named after a choice.
RUNTIME = {"base": ""} | {
    choice: condition(choice)
    for choice in chain.from_iterable(PROMPTS.values())
    if (DEPS / f"{choice}.in").exists()
}
DEV = {"dev": ""}

PRODUCTION_HEAD = [
    "# The exact packages this project was tested with; the ranges are in pyproject.toml."
]
DEVELOPMENT_HEAD = ["# Packages that only tests and checks need.", "-r requirements.txt"]


@dataclass
class Package:
    """A locked package: its requirement lines with hashes, and who asks for it."""

    lines: list[str] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    parents: set[str] = field(default_factory=set)


def compile_pins(target: Path, *arguments: str) -> None:
    """Resolve `arguments` with uv for every platform and Python from 3.11 on, into `target`."""
    # pip before 23.3 refuses a pin without the extra that another pin asks for: coverage[toml].
    subprocess.run(
        [
            *("uv", "pip", "compile", "--quiet", "--upgrade", "--universal", "--generate-hashes"),
            *("--python-version", "3.11", "--no-strip-extras"),
            *("--no-header", "--no-emit-index-url"),
            *("--annotation-style", "line", "--output-file", str(target.relative_to(KIT))),
            *arguments,
        ],
        cwd=KIT,
        check=True,
    )


def read_lock(text: str) -> dict[str, Package]:
    """Return the packages of a lock file by name, in its order."""
    packages: dict[str, Package] = {}
    package = Package()
    for line in text.splitlines():
        if name := re.match(r"([a-z0-9][a-z0-9._-]*)(\[[a-z0-9._,-]+\])?==", line):
            package = packages.setdefault(name.group(1), Package())
        if via := re.match(r"\s+# via (.+)", line):
            for asker in via.group(1).split(", "):
                source = re.fullmatch(r"-r deps/(.+)\.in", asker)
                if source:
                    package.sources.add(source.group(1))
                else:
                    package.parents.add(asker)
        else:
            package.lines.append(line)
    return packages


def reach(packages: dict[str, Package], source: str) -> set[str]:
    """Return the names that `source` needs, directly or through others."""
    found = {name for name, package in packages.items() if source in package.sources}
    while more := {n for n, p in packages.items() if p.parents & found} - found:
        found |= more
    return found


def conditions(packages: dict[str, Package], sources: dict[str, str]) -> dict[str, str | None]:
    """Map each package to the condition under which `sources` need it; None: they never do."""
    reached = {source: reach(packages, source) for source in sources}
    result: dict[str, str | None] = {}
    for name in packages:
        needed = [source for source in sources if name in reached[source]]
        # Packages that every choice of a prompt needs are needed by every project.
        everywhere = any(set(choices) <= set(needed) for choices in PROMPTS.values())
        if everywhere or any(not sources[source] for source in needed):
            result[name] = ""
        else:
            result[name] = " or ".join(sources[source] for source in needed) or None
    return result


def blocks(parts: Iterable[tuple[str, Iterable[str]]]) -> Iterator[str]:
    """Yield the lines of `parts`: first those without a condition, then one `if` tag for each."""
    for condition, group in groupby(sorted(parts, key=itemgetter(0)), key=itemgetter(0)):
        lines = chain.from_iterable(part for _, part in group)
        if condition:
            yield from (f"{{% if {condition} %}}", *lines, "{% endif %}")
        else:
            yield from lines


def requirements(packages: dict[str, Package]) -> dict[str, str]:
    """Return the two requirements files of the template by name."""
    runtime = conditions(packages, RUNTIME)
    dev = conditions(packages, DEV)
    production: list[tuple[str, list[str]]] = []
    development: list[tuple[str, list[str]]] = []
    for name, package in packages.items():
        in_production, in_development = runtime[name], dev[name]
        if in_production is not None:
            production.append((in_production, package.lines))
        if in_development is None or in_production == "":
            continue
        if in_production is None:
            development.append((in_development, package.lines))
        else:
            only = f"not ({in_production})"
            both = f"({in_development}) and {only}" if in_development else only
            development.append((both, package.lines))
    return {
        "requirements.txt": "\n".join([*PRODUCTION_HEAD, *blocks(production), ""]),
        "requirements-dev.txt": "\n".join([*DEVELOPMENT_HEAD, *blocks(development), ""]),
    }


def ranges(source: str) -> list[str]:
    """Return the requirement lines of `deps/SOURCE.in`."""
    lines = (DEPS / f"{source}.in").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def array(key: str, sources: dict[str, str]) -> str:
    """Return the TOML array `key` of the ranges of `sources`, each under its condition."""
    parts = ((when, [f'    "{line}",' for line in ranges(name)]) for name, when in sources.items())
    return "\n".join([f"{key} = [", *blocks(parts), "]"])


def with_ranges(pyproject: str) -> str:
    """Return the template's pyproject.toml with the ranges of `deps/*.in`."""
    for key, sources in (("dependencies", RUNTIME), ("dev", DEV)):
        found = re.search(rf"^{key} = \[\n.*?^\]", pyproject, flags=re.MULTILINE | re.DOTALL)
        if found is None:
            raise SystemExit(f"pyproject.toml of the template has no array {key!r}")
        pyproject = pyproject[: found.start()] + array(key, sources) + pyproject[found.end() :]
    return pyproject


def generated() -> dict[Path, str]:
    """Return each file of the template that follows from the lock and the ranges."""
    files = {
        TEMPLATE / name: text
        for name, text in requirements(read_lock(LOCK.read_text(encoding="utf-8"))).items()
    }
    pyproject = TEMPLATE / "pyproject.toml"
    files[pyproject] = with_ranges(pyproject.read_text(encoding="utf-8"))
    return files


def main() -> None:
    """Resolve, unless told to stay offline, and write the files of the template."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offline", action="store_true", help="use deps/lock.txt as it is")
    if not parser.parse_args().offline:
        compile_pins(LOCK, *(f"deps/{source}.in" for source in {**RUNTIME, **DEV}))
        compile_pins(DEPS / "kit.txt", "deps/kit.in", "--constraints", "deps/lock.txt")
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8", newline="\n")
        print(path.relative_to(KIT))


if __name__ == "__main__":
    main()
