"""The first minutes: the README's commands on a distribution's Python, and pins for an old pip."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest
from commands import direct, read_until, running
from matrix.combinations import KIT, SEEDS, Combination
from matrix.rendering import render
from matrix.services import free_port


def first_commands(readme: Path) -> list[str]:
    """Return the commands of the README's first screen that need nothing but Python."""
    first_screen, _, _ = readme.read_text("utf-8").partition("\n## ")
    return re.findall(r"^python3 .*", first_screen, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH whose python3 is managed like that of Debian 12 and Ubuntu 24.04 (PEP 668)."""
    prefix = tmp_path_factory.mktemp("system")
    library = Path(sysconfig.get_path("stdlib"))
    copy = prefix / "lib" / library.name
    copy.mkdir(parents=True)
    for entry in library.iterdir():
        (copy / entry.name).symlink_to(entry)
    (copy / "EXTERNALLY-MANAGED").unlink(missing_ok=True)
    (copy / "EXTERNALLY-MANAGED").write_text("[externally-managed]\nError=Use an environment.\n")
    (prefix / "bin").mkdir()
    interpreter = Path(sys.executable).resolve()
    shutil.copy(interpreter, prefix / "bin" / "python3")
    return os.pathsep.join([str(prefix / "bin"), os.defpath])


def environ(path: str, **more: str) -> dict[str, str]:
    """Return the environment of a newcomer's shell: nothing of the tox that runs these tests."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KIT_", "PYTHON", "TOX_", "VIRTUAL_ENV"))
    }
    return {**kept, "PATH": path, **more}


def finish(command: str, folder: Path, env: dict[str, str]) -> str:
    """Run a command that must succeed and return what it prints."""
    with running(command, folder, env) as run:
        said, _ = run.communicate(timeout=600)
    assert run.returncode == 0, said
    return said


