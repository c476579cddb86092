"""Limits: who is counted, where, and what the refused are told."""

{% if cookiecutter.limiter_backend != 'memory' %}
import time
{% endif %}
from collections.abc import Callable
{% if cookiecutter.limiter_backend != 'memory' %}
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any
{% endif %}
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

{% if cookiecutter.limiter_backend != 'memory' %}
from app.extensions import limiter
{% endif %}
from tests.support.apps import other_app
from tests.support.client import Client, new_client
from tests.factories import PASSWORD, make_user
{% if cookiecutter.limiter_backend != 'memory' %}
from tests.support.relay import line_to
{% endif %}

Limit = Callable[..., None]


@pytest.fixture
def limit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Set a limit for one test; nobody has called yet."""

    def limit(setting: str, text: str, of: Flask = app) -> None:
        monkeypatch.setitem(of.config, setting, text)

    return limit


def attempt(client: Client, username: str = "nobody") -> TestResponse:
    return client.log_in(username, "a wrong password")


def statuses(*responses: TestResponse) -> list[int]:
    return [response.status_code for response in responses]


def person(number: int) -> dict[str, str]:
    name = f"person{number}"
    return {"username": name, "email": f"{name}@example.com", "password": PASSWORD}


def test_logins_are_counted_by_address(client: Client, limit: Limit) -> None:
    limit("RATELIMIT_LOGIN", "2 per hour")
    names = ("by-address-1", "by-address-2", "by-address-3")
    assert statuses(*(attempt(client, name) for name in names)) == [401, 401, 429]


def test_logins_are_counted_by_account(app: Flask, limit: Limit) -> None:
    limit("RATELIMIT_LOGIN", "2 per hour")
    names = ("by-account", "By-Account", "BY-ACCOUNT")
    assert statuses(*(attempt(new_client(app), name) for name in names)) == [401, 401, 429]


def test_right_password_does_not_pass_a_limit(app: Flask, limit: Limit) -> None:
    limit("RATELIMIT_LOGIN", "2 per hour")
    user = make_user(app)
    for _ in range(2):
        attempt(new_client(app), user.username)
    assert new_client(app).log_in(user.username, PASSWORD).status_code == 429


def test_other_accounts_and_addresses_go_on(app: Flask, client: Client, limit: Limit) -> None:
    limit("RATELIMIT_LOGIN", "1 per hour")
    user = make_user(app)
    assert statuses(attempt(client, "first"), attempt(client, "second")) == [401, 429]
    assert new_client(app).log_in(user.username, PASSWORD).status_code == 200


def test_every_limit_of_several_holds(client: Client, limit: Limit) -> None:
    limit("RATELIMIT_LOGIN", "5 per minute;3 per hour")
    responses = [attempt(client, f"several-{number}") for number in range(4)]
    assert statuses(*responses) == [401, 401, 401, 429]
    assert responses[-1].headers["X-RateLimit-Limit"] == "3"


def test_both_doors_of_registration_share_one_count(client: Client, limit: Limit) -> None:
    limit("RATELIMIT_REGISTER", "2 per hour")
    doors = ("/auth/register", "/users", "/auth/register", "/users")
    responses = [client.post(door, json=person(n)) for n, door in enumerate(doors)]
    assert statuses(*responses) == [201, 201, 429, 429]


def test_general_limit_counts_each_address_of_the_api(client: Client, limit: Limit) -> None:
    limit("RATELIMIT_DEFAULT", "2 per hour")
    assert statuses(*(client.get("/posts") for _ in range(3))) == [200, 200, 429]
    assert client.get("/users").status_code == 200


def test_account_doors_keep_to_their_own_limit(client: Client, limit: Limit) -> None:
    limit("RATELIMIT_DEFAULT", "1 per hour")
    assert statuses(*(client.post("/users", json=person(n)) for n in range(2))) == [201, 201]
    assert client.get("/users").status_code == 200


def test_each_limited_response_tells_what_is_left(client: Client, limit: Limit) -> None:
    limit("RATELIMIT_DEFAULT", "2 per hour")
    for left in ("1", "0", "0"):
        response = client.get("/posts")
        assert response.headers["X-RateLimit-Limit"] == "2"
        assert response.headers["X-RateLimit-Remaining"] == left
        assert int(response.headers["X-RateLimit-Reset"]) > 0


def test_only_the_refused_are_told_when_to_come_again(client: Client, limit: Limit) -> None:
    limit("RATELIMIT_DEFAULT", "1 per hour")
    assert "Retry-After" not in client.get("/posts").headers
    assert 3500 < int(client.get("/posts").headers["Retry-After"]) <= 3600


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_operators_are_not_limited(client: Client, limit: Limit, path: str) -> None:
    limit("RATELIMIT_DEFAULT", "1 per hour")
    responses = [client.get(path) for _ in range(3)]
    assert statuses(*responses) == [200, 200, 200]
    assert "X-RateLimit-Limit" not in responses[0].headers


def test_limits_can_be_switched_off() -> None:
    with other_app(RATELIMIT_ENABLED="false") as free:
        free.config["RATELIMIT_DEFAULT"] = "1 per hour"
        client = new_client(free)
        assert statuses(*(client.get("/posts") for _ in range(2))) == [200, 200]


def forwarded(*addresses: str) -> dict[str, str]:
    return {"X-Forwarded-For": ", ".join(addresses)}


def test_forged_address_does_not_help(client: Client, limit: Limit) -> None:
    limit("RATELIMIT_DEFAULT", "1 per hour")
    responses = [client.get("/posts", headers=forwarded(f"198.51.100.{n}")) for n in (1, 2)]
    assert statuses(*responses) == [200, 429]


def test_address_that_the_proxy_saw_counts(limit: Limit) -> None:
    with other_app(TRUSTED_PROXIES="1") as behind_proxy:
        limit("RATELIMIT_DEFAULT", "1 per hour", behind_proxy)
        client = new_client(behind_proxy)
        visits = [
            forwarded("198.51.100.1"),
            forwarded("198.51.100.2"),
            forwarded("198.51.100.3", "198.51.100.1"),  # the client wrote the first one itself
        ]
        responses = [client.get("/posts", headers=headers) for headers in visits]
        assert statuses(*responses) == [200, 200, 429]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"username": ["name"]}',
        b'{"username": "\\ud800", "password": ""}',
        b'{"username": "' + b"a" * 1000 + b' \\n"}',
        b" " * (1024 * 1024 + 1),
    ],
    ids=lambda body: str(body)[:30],
)
def test_garbage_counts_like_any_other_attempt(client: Client, limit: Limit, body: bytes) -> None:
{% if cookiecutter.limiter_backend != 'memory' %}
    """A fault in the making of a key would look like a store that is away, and begin anew."""
{% endif %}
    limit("RATELIMIT_LOGIN", "3 per hour")
    headers = {"Content-Type": "application/json"}
    assert attempt(client, uuid4().hex).status_code == 401
    assert client.post("/auth/login", data=body, headers=headers).status_code in {400, 413, 422}
    assert attempt(client, uuid4().hex).status_code == 401
    assert attempt(client, uuid4().hex).status_code == 429


def test_body_that_the_server_cannot_read_counts_too(client: Client, limit: Limit) -> None:
    limit("RATELIMIT_LOGIN", "2 per hour")
    assert statuses(*(client.post_unreadable("/auth/login") for _ in range(3))) == [400, 400, 429]
    assert attempt(client, uuid4().hex).status_code == 429


def test_garbage_of_others_does_not_count(app: Flask, limit: Limit) -> None:
    limit("RATELIMIT_LOGIN", "1 per hour")
    responses = [new_client(app).post("/auth/login", json={"name": "ada"}) for _ in range(2)]
    assert statuses(*responses) == [422, 422]
{% if cookiecutter.limiter_backend != 'memory' %}


def test_limits_are_enforced_while_the_store_is_away(app: Flask, limit: Limit) -> None:
    with (
        line_to(app.config["RATELIMIT_STORAGE_URI"], {{ 6379 if cookiecutter.limiter_backend == 'redis' else 11211 }}) as line,
        other_app(RATELIMIT_STORAGE_URI=line.address) as other,
    ):
        limit("RATELIMIT_DEFAULT", "2 per hour", other)
        client = new_client(other)
        assert client.get("/posts").headers["X-RateLimit-Remaining"] == "1"
        line.cut()
        responses = [client.get("/posts") for _ in range(3)]
        assert statuses(*responses) == [200, 200, 429]
        assert responses[0].headers["X-RateLimit-Remaining"] == "1"


@pytest.mark.parametrize("call", ["hit", "get_window_stats"])
def test_requests_that_find_the_store_away_at_once_are_answered(
    app: Flask, limit: Limit, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    with (
        line_to(app.config["RATELIMIT_STORAGE_URI"], {{ 6379 if cookiecutter.limiter_backend == 'redis' else 11211 }}) as line,
        other_app(RATELIMIT_STORAGE_URI=line.address) as other,
    ):
        limit("RATELIMIT_DEFAULT", "2 per hour", other)
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
                return client.get("/posts")
            finally:
                first_is_answered.set()

        monkeypatch.setattr(limiter.limiter, call, meet)
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(visit, [new_client(other) for _ in range(4)]))
        assert statuses(*answers) == [200] * 4
        client = new_client(other)
        assert statuses(*(client.get("/posts") for _ in range(3))) == [200, 200, 429]


def test_store_that_is_back_counts_again(
    app: Flask, limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        line_to(app.config["RATELIMIT_STORAGE_URI"], {{ 6379 if cookiecutter.limiter_backend == 'redis' else 11211 }}) as line,
        other_app(RATELIMIT_STORAGE_URI=line.address) as other,
    ):
        limit("RATELIMIT_DEFAULT", "3 per hour", other)
        client = new_client(other)
        client.get("/posts")
        line.cut()
        assert statuses(client.get("/posts"), client.get("/posts")) == [200, 200]
        line.mend()
        a_minute_later = time.time() + 60
        monkeypatch.setattr(time, "time", lambda: a_minute_later)
        assert client.get("/posts").headers["X-RateLimit-Remaining"] == "1"
{% endif %}
