"""Lists at size: what a deep page costs, which indexes answer it, and walks among writers."""

from __future__ import annotations

import re
import secrets
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from statistics import median
from threading import Event
from typing import Any

import pytest
import requests
from matrix.combinations import Combination
from matrix.services import Servers

from live.api import Api, served

AT_MOST = 1.2
ROUNDS = 101  # of requests, for one figure
WRITERS = 3

# The first user, who logs in, has 15 in 100 posts, evenly among the others. Five of seven posts are
# published. Four have the same time, and a tenth of all was changed at the same moment.
FILL = """
import json, sys
from sqlalchemy import text
from app import db
from wsgi import app

rows = json.load(sys.stdin)
PART = 10_000
DIGIT = "(SELECT 0 AS digit" + "".join(f" UNION ALL SELECT {n}" for n in range(1, 10)) + ")"
# Ten thousand numbers that no generator of one database alone has to make.
NUMBERS = f'''(
    SELECT %d + a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit AS seq
    FROM {DIGIT} AS a CROSS JOIN {DIGIT} AS b CROSS JOIN {DIGIT} AS c CROSS JOIN {DIGIT} AS d
) AS numbers'''
TIMES = {
    "postgresql": "timestamptz '2026-01-01 00:00Z' + (%s) * interval '1 second'",
    "mysql": "timestamp '2026-01-01 00:00:00' + interval (%s) second",
}
with app.app_context():
    time = TIMES[db.engine.name]
    start = time % "0"
    users = f'''
        INSERT INTO users (username, username_key, email, email_key, password_hash, is_active,
                           created_at, updated_at, version)
        SELECT concat('user', seq), concat('user', seq), concat('user', seq, '@example.com'),
               concat('user', seq, '@example.com'), 'none', true, {start}, {start}, 1
        FROM {NUMBERS % 1} WHERE seq < 1000'''
    db.session.execute(text(users))
    # In parts, as the application waits for no statement longer than 30 seconds.
    for part in range(1, rows, PART):
        posts = f'''
        INSERT INTO posts (user_id, title, content, published, created_at, updated_at, version)
        SELECT ids.id, concat('Title ', (seq - seq % 20) * 1009 % 1000003), repeat('text ', 20),
               seq % 7 < 5, {time % "seq - seq % 4"}, {time % "seq % 10"}, 1
        FROM {NUMBERS % part}
        JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM users) AS ids
        ON place = CASE WHEN seq % 20 < 3 THEN 0 ELSE seq % 999 + 1 END
        ORDER BY seq'''
        db.session.execute(text(posts))
    db.session.commit()
    for table in ("users", "posts"):
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            analyze = "ANALYZE" if db.engine.name == "postgresql" else "ANALYZE TABLE"
            connection.execute(text(f"{analyze} {table}"))
print("null")
"""

# Cursors of the application's own making, a number of rows deep in the order.
CURSORS = """
import json, sys
from sqlalchemy import select, true
from app import db
from app.api.pages import Cursor, write_cursor
from app.models.post import Post
from wsgi import app

depth, lists = json.load(sys.stdin)
cursors = []
with app.app_context():
    for user, sort in lists:
        parts = sort.split(",")
        if "id" not in {part.lstrip("-") for part in parts}:
            parts.append("-id" if parts[-1].startswith("-") else "id")
        columns = [getattr(Post, part.lstrip("-")) for part in parts]
        clauses = [c.desc() if part.startswith("-") else c for c, part in zip(columns, parts)]
        rows = select(*columns).where(Post.published == true()).order_by(*clauses)
        if user:
            rows = rows.where(Post.user_id == user)
        place = db.session.execute(rows.offset(depth).limit(1)).one()
        # A cursor is good for its address alone.
        with app.test_request_context(f"/api/v1/users/{user}/posts" if user else "/api/v1/posts"):
            ways = [Cursor(",".join(parts), way, list(place)) for way in (False, True)]
            cursors.append([write_cursor(cursor) for cursor in ways])
print(json.dumps(cursors))
"""

