"""A project can follow the kit: cruft sees no difference after creating and updates cleanly."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from matrix.combinations import KIT

IN_THE_KIT = ("cookiecutter.json", "hooks", "templates", "{{cookiecutter.project_slug}}")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment for git and cruft that keeps out of the user's own files."""
    git = {
        f"GIT_{who}_{what}": text
        for who in ("AUTHOR", "COMMITTER")
        for what, text in (("NAME", "kit"), ("EMAIL", "kit@example.org"))
    }
    own = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    return {**os.environ, **git, **own, "GIT_CONFIG_NOSYSTEM": "1"}


def run(folder: Path, env: dict[str, str], *command: str) -> str:
    """Run a command that has to succeed and return what it said."""
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commit(folder: Path, env: dict[str, str]) -> None:
    """Commit everything in `folder`."""
    run(folder, env, "git", "add", "--all")
    run(folder, env, "git", "commit", "--quiet", "--message", "Change")


@pytest.fixture
def kit(tmp_path: Path, env: dict[str, str]) -> Path:
    """A repository with the kit as it is now."""
    kit = tmp_path / "kit"
    kit.mkdir()
    for name in IN_THE_KIT:
        source = KIT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, kit / name)
    run(kit, env, "git", "init", "--quiet")
    commit(kit, env)
    return kit


@pytest.fixture
def project(kit: Path, tmp_path: Path, env: dict[str, str]) -> Path:
    """A repository with a project that cruft made from the kit."""
    words = ("--no-input", "--extra-context", '{"database": "postgresql"}', "--output-dir", ".")
    run(tmp_path, env, "cruft", "create", str(kit), *words)
    project = tmp_path / "flask-api"
    run(project, env, "git", "init", "--quiet")
    commit(project, env)
    return project


def test_new_project_does_not_differ_from_the_kit(project: Path, env: dict[str, str]) -> None:
    assert "diff --git" not in run(project, env, "cruft", "diff", "--exit-code")


def test_update_brings_a_change_and_keeps_the_secrets(
    kit: Path, project: Path, env: dict[str, str]
) -> None:
    secrets = (project / ".env").read_text()
    with (kit / "{{cookiecutter.project_slug}}" / "wsgi.py").open("a") as file:
        file.write("# New in the kit.\n")
    commit(kit, env)
    run(project, env, "cruft", "update", "--skip-apply-ask")
    changed = run(project, env, "git", "status", "--porcelain").split()
    assert changed == ["M", ".cruft.json", "M", "wsgi.py"]
    assert (project / "wsgi.py").read_text().endswith("# New in the kit.\n")
    assert (project / ".env").read_text() == secrets
