"""A store that hangs or refuses writes: requests go on, fast, limited, and never stale."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from matrix.combinations import Combination
from matrix.services import Servers
from matrix.suites import needed, settings

from live.api import do_without, served
from live.relay import Relay, relay_to

TIME_OUT = 0.5  # of each store
QUICK = 0.1
HANGING_SECONDS = 8
RECOVERY_SECONDS = 15
STORES = {
    "cache_backend": {"redis": "CACHE_REDIS_URL", "memcached": "CACHE_MEMCACHED_SERVERS"},
    "limiter_backend": {"redis": "RATELIMIT_STORAGE_URI", "memcached": "RATELIMIT_STORAGE_URI"},
}


def seconds_of(url: str) -> float:
    """Read an address; return the seconds until the answer, which is a 200."""
    started = time.monotonic()
    response = requests.get(url, timeout=60)
    assert response.status_code == 200, response.text
    return time.monotonic() - started


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; fail if it does not come true in time."""
    give_up = time.monotonic() + RECOVERY_SECONDS
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.1)


@contextmanager
def full(url: str) -> Iterator[None]:
    """Have a Redis refuse to store anything, as one does that evicts nothing and is full."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as line:

        def set_memory(limit: int) -> None:
            line.sendall(f"CONFIG SET maxmemory {limit}\r\n".encode())
            assert line.recv(64) == b"+OK\r\n"

        set_memory(1)
        try:
            yield
        finally:
            set_memory(0)


@pytest.mark.long
@pytest.mark.parametrize(
    ("cache", "limits"),
    [
        ("redis", "redis"),
        ("memcached", "memcached"),
        ("redis", "memory"),
        ("simple", "memcached"),
    ],
)
def test_store_that_hangs_costs_one_time_out(
    cache: str, limits: str, servers: Servers, tmp_path: Path
) -> None:
    combination = Combination.of(cache_backend=cache, limiter_backend=limits)
    for kind in {cache, limits} & {"redis", "memcached"}:
        if kind in servers.missing:
            do_without(servers.missing[kind])
    relays: list[Relay] = []
    environ: dict[str, Any] = {"RATELIMIT_ENABLED": "true", "RATELIMIT_DEFAULT": "10000 per hour"}
    environ |= {"RATELIMIT_REGISTER": "3 per hour", "WEB_CONCURRENCY": "1"}
    with ExitStack() as stack:
        for prompt, variables in STORES.items():
            if variable := variables.get(combination[prompt]):
                address = settings(combination, servers)[variable]
                environ[variable] = stack.enter_context(relay_to(address, relays))
        api = stack.enter_context(served(combination, servers, tmp_path, **environ))
        posts, ready = f"{api.base}/posts", f"{api.origin}/readyz"

        def registering() -> int:
            return requests.post(f"{api.base}/auth/register", json={}, timeout=60).status_code

        def from_the_cache() -> bool:
            return requests.get(posts, timeout=60).headers["X-Cache"] == "HIT"

        wait_until(from_the_cache)
        for relay in relays:
            relay.moving.clear()
        assert seconds_of(posts) < len(relays) * TIME_OUT + QUICK
        stop = time.monotonic() + HANGING_SECONDS
        waited = []
        while time.monotonic() < stop:
            waited.append(seconds_of(posts))
            time.sleep(0.02)
        waited.sort()
        # A busy machine may be late once, but nothing waits for a store.
        assert waited[len(waited) * 98 // 100] < QUICK
        assert waited[-1] < TIME_OUT / 2
        assert [registering() for _ in range(4)] == [400, 400, 400, 429]
        assert requests.get(ready, timeout=60).status_code == 503
        for relay in relays:
            relay.moving.set()
        wait_until(lambda: requests.get(ready, timeout=60).status_code == 200)
        wait_until(from_the_cache)
        if limits != "memory":
            # What the memory counted is forgotten.
            wait_until(lambda: registering() == 400)


@pytest.mark.long
def test_full_store_shows_nothing_stale(tmp_path: Path) -> None:
    combination = Combination.of(
        database="postgresql", cache_backend="redis", limiter_backend="redis"
    )
    environ: dict[str, Any] = {"RATELIMIT_ENABLED": "true", "RATELIMIT_REGISTER": "3 per hour"}
    with (
        Servers(needed(combination)) as servers,
        served(combination, servers, tmp_path, **environ, WEB_CONCURRENCY="2") as api,
    ):
        token = api.admin()
        post = {"title": "Title 0", "content": "A text.", "published": True}
        path = api.call("POST", "/posts", token, 201, json=post).headers["Location"]
        item = f"/posts/{path.rpartition('/')[2]}"
        with full(servers.running["redis"].url):
            for number in range(20):
                title = f"Title {number}"
                api.call("PATCH", item, token, json={"title": title})
                # Each process gets some of these.
                shown = [api.call("GET", item).json()["title"] for _ in range(4)]
                assert shown == [title] * 4
            statuses = [
                requests.post(f"{api.base}/auth/register", json={}, timeout=60).status_code
                for _ in range(8)
            ]
            assert statuses[-1] == 429
        wait_until(lambda: api.call("GET", item).headers["X-Cache"] == "HIT")
