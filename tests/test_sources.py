"""Wrong types and wrongly declared dependencies of a rendered project are caught."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from matrix.combinations import SEEDS, Combination
from matrix.services import Servers
from matrix.suites import Job, Result, check_sources, project_of

COMBINATION = SEEDS[0]


@pytest.fixture
def job(renders: dict[Combination, Path], tmp_path: Path) -> Job:
    """A run that has rendered one combination, whose files may be spoiled."""
    job = Job(Servers([]), tmp_path, frozenset([COMBINATION]), keep=True)
    shutil.copytree(renders[COMBINATION], project_of(COMBINATION, job))
    return job


def checked(job: Job) -> Result:
    """Return what the checks of the sources say."""
    result = Result(COMBINATION, "passed")
    check_sources(result, job)
    return result


@pytest.mark.parametrize(
    ("line", "reason", "said"),
    [
        ("number: int = 'text'\n", "mypy found faults", "Incompatible types in assignment"),
        ("import coverage\n", "deptry found faults", "'coverage' imported but it is a transitive"),
    ],
)
def test_spoiled_module_is_caught(line: str, reason: str, said: str, job: Job) -> None:
    module = project_of(COMBINATION, job) / "app" / "spoiled.py"
    module.write_text(f'"""Planted."""\n\n{line}')
    result = checked(job)
    assert (result.outcome, result.reason) == ("failed", reason)
    assert said in result.output


def test_dependency_that_nothing_uses_is_caught(job: Job) -> None:
    pyproject = project_of(COMBINATION, job) / "pyproject.toml"
    text = pyproject.read_text("utf-8")
    pyproject.write_text(text.replace("dependencies = [\n", 'dependencies = [\n    "pytz",\n', 1))
    result = checked(job)
    assert (result.outcome, result.reason) == ("failed", "deptry found faults")
    assert "'pytz' defined as a dependency but not used" in result.output
