"""A database that is locked, or answers no more: every client gets an answer, and the right one."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest
import requests
from matrix.combinations import OPTIONS, Combination
from matrix.services import Servers

from live.api import Api, served
from live.relay import Relay, relay_to

LONGEST_SECONDS = 10
WRITERS = 6
POST = {"title": "A title", "content": "A text."}

# Locks posts until standard input ends.
LOCK = """
import sys
from sqlalchemy import text
from app import create_app, db
from app.backend.migrations import migrating
with create_app().app_context(), migrating(db.engine) as connection:
    for statement in sys.argv[1:]:
        connection.execute(text(statement))
    print("locked", flush=True)
    sys.stdin.read()
    connection.rollback()
"""
# Migrating locks the whole of SQLite.
LOCKING = {
    "sqlite": [],
    "postgresql": ["LOCK TABLE posts IN ACCESS EXCLUSIVE MODE"],
    "mysql": ["LOCK TABLES posts WRITE"],
}


@contextmanager
def posts_locked(api: Api) -> Iterator[None]:
    """Hold a lock that no reader or writer of posts gets by."""
    with subprocess.Popen(
        [str(api.programs / "python"), "-c", LOCK, *LOCKING[api.combination["database"]]],
        cwd=api.project,
        env=api.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        yield


def timed(method: str, url: str, token: str = "") -> tuple[int, float]:
    """Send a request; return the status and the seconds until the answer."""
    started = time.monotonic()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = POST if method == "POST" else None
    response = requests.request(method, url, json=body, headers=headers, timeout=60)
    return response.status_code, time.monotonic() - started


@pytest.mark.long
@pytest.mark.parametrize("database", OPTIONS["database"])
def test_every_request_is_answered_in_time(database: str, servers: Servers, tmp_path: Path) -> None:
    relays: list[Relay] = []

    def way_to(url: str) -> AbstractContextManager[str]:
        return nullcontext(url) if database == "sqlite" else relay_to(url, relays)

    combination = Combination.of(database=database)
    with served(combination, servers, tmp_path, way_to=way_to) as api:
        token = api.admin()
        posts, health = f"{api.base}/posts", f"{api.origin}/healthz"
        api.call("POST", "/posts", token, 201, json=POST)
        with posts_locked(api), ThreadPoolExecutor(WRITERS) as threads:
            writing = [threads.submit(timed, "POST", posts, token) for _ in range(WRITERS)]
            assert timed("GET", health)[1] < 1
            answers = [each.result() for each in writing]
        assert [status for status, _ in answers] == [503] * WRITERS
        assert max(seconds for _, seconds in answers) < LONGEST_SECONDS
        # What was refused is not stored afterwards.
        drafts = api.call("GET", "/posts?published=false&total=true", token)
        assert drafts.headers["X-Total-Count"] == "1"
        for relay in relays:
            relay.moving.clear()
            for url in (posts, f"{api.origin}/readyz"):
                status, seconds = timed("GET", url)
                assert (status, seconds < LONGEST_SECONDS) == (503, True), (url, seconds)
            assert timed("GET", health)[1] < 1
            relay.moving.set()
            give_up = time.monotonic() + LONGEST_SECONDS
            while timed("GET", posts)[0] != 200:
                assert time.monotonic() < give_up
