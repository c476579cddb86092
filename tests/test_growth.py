"""A choice or a prompt is added where it is described, and in no other line of the kit's code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from matrix.combinations import KIT, OPTIONS, every_combination

# The files that render projects and check them; nothing else of the kit is copied.
PARTS = (
    *("cookiecutter.json", "deps", "hooks", "tests"),
    *("templates", "{{cookiecutter.project_slug}}"),
)
# Runs in a copy of the kit, on its own harness.
STATIC_CHECKS = """
import json, sys
from pathlib import Path
import checks
from matrix.combinations import covering, every_combination
from matrix.rendering import render

folder = Path(sys.argv[1])
faults = []
for combination in covering(2):
    project = render({**combination.answers, "project_slug": combination.name}, folder)
    for check in checks.RENDER_CHECKS:
        faults += [f"{combination}: {fault}" for fault in check(project, combination)]
faults += checks.style_faults(folder)
print(json.dumps({"combinations": len(every_combination()), "faults": faults}))
"""


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A copy of the kit that may be changed."""
    kit = tmp_path / "kit"
    kit.mkdir()
    for part in PARTS:
        if (KIT / part).is_dir():
            shutil.copytree(KIT / part, kit / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(KIT / part, kit / part)
    return kit


def change_prompts(kit: Path, **changes: Any) -> dict[str, Any]:
    """Change values in cookiecutter.json, and return all of them."""
    path = kit / "cookiecutter.json"
    prompts: dict[str, Any] = {**json.loads(path.read_text("utf-8")), **changes}
    path.write_text(json.dumps(prompts), "utf-8")
    return prompts


def add_rows(kit: Path, rows: str) -> None:
    """Append to the table of choices."""
    with (kit / "tests" / "choices.toml").open("a", encoding="utf-8") as table:
        table.write(f"\n{rows}")


def add_choice(kit: Path, prompt: str, like: str, new: str) -> list[Path]:
    """Add a choice that does what another one does, and return the files copied for it.

    Files of the other choice alone are copied. Where files have a branch for it, or an entry in a
    mapping, the new one is named beside it.
    """

    def name_both(tag: re.Match[str]) -> str:
        text = re.sub(rf"(\.{prompt} in \([^)]*'{like}')", rf"\1, '{new}'", tag[0])
        text = re.sub(rf"(\.{prompt}) == '{like}'", rf"\1 in ('{like}', '{new}')", text)
        return re.sub(rf"'{like}': ('[^']*')", rf"'{like}': \1, '{new}': \1", text)

    def named(text: str) -> str:
        return re.sub(r"\{[%{].*?[%}]\}", name_both, text, flags=re.DOTALL)

    template = kit / PARTS[-1]
    copies = []
    for path in [path for path in template.rglob("*") if path.is_file()]:
        path.write_bytes(named(path.read_text("utf-8")).encode())
        condition = f"{{% if cookiecutter.{prompt} == '{like}' %}}"
        if condition in path.name:
            copy = path.with_name(path.name.replace(f"'{like}'", f"'{new}'"))
            copies.append(Path(shutil.copy(path, copy)))
        else:
            path.rename(path.with_name(named(path.name)))
    for part in [*(kit / "templates").glob(f"*/{prompt}/{like}.*")]:
        shutil.copy(part, part.with_name(new + part.suffix))
    prompts = change_prompts(kit)
    prompts[prompt].append(new)
    prompts["__prompts__"][prompt][new] = new
    private = {name: named(value) for name, value in prompts.items() if isinstance(value, str)}
    change_prompts(kit, **(prompts | private))
    table = (kit / "tests" / "choices.toml").read_text("utf-8")
    (row,) = re.findall(rf"(?m)^\[{prompt}\.{like}\]\n((?:(?!\[).*\n)*)", table)
    add_rows(kit, f"[{prompt}.{new}]\n{row}")
    return copies


def add_licence(kit: Path) -> None:
    """Add a sixth prompt: whether the project has a licence."""
    labels = change_prompts(kit)["__prompts__"]
    labels["licence"] = {"__prompt__": "Licence", "none": "None", "mit": "MIT"}
    change_prompts(kit, licence=["none", "mit"], __prompts__=labels)
    file = "{% if cookiecutter.licence == 'mit' %}LICENCE.md{% endif %}"
    (kit / PARTS[-1] / file).write_text("# The MIT Licence\n", "utf-8")
    mit = '[licence.mit]\nwords = ["MIT Licence"]\nfiles = ["LICENCE.md"]\n'
    add_rows(kit, f"[licence.none]\nwords = []\n\n{mit}")


def static_checks(kit: Path) -> dict[str, Any]:
    """Render a covering subset in the copy, and return what its own checks find."""
    done = subprocess.run(
        [sys.executable, "-c", STATIC_CHECKS, str(kit.parent / "renders")],
        cwd=kit / "tests",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (kit / "tests", kit / "deps")))},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def code_of(kit: Path) -> dict[Path, bytes]:
    """Return every file of the kit but those that describe its prompts, choices and projects."""
    described = {Path("cookiecutter.json"), Path("tests/choices.toml")}
    files = (path.relative_to(kit) for part in PARTS[1:-2] for path in (kit / part).rglob("*"))
    return {
        file: (kit / file).read_bytes()
        for file in files
        if file not in described and "__pycache__" not in file.parts and (kit / file).is_file()
    }


def test_fourth_database_and_sixth_prompt_need_no_change_of_the_code(kit: Path) -> None:
    add_choice(kit, "database", like="sqlite", new="litedb")
    add_licence(kit)
    found = static_checks(kit)
    assert found["faults"] == []
    databases = len(OPTIONS["database"])
    more = len(every_combination()) * (databases + 1) // databases * 2
    assert found["combinations"] == more
    assert code_of(kit) == code_of(KIT)


@pytest.mark.parametrize(("prompt", "like"), [("database", "sqlite"), ("api_flavor", "restx")])
def test_choice_that_lacks_a_file_is_caught(prompt: str, like: str, kit: Path) -> None:
    copies = add_choice(kit, prompt, like, "another")
    assert copies
    for copy in copies:
        copy.unlink()
    faults = static_checks(kit)["faults"]
    for copy in copies:
        file = re.sub(r"\{%.*?%\}", "", copy.relative_to(kit / PARTS[-1]).as_posix())
        missing = [fault for fault in faults if fault.endswith(f" {file} is expected and missing")]
        assert missing
        assert all("another" in fault for fault in missing)


def test_choice_that_lacks_a_row_is_caught(kit: Path) -> None:
    prompts = change_prompts(kit)
    change_prompts(kit, database=[*prompts["database"], "litedb"])
    with pytest.raises(AssertionError, match="litedb"):
        static_checks(kit)
