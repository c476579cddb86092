"""Refuse answers that can't become a working project, before a file is written."""

from __future__ import annotations

import json
import keyword
import os
import re
import sys
import unicodedata
from pathlib import Path

# A JSON document never holds three quotes in a row, so that no answer can leave this literal.
ANSWERS: dict[str, str] = json.loads(r"""{{ cookiecutter | jsonify }}""")

LONGEST = {
    "project_name": 60,
    "project_slug": 50,
    "project_description": 200,
    "author_name": 100,
    "author_email": 254,
}
SLUG = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
EMAIL = re.compile(r"[^\s@<>\"\\]+@[^\s@<>\"\\]+")
WINDOWS = {"con", "prn", "aux", "nul"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in range(10)
}
# The package and the tests of every project bear these names: an import would find the wrong one.
TAKEN = {"app", "test", "tests", "wsgi", "migrations"}
BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def unprintable(text: str) -> str:
    """Name the first character that no file format carries safely, or return nothing."""
    for letter in text:
        if (
            unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}
            or unicodedata.bidirectional(letter) in BIDIRECTIONAL
            or letter == "\ufeff"
            or ord(letter) & 0xFFFE == 0xFFFE
            or 0xFDD0 <= ord(letter) <= 0xFDEF
        ):
            return f"U+{ord(letter):04X}"
    return ""


def fault_of_slug(slug: str) -> str:
    """Say why `slug` can't name a folder and a distribution, or return nothing."""
    if not SLUG.fullmatch(slug):
        return "use lower-case letters, digits and single '-' or '_' between them, a letter first"
    module = slug.replace("-", "_")
    if keyword.iskeyword(module):
        return "is a Python keyword"
    if module in sys.stdlib_module_names:
        return "is a module of Python's standard library"
    if module in WINDOWS or module in TAKEN:
        return "is a reserved name"
    return ""


def choices(answers: dict[str, str]) -> dict[str, list[str]]:
    """Return the choices of each prompt, from the template's own cookiecutter.json."""
    # Cookiecutter replays answers unchecked. Cruft checks them, and has no such value.
    if "_repo_dir" not in answers:
        return {}
    # `cookiecutter .` leaves a relative path, and the hook runs in the new project.
    path = Path(os.environ.get("PWD", ""), answers["_repo_dir"], "cookiecutter.json")
    prompts = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    asked = {prompt: value for prompt, value in prompts.items() if not prompt.startswith("_")}
    # Programs that change their folder leave PWD as it was, and another template may be there.
    if not asked.keys() <= answers.keys():
        return {}
    return {prompt: value for prompt, value in asked.items() if isinstance(value, list)}


def is_rendered(answers: dict[str, str]) -> bool:
    """Return whether derived values are rendered; Cookiecutter 1 leaves them as they are."""
    return "cookiecutter." not in answers["__project_slug_guard"]


def faults(answers: dict[str, str]) -> list[str]:
    """Return one line for each answer that is refused."""
    # cookiecutter.json replaces a slug that could leave the output folder; judge what was typed.
    answers = {**answers, "project_slug": answers["__project_slug_typed"]}
    found = []
    for prompt, longest in LONGEST.items():
        value = answers[prompt]
        letter = unprintable(value)
        if len(value) > longest:
            found.append(f"{prompt}: {len(value)} characters are too long, the most is {longest}")
        elif letter:
            found.append(f"{prompt}: {letter} is a line break or a control character")
        elif prompt in ("project_name", "project_slug") and not value.strip():
            found.append(f"{prompt}: must not be empty")
        elif prompt == "project_slug" and fault_of_slug(value):
            found.append(f"{prompt}: {value!a}: {fault_of_slug(value)}")
        elif prompt == "author_email" and value and not EMAIL.fullmatch(value):
            found.append(f"{prompt}: {value!a} is not an e-mail address")
    for prompt, allowed in choices(answers).items():
        if answers[prompt] not in allowed:
            found.append(f"{prompt}: {answers[prompt]!a} is none of {', '.join(allowed)}")
    return found


if __name__ == "__main__":
    if not is_rendered(ANSWERS):
        sys.exit("Not rendered: this template needs Cookiecutter 2.7 or newer, not Cookiecutter 1.")
    refused = faults(ANSWERS)
    if refused:
        sys.exit(f"Not rendered: {'; '.join(refused)}")
