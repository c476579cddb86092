"""The demo: one command renders, installs, fills and serves the default project."""

from __future__ import annotations

import os
import re
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
from matrix.combinations import KIT
from matrix.services import free_port

# A proxy that is set for other hosts knows nothing of this one.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def demo(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run the demo with its temporary files in `folder`, as if its output went to a file."""
    env = {**os.environ, "TMPDIR": str(folder)}
    env.pop("PYTHONUNBUFFERED", None)
    with subprocess.Popen(
        [sys.executable, str(KIT / "demo.py"), "--port", str(port)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        try:
            yield run
        finally:
            # A test that failed leaves nothing running.
            run.terminate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_serves_its_docs_and_posts_until_it_is_ended(
    number: signal.Signals, tmp_path: Path
) -> None:
    port = free_port()
    with demo(tmp_path, port) as run:
        assert run.stdout is not None
        said = ""
        for line in run.stdout:
            said += line
            if match := re.match(r"The docs page: (\S+)", line):
                break
        else:
            pytest.fail(said)
        assert match.group(1) == f"http://127.0.0.1:{port}/api/v1/docs"
        with direct.open(match.group(1), timeout=10) as docs:
            assert docs.status == 200
        posts = match.group(1).replace("docs", "posts?total=true&per_page=1")
        with direct.open(posts, timeout=10) as listed:
            assert int(listed.headers["X-Total-Count"]) > 1
        run.send_signal(number)
        rest, _ = run.communicate(timeout=30)
    assert run.returncode == 0, rest
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def said_at_once(folder: Path, port: int) -> str:
    """Return what the demo says when it ends at once, with status 1."""
    started = time.monotonic()
    with demo(folder, port) as run:
        said, _ = run.communicate(timeout=10)
    assert run.returncode == 1
    assert time.monotonic() - started < 5
    return said


def test_occupied_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = said_at_once(tmp_path, port)
    assert said == f"demo: port {port} is occupied; try: tox run -e demo -- --port {port + 1}\n"


def test_last_port_that_is_occupied_is_not_followed_by_another(tmp_path: Path) -> None:
    with socket.socket() as taken:
        # Whoever has it already occupies it as well.
        with suppress(OSError):
            taken.bind(("127.0.0.1", 65535))
            taken.listen()
        said = said_at_once(tmp_path, 65535)
    assert said == "demo: port 65535 is occupied; try: tox run -e demo -- --port 65534\n"


@pytest.mark.parametrize("port", [-1, 0, 65536, 99999])
def test_number_that_is_no_port_is_refused_in_one_line(port: int, tmp_path: Path) -> None:
    assert said_at_once(tmp_path, port) == f"demo: {port} is no port; there are 1 to 65535\n"