# The database's plan of each query of posts that a request leads to, each value with its name:
# MySQL has columns between those of MariaDB, and in newer versions a tree, unless it is asked.
PLANS = """
import json, sys
from sqlalchemy import event
from app import db
from wsgi import app

plans = []
with app.app_context():
    seen = []
    explain = "EXPLAIN FORMAT=TRADITIONAL"
    if db.engine.name == "postgresql" or db.engine.dialect.is_mariadb:
        explain = "EXPLAIN"

    @event.listens_for(db.engine, "before_cursor_execute")
    def listen(connection, cursor, statement, parameters, *rest):
        if "FROM posts" in statement and not statement.startswith("EXPLAIN"):
            seen.append((statement, parameters))

    for address in json.load(sys.stdin):
        seen.clear()
        plans.append([])
        assert app.test_client().get(address).status_code == 200
        with db.engine.connect() as connection:
            for statement, parameters in list(seen):
                rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).mappings()
                told = (" ".join(f"{name}={row[name]}" for name in row) for row in rows)
                plans[-1].append("\\n".join(told))
print(json.dumps(plans))
"""

COLUMNS = ("created_at", "updated_at")
SINGLE = [f"{way}{column}" for column in COLUMNS for way in ("", "-")]
SEVERAL = ["-created_at,updated_at", "-created_at,-updated_at", "created_at,updated_at,id"]


@dataclass
class Filled:
    """A served project with posts, those of its first user, and how deep a deep page is."""

    api: Api
    token: str
    user: int
    depth: int

    def path(self, user: int | None) -> str:
        """The path of everybody's list of posts, or of one user's."""
        return f"/users/{user}/posts" if user else "/posts"

    def pages(self, lists: list[tuple[int | None, str]]) -> dict[str, tuple[str, str, str]]:
        """By list: the first page, the one that far down, and the one back from there."""
        found = {}
        cursors = self.api.python(CURSORS, [self.depth, lists])
        for (user, sort), ways in zip(lists, cursors, strict=True):
            first = f"{self.api.base}{self.path(user)}?sort={sort}"
            down, back = (f"{first}&cursor={cursor}" for cursor in ways)
            found[f"{self.path(user)} {sort}"] = (first, down, back)
        return found

    def every_list(self, sorts: list[str]) -> list[tuple[int | None, str]]:
        """Each order of everybody's posts and of the first user's."""
        return [(user, sort) for user in (None, self.user) for sort in sorts]


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def filled(
    request: pytest.FixtureRequest,
    servers: Servers,
    long: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Filled]:
    combination = Combination.of(database=request.param)
    folder = tmp_path_factory.mktemp(request.param)
    # Without the response cache, so that every request is answered by the database.
    with served(combination, servers, folder, CACHE_TYPE="NullCache") as api:
        token = api.admin()
        user: int = api.call("GET", "/users/me", token).json()["id"]
        api.python(FILL, 1_000_000 if long else 20_000)
        yield Filled(api, token, user, 100_000 if long else 1_000)


def milliseconds(session: requests.Session, address: str) -> float:
    """How long the answer to a request took."""
    start = time.perf_counter()
    response = session.get(address, timeout=30)
    taken = time.perf_counter() - start
    assert response.status_code == 200, response.text
    assert len(response.json()) == 20
    return taken * 1000


