"""The demo: one command renders, installs, fills and serves the default project."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from commands import direct, read_until, running
from matrix.combinations import KIT
from matrix.services import free_port

# Each runs the demo as a child: a plain parent such as tox, or the terminal that it runs in.
LAUNCHERS = {
    "parent": "import subprocess, sys; subprocess.run(sys.argv[1:])",
    "terminal": "import pty, sys; pty.spawn(sys.argv[1:])",
}


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A copy of what the demo needs of the kit, beside an empty folder for temporary files."""
    (tmp_path / "temporary").mkdir()
    without = shutil.ignore_patterns(".git", ".tox", ".venv", "docs", "tests")
    return Path(shutil.copytree(KIT, tmp_path / "kit", ignore=without))


@contextmanager
def demo(kit: Path, port: int, launcher: str = "") -> Iterator[subprocess.Popen[str]]:
    """Run the demo, as a child of `launcher` if one is named."""
    env = {**os.environ, "TMPDIR": str(kit.parent / "temporary")}
    env.pop("PYTHONUNBUFFERED", None)
    parent = [sys.executable, "-c", LAUNCHERS[launcher]] if launcher else []
    command = [*parent, sys.executable, str(kit / "demo.py"), "--port", str(port)]
    with running(command, kit, env) as run:
        yield run


def leftovers(kit: Path, port: int) -> list[str]:
    """Name what is left of a demo: its files, and its server if that still runs."""
    found = [str(path) for folder in (".tox", "../temporary") for path in (kit / folder).glob("*")]
    with socket.socket() as probe:
        serving = probe.connect_ex(("127.0.0.1", port)) == 0
    return [*found, f"a server on port {port}"] if serving else found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_demo_serves_its_docs_and_posts_until_it_is_ended(
    number: signal.Signals, kit: Path
) -> None:
    port = free_port()
    with demo(kit, port) as run:
        address = read_until(run, "The docs page: ").split()[-1]
        assert address == f"http://127.0.0.1:{port}/api/v1/docs"
        with direct.open(address, timeout=10) as docs:
            assert docs.status == 200
        posts = address.replace("docs", "posts?total=true&per_page=1")
        with direct.open(posts, timeout=10) as listed:
            assert int(listed.headers["X-Total-Count"]) > 1
        run.send_signal(number)
        rest, _ = run.communicate(timeout=30)
    assert run.returncode == 0, rest
    assert "Traceback" not in rest
    assert leftovers(kit, port) == []


def test_demo_prints_passwords_of_users_and_of_an_admin(kit: Path) -> None:
    with demo(kit, free_port()) as run:
        said = read_until(run, "The docs page: ")
        login = said.split()[-1].replace("docs", "auth/login")
        passwords = dict(re.findall(r"^(\w+) .*password is (\S+)$", said, flags=re.MULTILINE))
        assert passwords.keys() >= {"alice", "bob", "admin"}
        for name, password in passwords.items():
            body = json.dumps({"username": name, "password": password}).encode()
            request = urllib.request.Request(login, body, {"Content-Type": "application/json"})
            with direct.open(request, timeout=10) as answer:
                assert answer.status == 200


@pytest.mark.parametrize("line", ["Installing", "The docs page: "])
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_demo_leaves_nothing_when_its_parent_is_killed(launcher: str, line: str, kit: Path) -> None:
    port = free_port()
    with demo(kit, port, launcher) as run:
        read_until(run, line)
        assert leftovers(kit, port) != []
        run.kill()
        deadline = time.monotonic() + 10
        while leftovers(kit, port) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert leftovers(kit, port) == []


def said_at_once(kit: Path, port: int) -> str:
    """Return what the demo says when it ends at once, with status 1."""
    started = time.monotonic()
    with demo(kit, port) as run:
        said, _ = run.communicate(timeout=10)
    assert run.returncode == 1
    assert time.monotonic() - started < 5
    return said


@contextmanager
def listening(port: int) -> Iterator[int]:
    """Occupy a port, or leave it to the one that already does; 0 takes any free one."""
    with socket.socket() as taken:
        with suppress(OSError):
            taken.bind(("127.0.0.1", port))
            taken.listen()
        yield port or taken.getsockname()[1]


@pytest.mark.parametrize("port", [0, 65535])
def test_occupied_port_is_said_in_one_line(port: int, kit: Path) -> None:
    with listening(port) as occupied:
        said = said_at_once(kit, occupied)
    # The last port is not followed by another.
    other = 65534 if occupied == 65535 else occupied + 1
    hint = f"append another to the command: -- --port {other}"
    assert said == f"demo: port {occupied} is in use; {hint}\n"


@pytest.mark.parametrize("port", [-1, 0, 65536, 99999])
def test_invalid_port_is_refused_in_one_line(port: int, kit: Path) -> None:
    assert said_at_once(kit, port) == f"demo: {port} is not a port; ports are 1 to 65535\n"