def test_commands_of_the_kit_work_on_a_managed_python(path: str, tmp_path: Path) -> None:
    without = shutil.ignore_patterns(".git", ".tox", ".venv")
    kit = Path(shutil.copytree(KIT, tmp_path / "kit", ignore=without))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = environ(path, TMPDIR=str(temporary))
    demo, tests = first_commands(kit / "README.md")

    port = free_port()
    with running(f"{demo} -- --port {port}", kit, env) as run:
        address = read_until(run, "The docs page: ").split()[-1]
        with direct.open(address, timeout=10) as docs:
            assert docs.status == 200
        os.killpg(run.pid, signal.SIGINT)
        rest, _ = run.communicate(timeout=30)
    assert not re.search("(?i)traceback|interrupt|signal", rest), rest
    assert [*temporary.iterdir(), *(kit / ".tox").glob("demo-*")] == []

    # pip from the environment, run by the system's Python: it really refuses.
    (packages,) = (kit / ".venv" / "lib").glob("python*/site-packages")
    refused = subprocess.run(
        ["python3", "-m", "pip", "install", "--dry-run", "tox"],
        env={**env, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
    )
    assert "externally-managed-environment" in refused.stderr

    with running(
        [".venv/bin/tox", "run", "-e", "demo", "--", "--port", str(port)], kit, env
    ) as run:
        read_until(run, "The docs page: ")
        run.kill()
        deadline = time.monotonic() + 10
        while is_served(address) or [*(kit / ".tox").glob("demo-*")]:
            assert time.monotonic() < deadline, "a killed tox left its demo running"
            time.sleep(0.1)
    assert [*temporary.iterdir()] == []

    finish(f"{tests} run -e lint --notest", kit, env)


def is_served(address: str) -> bool:
    """Tell whether a server answers at `address`."""
    try:
        with direct.open(address, timeout=10):
            return True
    except OSError:
        return False


def test_commands_of_a_project_work_on_a_managed_python(path: str, tmp_path: Path) -> None:
    project = render({}, tmp_path)
    env = environ(path)
    serve, tests = first_commands(project / "README.md")
    port = free_port()
    with running(f"{serve} -- --port {port}", project, env) as run:
        read_until(run, f"Running on http://127.0.0.1:{port}")
        assert is_served(f"http://127.0.0.1:{port}/api/v1/docs")
        os.killpg(run.pid, signal.SIGINT)
        run.communicate(timeout=30)
    assert "collected" in finish(f"{tests} run -e py -- --collect-only --no-cov", project, env)


@pytest.mark.parametrize("combination", [SEEDS[0], SEEDS[-1]], ids=str)
def test_render_ends_with_the_commands_of_its_readme(
    combination: Combination, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    project = render(combination.answers, tmp_path)
    said = [line.partition("  #")[0].strip() for line in capfd.readouterr().out.splitlines()]
    readme = (project / "README.md").read_text("utf-8")
    servers = re.findall(r"^docker compose up -d .*", readme, flags=re.MULTILINE)
    assert [line for line in said if line][1:] == [
        f"cd {project.name}",
        *servers,
        *first_commands(project / "README.md"),
    ]


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="pip 23.2.1 came with older Pythons")
def test_pip_of_python_3_11_7_accepts_the_pins(tmp_path: Path) -> None:
    """pip 23.2.1 refuses a pin without the extra that another one asks for."""
    # Together they have every pin.
    projects = [
        render(
            {"api_flavor": "restx", "database": "postgresql", "cache_backend": "redis"},
            tmp_path / "1",
        ),
        render(
            {"api_flavor": "restful", "database": "mysql", "cache_backend": "memcached"},
            tmp_path / "2",
        ),
    ]
    python = tmp_path / "environment" / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    for command in (
        [*uv, "venv", "--quiet", "--python", sys.executable, str(python.parent.parent)],
        [*uv, "pip", "install", "--quiet", "--python", str(python), "pip==23.2.1"],
        [
            *(str(python), "-m", "pip", "install", "--quiet", "--dry-run", "--require-hashes"),
            *(f"--requirement={project / 'requirements-dev.txt'}" for project in projects),
        ],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_render_costs_little_more_than_that_of_an_empty_template(tmp_path: Path) -> None:
    """0.2 seconds more, where the empty one takes 0.29; busy and slow machines stretch both.

    The empty one has hooks as well, which do nothing: how long Python takes to start is up to the
    machine.
    """
    empty = tmp_path / "empty"
    (empty / "{{cookiecutter.project_slug}}").mkdir(parents=True)
    shutil.copy(KIT / "cookiecutter.json", empty)
    for hook in (KIT / "hooks").glob("*.py"):
        (empty / "hooks").mkdir(exist_ok=True)
        (empty / "hooks" / hook.name).touch()
    config = tmp_path / "config.json"
    config.write_text(f'{{"replay_dir": "{tmp_path}/replay"}}')

    def processor_seconds(template: Path, output: Path) -> float:
        before = getrusage(RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "cookiecutter", str(template), "--no-input"]
        options = ["--config-file", str(config), "--output-dir", str(output)]
        # cookiecutter leaves its copies of the hooks among the temporary files.
        env = {**os.environ, "TMPDIR": str(tmp_path)}
        subprocess.run([*command, *options], stdout=subprocess.DEVNULL, env=env, check=True)
        after = getrusage(RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def is_quick() -> bool:
        return kit_seconds - empty_seconds <= max(0.2, 0.7 * empty_seconds)

    # Noise only adds to a time, so that the quickest of many rounds comes closest.
    kit_seconds = empty_seconds = float("inf")
    for number in range(30):
        kit_seconds = min(kit_seconds, processor_seconds(KIT, tmp_path / f"kit-{number}"))
        empty_seconds = min(empty_seconds, processor_seconds(empty, tmp_path / f"empty-{number}"))
        if number >= 4 and is_quick():
            break
    assert is_quick(), (kit_seconds, empty_seconds)
