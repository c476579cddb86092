"""The suite of a rendered project notices what breaks its contract."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from matrix.combinations import SEEDS, Combination
from matrix.environments import environment

# A file of a SQLite project, what is in it, what stands there instead, and the test meant for it.
FAULTS = {
    "dropped route": (
        "app/routes.py",
        '    "/posts/<id:id>": posts.PostItem,\n',
        "",
        "tests/test_posts.py::test_deleted_post_is_gone_and_its_id_is_not_used_again",
    ),
    "leaked draft": (
        "app/policies/post.py",
        "    if viewer is None:\n        return POSTS.where(Post.published == true())\n",
        "    if viewer is None:\n        return POSTS\n",
        "tests/test_posts.py::test_drafts_never_reach_the_cache",
    ),
    "wrong status": (
        "app/resources/posts.py",
        "@returns(PostOut, status=201, location",
        "@returns(PostOut, status=200, location",
        "tests/test_posts.py::test_new_post_is_the_callers[True]",
    ),
    "route without contract": (
        "app/resources/posts.py",
        '        """Show a post."""\n',
        "",
        "tests/test_openapi.py::test_every_operation_has_a_unique_id_and_a_summary",
    ),
    "removed migration column": (
        "migrations/versions/0001_users_posts_sessions.py",
        '        sa.Column("refresh_id", sa.String(32), nullable=False),\n',
        "",
        "tests/test_migrations.py::test_models_and_migrations_agree",
    ),
    "constraint that only the migration has": (
        "app/models/user.py",
        '        CheckConstraint("email_key = lower(email)", "email_key_folded"),\n',
        "",
        "tests/test_migrations.py::test_models_and_migrations_agree",
    ),
}


@pytest.fixture
def project(renders: dict[Combination, Path], tmp_path: Path) -> Path:
    """A render of the default combination that may be spoiled."""
    return Path(shutil.copytree(renders[SEEDS[0]], tmp_path / "project"))


def run(project: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run some tests of the project's suite in its own environment."""
    options = ("-q", "-p", "no:cacheprovider", f"--basetemp={project.parent / 'tmp'}")
    command = [str(environment(project)), "-m", "pytest", *options, *tests]
    return subprocess.run(command, cwd=project, capture_output=True, text=True)


def test_unspoiled_project_passes(project: Path) -> None:
    tests = {test for *_, test in FAULTS.values()}
    done = run(project, *tests)
    assert done.returncode == 0, done.stdout
    assert f"{len(tests)} passed" in done.stdout


@pytest.mark.parametrize(("name", "old", "new", "test"), FAULTS.values(), ids=FAULTS)
def test_fault_is_caught_by_the_test_meant_for_it(
    name: str, old: str, new: str, test: str, project: Path
) -> None:
    file = project / name
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")
    done = run(project, test)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    assert f"FAILED {test}" in done.stdout
