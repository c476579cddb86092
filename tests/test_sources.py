"""Wrong types, imports and declared dependencies of a rendered project are caught."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from matrix.combinations import SEEDS, Combination
from matrix.environments import environment
from matrix.services import Servers
from matrix.suites import Job, Result, check_dependencies, check_imports, check_types

COMBINATION = SEEDS[0]


@pytest.fixture
def project(renders: dict[Combination, Path], tmp_path: Path) -> Path:
    """A rendered project whose files may be spoiled."""
    return Path(shutil.copytree(renders[COMBINATION], tmp_path / "project"))


@pytest.fixture
def result() -> Result:
    """A result that is to be failed."""
    return Result(COMBINATION, "passed")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A run without servers."""
    return Job(Servers([]), tmp_path, frozenset(), keep=False)


def test_wrong_type_is_caught(result: Result, project: Path, job: Job, tmp_path: Path) -> None:
    (project / "app" / "spoiled.py").write_text("number: int = 'text'\n")
    check_types(result, project, environment(project), job, tmp_path / "mypy")
    assert (result.outcome, result.reason) == ("failed", "mypy found faults")
    assert "Incompatible types in assignment" in result.output


def test_import_of_a_subject_by_the_machinery_is_caught(
    result: Result, project: Path, job: Job
) -> None:
    python = environment(project)
    check_imports(result, project, python, job)
    assert result.outcome == "passed", result.output
    (project / "app" / "api" / "spoiled.py").write_text("import app.models.user\n")
    check_imports(result, project, python, job)
    assert (result.outcome, result.reason) == ("failed", "import-linter found faults")
    assert "app.api.spoiled -> app.models.user" in result.output


def add_import(project: Path) -> None:
    (project / "app" / "spoiled.py").write_text("import coverage\n")


def add_import_to_tests(project: Path) -> None:
    (project / "tests" / "spoiled.py").write_text("import coverage\n")


def add_import_of_tests(project: Path) -> None:
    (project / "app" / "spoiled.py").write_text("import pytest\n")


def add_dependency(project: Path) -> None:
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text("utf-8")
    pyproject.write_text(text.replace("dependencies = [\n", 'dependencies = [\n    "pytz",\n', 1))


def remove_dependency(project: Path) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(re.sub(r'    "marshmallow.*\n', "", pyproject.read_text("utf-8")))


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (add_import, "'coverage' imported but it is a transitive dependency"),
        (add_import_to_tests, "'coverage' imported but it is a transitive dependency"),
        (add_import_of_tests, "'pytest' imported but declared as a dev dependency"),
        (add_dependency, "'pytz' defined as a dependency but not used"),
        (remove_dependency, "'marshmallow' imported but it is a transitive dependency"),
    ],
)
def test_wrongly_declared_dependency_is_caught(
    plant: Callable[[Path], None], said: str, result: Result, project: Path, job: Job
) -> None:
    plant(project)
    check_dependencies(result, project, environment(project), job)
    assert result.outcome == "failed"
    assert result.reason in ("deptry found faults", "deptry of tests found faults")
    assert said in result.output


def test_unspoiled_project_declares_what_it_uses(result: Result, project: Path, job: Job) -> None:
    check_dependencies(result, project, environment(project), job)
    assert result.outcome == "passed", result.output
