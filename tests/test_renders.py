"""Checks on the files of all combinations."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import checks
import pytest
from matrix.combinations import KIT, SEEDS, Combination, every_combination
from matrix.rendering import render


def by_fault(
    renders: dict[Combination, Path], check: Callable[[Path, Combination], list[str]]
) -> dict[str, list[str]]:
    """Return each fault that `check` finds, once, with the combinations that have it."""
    found: dict[str, list[str]] = {}
    for combination, project in renders.items():
        for fault in check(project, combination):
            found.setdefault(fault, []).append(combination.name)
    return found


@pytest.mark.parametrize("check", checks.RENDER_CHECKS)
def test_no_render_has_a_fault(
    check: Callable[[Path, Combination], list[str]], renders: dict[Combination, Path]
) -> None:
    faults = by_fault(renders, check)
    said = (f"{fault} ({len(names)}, as {names[0]})" for fault, names in faults.items())
    assert not faults, "\n".join(said)


def test_ruff_finds_nothing_in_any_render(renders: dict[Combination, Path]) -> None:
    assert checks.style_faults(next(iter(renders.values())).parent) == []


def test_all_combinations_are_rendered(renders: dict[Combination, Path]) -> None:
    assert set(renders) == set(every_combination())


@pytest.mark.parametrize("combination", SEEDS, ids=str)
def test_rendering_twice_gives_the_same_bytes(
    combination: Combination, renders: dict[Combination, Path], tmp_path: Path
) -> None:
    again = render({**combination.answers, "project_slug": combination.name}, tmp_path)
    first, second = (
        {name: text for name, text in checks.files_of(project) if name != checks.SECRET}
        for project in (renders[combination], again)
    )
    assert first == second


def small_template(folder: Path, files: int, hooks: Sequence[str]) -> Path:
    """Make a template with the kit's prompts, empty hooks, and files of 20 lines with tags."""
    project = folder / "{{cookiecutter.project_slug}}"
    project.mkdir(parents=True)
    shutil.copy(KIT / "cookiecutter.json", folder)
    line = "{% if cookiecutter.project_name %}{{ cookiecutter.author_name | upper }}{% endif %}\n"
    for number in range(files):
        (project / f"{number}.txt").write_text(line * 20)
    for hook in hooks:
        (folder / "hooks").mkdir(exist_ok=True)
        (folder / "hooks" / f"{hook}.py").write_text("import json\n")
    return folder


def test_rendering_takes_as_long_as_that_of_a_small_template(tmp_path: Path) -> None:
    """About 0.2 seconds on a core of one's own; other programs slow down both templates alike."""
    templates = [
        KIT,
        small_template(tmp_path / "small", 25, ["pre_gen_project", "post_gen_project"]),
        small_template(tmp_path / "empty", 0, []),
    ]

    def processor_time() -> float:
        used = (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN))
        return sum(usage.ru_utime + usage.ru_stime for usage in used)

    def processor_seconds(template: Path, into: Path) -> float:
        started = processor_time()
        render({}, into, template)
        return processor_time() - started

    def is_quick() -> bool:
        kit, small, empty = quickest
        return kit - empty <= 1.3 * (small - empty)

    # Each time is that of the quickest round: noise only adds to it, and more rounds take it away.
    quickest = [float("inf")] * len(templates)
    for number in range(40):
        for index, template in enumerate(templates):
            seconds = processor_seconds(template, tmp_path / f"{number}-{template.name}")
            quickest[index] = min(quickest[index], seconds)
        if number >= 5 and is_quick():
            break
    assert is_quick(), quickest
