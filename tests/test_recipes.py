"""The recipes of a project's README work, on every database, and leave nothing else to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from live.api import OWN_DATABASE
from matrix.combinations import OPTIONS, Combination
from matrix.environments import environment
from matrix.services import KINDS, Servers
from matrix.suites import KEPT, settings
from recipes import recipes

# Different in everything but the database, which each of them has.
COMBINATIONS = {
    "sqlite": Combination.of(),
    "postgresql": Combination.of(
        database="postgresql",
        api_flavor="restful",
        cache_backend="redis",
        limiter_backend="redis",
        versioning="header",
    ),
    "mysql": Combination.of(
        database="mysql", cache_backend="memcached", limiter_backend="memcached"
    ),
}


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Every kind of server; a missing one fails what needs it."""
    with Servers(KINDS) as servers:
        yield servers


@dataclass
class Project:
    """A rendered project with a development database that has rows."""

    folder: Path
    env: dict[str, str]
    programs: Path
    tests: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.tests = {file.name for file in self.folder.glob("tests/test_*.py")}

    def run(self, program: str, *words: str) -> str:
        """Run a program of the project's environment or the system; return what it prints."""
        own = self.programs / program
        command = [str(own) if own.exists() else program, *words]
        done = subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{program} {' '.join(words)}\n{said}"
        return said

    def check(self) -> None:
        """Run what is quick of the project's own checks, and the tests that are new."""
        for command in (
            "ruff check",
            "ruff format --check",
            "lint-imports --no-cache",
            "flask db check",
            "flask db downgrade",
            "flask db upgrade",
        ):
            self.run(*command.split())
        new = {file.name for file in self.folder.glob("tests/test_*.py")} - self.tests
        if new:
            self.run("pytest", "-q", *(f"tests/{name}" for name in sorted(new)))
            self.tests |= new

    def check_all(self) -> None:
        """Check the types, and run the whole suite."""
        self.run("mypy")
        self.run("pytest", "-q", "-n", "2", "-p", "no:cacheprovider")


@contextmanager
def own_database(project: Project) -> Iterator[str]:
    """Provide the address of a database of the project's kind that is dropped afterwards."""
    with subprocess.Popen(
        [str(project.programs / "python"), "-c", OWN_DATABASE],
        cwd=project.folder,
        env=project.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        assert holder.stdin
        yield holder.stdout.readline().strip()
        holder.stdin.close()


@pytest.fixture(params=OPTIONS["database"])
def project(
    request: pytest.FixtureRequest,
    renders: dict[Combination, Path],
    servers: Servers,
    tmp_path: Path,
) -> Iterator[Project]:
    """A project on each database, in development, migrated and with demo data."""
    combination = COMBINATIONS[request.param]
    folder = Path(shutil.copytree(renders[combination], tmp_path / combination.name))
    env = {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        **settings(combination, servers),
        "FLASK_CONFIG": "development",
    }
    project = Project(folder, env, environment(folder).parent)
    with own_database(project) as url:
        env["DEV_DATABASE_URL"] = url
        for command in ("db upgrade", "seed-demo"):
            project.run("flask", *command.split())
        yield project


REMOVAL = "Remove posts"


def test_recipes_work_one_after_the_other(project: Project) -> None:
    found = recipes(project.folder)
    assert len(found) == 8
    for heading, recipe in found.items():
        if heading != REMOVAL:
            recipe.follow(project.folder, project.run)
            project.check()
    project.check_all()


def test_removing_a_subject_is_deleting_its_files_and_lines(project: Project) -> None:
    recipes(project.folder)[REMOVAL].follow(project.folder, project.run)
    project.check()
    project.check_all()
