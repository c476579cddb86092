"""A rendered project, served by gunicorn in production on a database of its own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
import requests
from matrix.combinations import Combination
from matrix.environments import environment
from matrix.rendering import render
from matrix.services import Servers, answers, free_port
from matrix.suites import KEPT, needed, settings

START_SECONDS = 30
PASSWORD = "correct horse battery"

# The project knows how to make a database for itself; it is dropped when standard input ends.
OWN_DATABASE = """
import sys
from tests.support.database import own_database
with own_database() as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@dataclass
class Api:
    """A served project, and how to call it."""

    combination: Combination
    project: Path
    programs: Path
    env: dict[str, str]
    origin: str
    log: Path
    server: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        """The address below which the resources are."""
        return f"{self.origin}/api{'/v1' if self.combination['versioning'] == 'url' else ''}"

    def flask(self, *words: str, typed: str = "") -> str:
        """Run a command of the project with `typed` on standard input, and return its output."""
        done = subprocess.run(
            [str(self.programs / "python"), "-m", "flask", *words],
            cwd=self.project,
            env=self.env,
            input=typed,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def python(self, program: str, given: Any) -> Any:
        """Run a program in the project that reads and writes JSON, and return what it wrote."""
        done = subprocess.run(
            [str(self.programs / "python"), "-c", program],
            cwd=self.project,
            env=self.env,
            input=json.dumps(given),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def call(
        self, method: str, path: str, token: str = "", expect: int = 200, **words: Any
    ) -> requests.Response:
        """Send a request to a path below the base and return the response with that status."""
        headers = {
            **words.pop("headers", {}),
            **({"Authorization": f"Bearer {token}"} if token else {}),
        }
        response = requests.request(method, self.base + path, headers=headers, timeout=30, **words)
        assert response.status_code == expect, response.text
        return response

    def admin(self, username: str = "root") -> str:
        """Make an admin by the command and return the access token of a login."""
        self.flask(
            *("create-admin", "--username", username, "--email", f"{username}@example.com"),
            "--password-stdin",
            typed=f"{PASSWORD}\n",
        )
        return self.log_in(username)

    def log_in(self, username: str) -> str:
        """Return the access token of a new session of a user with the common password."""
        account = {"username": username, "password": PASSWORD}
        token: str = self.call("POST", "/auth/login", json=account).json()["access_token"]
        return token


def do_without(missing: str) -> NoReturn:
    """Skip a test because of what is missing, or fail it where everything is required."""
    if os.environ.get("KIT_REQUIRE_SERVICES"):
        pytest.fail(missing)
    pytest.skip(missing)


@contextmanager
def served(
    combination: Combination,
    servers: Servers,
    folder: Path,
    change: Callable[[Path], None] = lambda project: None,
    way_to: Callable[[str], AbstractContextManager[str]] = nullcontext,
    **environ: str,
) -> Iterator[Api]:
    """Render a combination below `folder`, migrate its own database, and serve it meanwhile.

    `change` gets the rendered folder before anything of it runs, and `way_to` the address of the
    database, for which it may give another. Rate limits are off, since the callers here are in a
    hurry; `environ` may set anything else.
    """
    for kind in needed(combination):
        if kind in servers.missing:
            do_without(servers.missing[kind])
    project = render({**combination.answers, "project_slug": "project"}, folder)
    change(project)
    programs = environment(project).parent
    env = {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        **settings(combination, servers),
        "FLASK_CONFIG": "production",
        "SECRET_KEY": secrets.token_hex(32),
        "JWT_SECRET_KEY": secrets.token_hex(32),
        "CACHE_DIR": str(folder / "cache"),
        "RATELIMIT_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
        **environ,
    }
    with own_database(project, programs, env) as url, way_to(url) as env["DATABASE_URL"]:
        port = free_port()
        log = folder / "server.log"
        api = Api(combination, project, programs, env, f"http://127.0.0.1:{port}", log)
        api.flask("db", "upgrade")
        command = [str(programs / "gunicorn"), "wsgi:app", "--bind", f"127.0.0.1:{port}"]
        with listening(command, port, log, cwd=project, env=env) as api.server:
            yield api


@contextmanager
def listening(
    command: Sequence[str], port: int, log: Path, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server, from when it accepts connections to the end of the `with` block."""
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **options)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(port):
            assert server.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < deadline, log.read_text("utf-8")
            time.sleep(0.02)
        yield server
    finally:
        server.terminate()
        server.wait()


@contextmanager
def own_database(project: Path, programs: Path, env: dict[str, str]) -> Iterator[str]:
    """Give the address of a new database on the server that the environment names."""
    with subprocess.Popen(
        [str(programs / "python"), "-c", OWN_DATABASE],
        cwd=project,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        url = holder.stdout.readline().strip()
        assert url, "the database could not be made"
        yield url
        # Leaving closes standard input, and waits until the database is gone.
