"""Checks on the files of all combinations."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import checks
import pytest
from matrix.combinations import KIT, SEEDS, Combination, every_combination
from matrix.rendering import render

each_combination = pytest.mark.parametrize("combination", every_combination(), ids=str)


@each_combination
def test_every_file_parses(combination: Combination, renders: dict[Combination, Path]) -> None:
    assert checks.parse_faults(renders[combination]) == []


@each_combination
def test_no_template_text_is_left(
    combination: Combination, renders: dict[Combination, Path]
) -> None:
    assert checks.leftover_faults(renders[combination]) == []


@each_combination
def test_nothing_of_a_choice_not_taken_is_left(
    combination: Combination, renders: dict[Combination, Path]
) -> None:
    assert checks.foreign_faults(renders[combination], combination) == []


@each_combination
def test_files_are_exactly_the_expected_ones(
    combination: Combination, renders: dict[Combination, Path]
) -> None:
    assert checks.file_list_faults(renders[combination], combination) == []


@each_combination
def test_paths_in_documents_exist(
    combination: Combination, renders: dict[Combination, Path]
) -> None:
    assert checks.path_faults(renders[combination]) == []


def test_ruff_finds_nothing_in_any_render(renders: dict[Combination, Path]) -> None:
    assert checks.style_faults(next(iter(renders.values())).parent) == []


def test_all_combinations_are_rendered(renders: dict[Combination, Path]) -> None:
    assert len(renders) == 108
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


def test_rendering_takes_at_most_a_fifth_of_a_second_above_an_empty_template(
    tmp_path: Path,
) -> None:
    empty = tmp_path / "empty"
    (empty / "{{cookiecutter.project_slug}}").mkdir(parents=True)
    shutil.copy(KIT / "cookiecutter.json", empty)

    def seconds(template: Path, number: int) -> float:
        started = time.perf_counter()
        render({}, tmp_path / f"{template.name}-{number}", template)
        return time.perf_counter() - started

    # The least of a few: what other programs take is not the template's.
    fastest_empty, fastest = (
        min(seconds(template, number) for number in range(7)) for template in (empty, KIT)
    )
    assert fastest - fastest_empty <= 0.2


def test_private_values_are_never_asked_for() -> None:
    prompts = json.loads((KIT / "cookiecutter.json").read_text("utf-8"))
    asked = [name for name in prompts if not name.startswith("_")]
    assert set(prompts["__prompts__"]) == set(asked)
    for name in asked:
        if isinstance(prompts[name], list):
            assert set(prompts["__prompts__"][name]) == {"__prompt__", *prompts[name]}
