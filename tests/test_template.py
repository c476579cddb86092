"""Rules for the template's source, before anything is rendered."""

from __future__ import annotations

import fnmatch
import json
import re
from pathlib import PurePosixPath

import checks
from jinja2 import Environment
from matrix.combinations import KIT, every_combination
from matrix.suites import needed


def test_every_branch_names_its_choices() -> None:
    """A choice that is added fails where it lacks a branch, and inherits none."""
    faults = checks.unnamed_choice_faults(checks.TEMPLATE)
    assert not faults, "\n".join(faults)


def test_template_has_few_tags() -> None:
    faults = checks.tag_faults(checks.TEMPLATE)
    assert not faults, "\n".join(faults)


def test_servers_of_a_project_are_those_of_its_choices() -> None:
    prompts = json.loads((KIT / "cookiecutter.json").read_text("utf-8"))
    servers = Environment().from_string(prompts["__servers"])
    for combination in every_combination():
        named = servers.render(cookiecutter=combination.answers).split()
        kinds = {name.removesuffix("-limits") for name in named}
        assert sorted(kinds) == needed(combination), combination


def test_what_needs_no_rendering_is_copied() -> None:
    """A file without a tag is copied, which takes a tenth of the time, and only such a file is.

    Of a folder that is copied, cookiecutter doesn't even render the names.
    """
    tag = re.compile(r"\{\{|\{%|\{#")
    plain = {name for name, text in checks.files_of(checks.TEMPLATE) if not tag.search(name + text)}
    copied = {name for name, _ in checks.files_of(checks.TEMPLATE)} - set(
        checks.rendered_files(checks.TEMPLATE)
    )
    assert plain - copied == set(), "add these to _copy_without_render"
    assert copied - plain == set(), "remove these from _copy_without_render"


def test_every_pattern_of_copied_files_is_used() -> None:
    names = [PurePosixPath(name) for name, _ in checks.files_of(checks.TEMPLATE)]
    paths = {str(path) for name in names for path in (name, *name.parents)}
    for pattern in checks.copied(checks.TEMPLATE):
        assert fnmatch.filter(paths, pattern), pattern


def test_private_values_are_never_asked_for() -> None:
    prompts = json.loads((KIT / "cookiecutter.json").read_text("utf-8"))
    asked = [name for name in prompts if not name.startswith("_")]
    assert set(prompts["__prompts__"]) == set(asked)
    for name in asked:
        if isinstance(prompts[name], list):
            assert set(prompts["__prompts__"][name]) == {"__prompt__", *prompts[name]}


def test_every_private_value_is_used() -> None:
    template = checks.files_of(checks.TEMPLATE)
    texts = [KIT / "cookiecutter.json", *(KIT / "hooks").glob("*.py")]
    said = "".join([*(name + text for name, text in template), *(p.read_text() for p in texts)])
    used = set(re.findall(r"""(?:cookiecutter\.|answers\[")(__\w+)""", said))
    private = {name for name in json.loads(texts[0].read_text("utf-8")) if name.startswith("__")}
    # cookiecutter reads it.
    assert private - used == {"__prompts__"}
