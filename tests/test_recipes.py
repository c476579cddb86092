"""The recipes of a project's README work, on every database, and leave nothing else to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from live.api import own_database
from matrix.combinations import OPTIONS, Combination
from matrix.environments import environment
from matrix.services import KINDS, Servers
from matrix.suites import KEPT, needed, settings
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


# What `flask db check`, `flask db downgrade` and `flask db upgrade` do, in one process.
MIGRATIONS = """
from flask_migrate import check, downgrade, upgrade
from app import create_app

with create_app("development").app_context():
    for step in (check, downgrade, upgrade):
        step()
"""


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
    has_server: bool
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
        for command in ("ruff check", "ruff format --check", "lint-imports --no-cache"):
            self.run(*command.split())
        self.run("python", "-c", MIGRATIONS)
        new = {file.name for file in self.folder.glob("tests/test_*.py")} - self.tests
        if new:
            # Loading schemathesis takes longer than these.
            quick = ("pytest", "-q", "-p", "no:schemathesis")
            self.run(*quick, *(f"tests/{name}" for name in sorted(new)))
            self.tests |= new

    def check_all(self) -> None:
        """Check the types, and run the whole suite."""
        self.run("mypy")
        self.run("pytest", "-q", "-p", "no:cacheprovider")


@pytest.fixture(
    params=[
        # Each of them takes as long as the tests of all other files.
        pytest.param(database, marks=pytest.mark.xdist_group(f"recipes on {database}"))
        for database in OPTIONS["database"]
    ]
)
def project(
    request: pytest.FixtureRequest,
    renders: dict[Combination, Path],
    servers: Servers,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Project]:
    """A project on each database, in development, migrated and with demo data."""
    combination = COMBINATIONS[request.param]
    folder = Path(shutil.copytree(renders[combination], tmp_path / combination.name))
    env = {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        **settings(combination, servers),
        "FLASK_CONFIG": "development",
        # What mypy knows of the packages serves the next project with this database.
        "MYPY_CACHE_DIR": str(tmp_path_factory.getbasetemp() / f"mypy-{combination.name}"),
    }
    has_server = bool(needed(combination))
    project = Project(folder, env, environment(folder).parent, has_server)
    with own_database(folder, project.programs, env) as url:
        env["DEV_DATABASE_URL"] = url
        for command in ("db upgrade", "seed-demo"):
            project.run("flask", *command.split())
        yield project


REMOVAL = "Remove posts"


def test_recipes_work_one_after_the_other(project: Project) -> None:
    found = recipes(project.folder)
    assert len(found) == 10
    for heading, recipe in found.items():
        if heading != REMOVAL:
            recipe.follow(project.folder, project.run)
            project.check()
            # Without a server it is quick; the others run it at the end.
            if not project.has_server:
                project.check_all()
    if project.has_server:
        project.check_all()


def test_removing_a_subject_is_deleting_its_files_and_lines(project: Project) -> None:
    recipes(project.folder)[REMOVAL].follow(project.folder, project.run)
    project.check()
    project.check_all()
