{% set port = {'redis': 6379, 'memcached': 11211} %}
"""Limits: who is counted, where, and what clients learn of it."""

{% if cookiecutter.limiter_backend in ('redis', 'memcached') %}
import time
{% endif %}
from collections.abc import Callable
{% if cookiecutter.limiter_backend in ('redis', 'memcached') %}
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier, Event
from typing import Any
{% endif %}

import pytest
from flask import Flask
from werkzeug.test import TestResponse

{% if cookiecutter.limiter_backend in ('redis', 'memcached') %}
from app.extensions import limiter
{% endif %}
from tests.kit.things import another_kit_app
from tests.support.client import Client, bearer, new_client
{% if cookiecutter.limiter_backend in ('redis', 'memcached') %}
from tests.support.relay import Line, line_to
{% endif %}

Limit = Callable[..., None]


@pytest.fixture
def limit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Return a function that sets a limit for one test."""

    def limit(setting: str, text: str, of: Flask = app) -> None:
        monkeypatch.setitem(of.config, f"RATELIMIT_{setting}", text)

    return limit


def statuses(*responses: TestResponse) -> list[int]:
    return [response.status_code for response in responses]


def knock(client: Client) -> TestResponse:
    return client.post("/door", json={"name": "a knock"})


def ring(client: Client, visitor: str) -> TestResponse:
    return client.post("/bell", headers={"X-Visitor": visitor})


def test_default_limit_counts_each_address_of_the_api(client: Client, limit: Limit) -> None:
    limit("DEFAULT", "2 per hour")
    assert statuses(*(client.get("/things") for _ in range(3))) == [200, 200, 429]
    assert client.get("/door").status_code == 204


def test_each_response_tells_what_is_left(client: Client, limit: Limit) -> None:
    limit("DEFAULT", "2 per hour")
    for left in ("1", "0", "0"):
        headers = client.get("/things").headers
        assert headers["X-RateLimit-Limit"] == "2"
        assert headers["X-RateLimit-Remaining"] == left
        assert int(headers["X-RateLimit-Reset"]) > 0


def test_only_429_has_retry_after(client: Client, limit: Limit) -> None:
    limit("DEFAULT", "1 per hour")
    assert "Retry-After" not in client.get("/things").headers
    assert 3500 < int(client.get("/things").headers["Retry-After"]) <= 3600


def test_default_limit_counts_methods_without_a_limit_of_their_own(
    client: Client, limit: Limit
) -> None:
    limit("DEFAULT", "3 per hour")
    assert knock(client).status_code == 204
    responses = [client.get("/door") for _ in range(3)]
    assert statuses(*responses) == [204, 204, 429]
    assert [r.headers["X-RateLimit-Remaining"] for r in responses] == ["1", "0", "0"]


def test_limit_of_a_method_adds_to_the_default_limit(client: Client, limit: Limit) -> None:
    limit("DEFAULT", "2 per hour")
    assert statuses(*(knock(client) for _ in range(3))) == [204, 204, 429]


def test_limit_of_a_method_does_not_count_the_others(client: Client, limit: Limit) -> None:
    limit("REGISTER", "1 per hour")
    assert statuses(knock(client), knock(client)) == [204, 429]
    assert client.get("/door").status_code == 204


def test_every_limit_of_several_holds(client: Client, limit: Limit) -> None:
    limit("REGISTER", "5 per minute;3 per hour")
    responses = [knock(client) for _ in range(4)]
    assert statuses(*responses) == [204, 204, 204, 429]
    assert responses[-1].headers["X-RateLimit-Limit"] == "3"


def test_operations_that_name_the_same_limit_share_one_count(client: Client, limit: Limit) -> None:
    limit("REGISTER", "2 per hour")
    responses = [knock(client), ring(client, "ada"), knock(client), ring(client, "bea")]
    assert statuses(*responses) == [204, 204, 429, 429]


def test_limit_counts_by_each_of_its_keys(app: Flask, limit: Limit) -> None:
    limit("REGISTER", "2 per hour")
    visits = [ring(new_client(app), "cleo") for _ in range(3)]
    assert statuses(*visits) == [204, 204, 429]
    client = new_client(app)
    assert statuses(*(ring(client, name) for name in ("dora", "eve", "fay"))) == [204, 204, 429]
    assert ring(new_client(app), "dora").status_code == 204


@pytest.mark.parametrize("setting", ["DEFAULT", "REGISTER"])
@pytest.mark.parametrize("token", ["", "a.b.c"])
def test_refused_token_counts_too(client: Client, limit: Limit, setting: str, token: str) -> None:
    limit(setting, "2 per hour")
    headers = bearer(token) if token else {}
    visits = [client.delete("/door", headers=headers) for _ in range(3)]
    assert statuses(*visits) == [401, 401, 429]


@pytest.mark.parametrize("body", [b"", b"{", b'{"name": ["name"]}'])
def test_request_with_a_bad_body_counts_too(client: Client, limit: Limit, body: bytes) -> None:
    limit("REGISTER", "2 per hour")
    headers = {"Content-Type": "application/json"}
    visits = [client.post("/door", data=body, headers=headers) for _ in range(3)]
    assert [status in {400, 422} for status in statuses(*visits)] == [True, True, False]
    assert visits[-1].status_code == 429


def test_options_request_is_not_counted(client: Client, limit: Limit) -> None:
    limit("DEFAULT", "1 per hour")
    assert statuses(*(client.options("/door") for _ in range(3))) == [200, 200, 200]
    assert statuses(client.get("/door"), client.get("/door")) == [204, 429]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_operator_endpoints_are_not_limited(client: Client, limit: Limit, path: str) -> None:
    limit("DEFAULT", "1 per hour")
    responses = [client.get(path) for _ in range(3)]
    assert statuses(*responses) == [200, 200, 200]
    assert "X-RateLimit-Limit" not in responses[0].headers


def test_limits_can_be_switched_off(app: Flask, limit: Limit) -> None:
    with another_kit_app(app, RATELIMIT_ENABLED="false") as free:
        for setting in ("DEFAULT", "REGISTER"):
            limit(setting, "1 per hour", free)
        client = new_client(free)
        assert statuses(*(knock(client) for _ in range(2))) == [204, 204]


def forwarded(*addresses: str) -> dict[str, str]:
    return {"X-Forwarded-For": ", ".join(addresses)}


def test_forged_address_does_not_help(client: Client, limit: Limit) -> None:
    limit("DEFAULT", "1 per hour")
    responses = [client.get("/things", headers=forwarded(f"198.51.100.{n}")) for n in (1, 2)]
    assert statuses(*responses) == [200, 429]


def test_address_that_the_proxy_saw_counts(app: Flask, limit: Limit) -> None:
    with another_kit_app(app, TRUSTED_PROXIES="1") as behind_proxy:
        limit("DEFAULT", "1 per hour", behind_proxy)
        client = new_client(behind_proxy)
        visits = [
            forwarded("198.51.100.1"),
            forwarded("198.51.100.2"),
            forwarded("198.51.100.3", "198.51.100.1"),  # the client wrote the first one itself
        ]
        responses = [client.get("/things", headers=headers) for headers in visits]
        assert statuses(*responses) == [200, 200, 429]


@pytest.mark.parametrize("setting", ["DEFAULT", "REGISTER"])
@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("203.0.113.1", "203.0.113.1:40001", "203.0.113.2"),
        ("203.0.113.3:40001", "203.0.113.3:40002", "203.0.113.4:40001"),
        ("203.0.113.5", "::ffff:203.0.113.5", "::ffff:203.0.113.6"),
        ("203.0.113.7", "[::FFFF:203.0.113.7]:443", "198.51.100.7"),
        ("2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1"),
        ("2001:db8:0:3::1", "2001:0DB8:0:3:ffff::2%eth0", "2001:db8:0:4::1"),
        ("[2001:db8:0:5::1]:443", "[2001:db8:0:5::2]", "[2001:db8:0:6::1]:443"),
        ("unknown", "_hidden", "203.0.113.8"),
    ],
)
def test_client_is_its_ipv4_address_or_its_ipv6_network(
    client: Client, limit: Limit, setting: str, address: str, same: str, other: str
) -> None:
    limit(setting, "1 per hour")
    responses = []
    for shown in (address, same, other):
        client.environ_base["REMOTE_ADDR"] = shown
        responses.append(ring(client, f"at-{shown}"))
    assert statuses(*responses) == [204, 429, 204]
{% if cookiecutter.limiter_backend in ('redis', 'memcached') %}


def line_to_store(app: Flask) -> AbstractContextManager[Line]:
    return line_to(app.config["RATELIMIT_STORAGE_URI"], {{ port[cookiecutter.limiter_backend] }})


def test_limits_are_enforced_while_the_store_is_away(app: Flask, limit: Limit) -> None:
    with (
        line_to_store(app) as line,
        another_kit_app(app, RATELIMIT_STORAGE_URI=line.address) as other,
    ):
        limit("DEFAULT", "2 per hour", other)
        limit("REGISTER", "1 per hour", other)
        client = new_client(other)
        assert client.get("/things").headers["X-RateLimit-Remaining"] == "1"
        line.cut()
        responses = [client.get("/things") for _ in range(3)]
        assert statuses(*responses) == [200, 200, 429]
        assert responses[0].headers["X-RateLimit-Remaining"] == "1"
        assert statuses(knock(client), knock(client)) == [204, 429]


@pytest.mark.parametrize("call", ["hit", "get_window_stats"])
def test_requests_that_find_the_store_away_together_are_answered(
    app: Flask, limit: Limit, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    with (
        line_to_store(app) as line,
        another_kit_app(app, RATELIMIT_STORAGE_URI=line.address) as other,
    ):
        limit("DEFAULT", "2 per hour", other)
        all_ask, all_failed = Barrier(4, line.cut, timeout=10), Barrier(4, timeout=10)
        first_is_answered = Event()
        ask_store = getattr(limiter.limiter, call)

        def meet(*args: Any, **kwargs: Any) -> Any:
            all_ask.wait()
            try:
                return ask_store(*args, **kwargs)
            finally:
                if all_failed.wait() > 0:
                    first_is_answered.wait(10)

        def visit(client: Client) -> TestResponse:
            try:
                return client.get("/things")
            finally:
                first_is_answered.set()

        monkeypatch.setattr(limiter.limiter, call, meet)
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(visit, [new_client(other) for _ in range(4)]))
        assert statuses(*answers) == [200] * 4
        client = new_client(other)
        assert statuses(*(client.get("/things") for _ in range(3))) == [200, 200, 429]


def test_store_that_is_back_counts_again(
    app: Flask, limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        line_to_store(app) as line,
        another_kit_app(app, RATELIMIT_STORAGE_URI=line.address) as other,
    ):
        limit("DEFAULT", "3 per hour", other)
        client = new_client(other)
        client.get("/things")
        line.cut()
        assert statuses(client.get("/things"), client.get("/things")) == [200, 200]
        line.mend()
        a_minute_later = time.time() + 60
        monkeypatch.setattr(time, "time", lambda: a_minute_later)
        assert client.get("/things").headers["X-RateLimit-Remaining"] == "1"
{% endif %}