@pytest.mark.long
def test_deep_page_costs_what_the_first_costs(
    filled: Filled, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = []
    for name, pages in filled.pages(filled.every_list(SINGLE + SEVERAL)).items():
        with requests.Session() as session:
            # In turns, so that other load on the machine affects all of them alike.
            rounds = [[milliseconds(session, page) for page in pages] for _ in range(ROUNDS)]
        first, down, back = (median(times) for times in zip(*rounds, strict=True))
        database = filled.api.combination["database"]
        with capsys.disabled():
            print(f"\n{database} {name}: {first:.1f} ms, {down:.1f} deep, {back:.1f} back", end="")
        if max(down, back) > AT_MOST * first:
            slow.append(f"{name}: {first:.1f} {down:.1f} {back:.1f}")
    assert not slow


def test_indexes_answer_single_columns_without_sorting(filled: Filled) -> None:
    for name, plans in plans_of(filled, SINGLE):
        assert len(plans) == 1, name
        assert in_order(filled, name, plans[0]), f"{name}:\n{plans[0]}"
        assert not re.search(r"\bSort\b|filesort", plans[0]), f"{name}:\n{plans[0]}"


def test_indexes_leave_little_of_several_columns_to_be_sorted(filled: Filled) -> None:
    for name, plans in plans_of(filled, SEVERAL):
        for plan in plans:
            assert in_order(filled, name, plan), f"{name}:\n{plan}"
            if "filesort" in plan:
                (rows,) = re.findall(r"table=posts .*\brows=(\d+)", plan)
                assert int(rows) < 1000, f"{name}:\n{plan}"
            elif "Sort" in plan:
                assert "Incremental Sort" in plan, f"{name}:\n{plan}"


def plans_of(filled: Filled, sorts: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The plans of the queries of posts, for each page of each list."""
    lists = filled.pages(filled.every_list(sorts))
    asked = [(name, page.removeprefix(filled.api.origin)) for name in lists for page in lists[name]]
    plans: list[list[str]] = filled.api.python(PLANS, [address for _, address in asked])
    for (name, _), found in zip(asked, plans, strict=True):
        assert found
        yield name, found


def in_order(filled: Filled, name: str, plan: str) -> bool:
    """Whether the posts are read in the order of the list's first column, from an index."""
    path, sort = name.split()
    first = sort.split(",")[0].removeprefix("-")
    if filled.api.combination["database"] == "mysql":
        user = "user_id_" if path.startswith("/users/") else ""
        return f"key=ix_posts_{user}published_{first} " in plan
    # One that has the rows of other lists in between may cost the server less than it seems to.
    index = rf"ix_posts_(user_id_)?published_{first}"
    read = re.search(rf"Index Scan (Backward )?using ({index}) on posts", plan)
    return bool(read) and "Seq Scan" not in plan


@contextmanager
def writers(filled: Filled, doomed: deque[int]) -> Iterator[None]:
    """Insert posts and delete the doomed ones, from several threads, until the block is left."""
    enough = Event()

    def write() -> None:
        while not enough.is_set():
            post = {"title": f"Title {secrets.token_hex(6)}", "content": "New.", "published": True}
            filled.api.call("POST", "/posts", filled.token, 201, json=post)
            with suppress(IndexError):
                filled.api.call("DELETE", f"/posts/{doomed.pop()}", filled.token, 204)

    with ThreadPoolExecutor(WRITERS) as threads:
        running = [threads.submit(write) for _ in range(WRITERS)]
        try:
            yield
        finally:
            enough.set()
    for writer in running:
        writer.result()


def walk(session: requests.Session, address: str, origin: str, way: str) -> tuple[list[int], str]:
    """The ids of all pages from an address on, and the address of the last one."""
    seen: list[int] = []
    while True:
        response = session.get(address, timeout=30)
        assert response.status_code == 200, response.text
        page: list[dict[str, Any]] = response.json()
        ids = [post["id"] for post in page]
        seen += ids if way == "next" else reversed(ids)
        if way not in response.links:
            return seen, address
        address = origin + response.links[way]["url"]


@pytest.mark.parametrize("sort", ["-created_at", "-created_at,updated_at"])
def test_walk_among_writers_shows_each_lasting_row_once(filled: Filled, sort: str) -> None:
    origin = filled.api.origin
    start = f"{filled.api.base}{filled.path(filled.user)}?sort={sort}&per_page=100"
    with requests.Session() as session:
        there, _ = walk(session, start, origin, "next")
        # Every third page's worth, so that cursors lose the rows that they were made of.
        doomed = deque(secrets.SystemRandom().sample(there, len(there) // 3))
        lasting = set(there) - set(doomed)
        with writers(filled, doomed):
            down, last = walk(session, start, origin, "next")
            back, _ = walk(session, last, origin, "prev")
        after, _ = walk(session, start, origin, "next")
    assert set(after) - set(there), "nothing was inserted"
    assert set(there) - set(after), "nothing was deleted"
    for seen in (down, back):
        assert len(seen) == len(set(seen))
        assert lasting <= set(seen)
