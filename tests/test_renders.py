"""Checks on the files of all combinations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import checks
import pytest
from matrix.combinations import SEEDS, Combination, every_combination
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
