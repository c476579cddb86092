"""Errors: one format, whichever layer refuses, and in production too."""

import re
from collections.abc import Callable, Iterator
{% if cookiecutter.database == 'sqlite' %}
from pathlib import Path
{% endif %}
from typing import Any

import pytest
from flask import Flask
{% if cookiecutter.database == 'sqlite' %}
from flask_migrate import upgrade
{% endif %}
from sqlalchemy import {{ 'insert, text, update' if cookiecutter.database == 'sqlite' else 'insert, select, text, update' }}
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.test import TestResponse

from app import db
from app.api.framework import Resource
from app.routes import v1
{% if cookiecutter.database == 'sqlite' %}
from app.config import Config
{% endif %}
from app.backend.base import utcnow
from app.models.post import Post
from app.models.user import User
from tests.support.answers import faults, refusal
from tests.support.apps import other_app, production
from tests.support.client import Client, bearer, new_client
from tests.factories import ADA, PASSWORD, client_of, make_user
{% if cookiecutter.database != 'sqlite' %}
from tests.support.relay import line_to
from tests.support.statements import watched
{% endif %}

JSON = {"Content-Type": "application/json"}


class Crash(Resource):
    """What nobody foresaw."""

    def get(self) -> None:
        raise RuntimeError("hunter2 is no password")

    def post(self) -> None:
        """Refer to a user who does not exist."""
        values = {"user_id": 1, "title": "", "content": "", "published": False, "version": 1}
        now = utcnow()
        db.session.execute(insert(Post).values(**values, created_at=now, updated_at=now))

    def put(self) -> None:
        """Fill a column that a migration is still to add."""
        db.session.execute(text("INSERT INTO users (nickname, email) VALUES ('', :email)"), ADA)

    def patch(self) -> None:
        """Store a key that is not folded."""
        user = User(**ADA)
        user.email_key = "Ada@example.com"
        db.session.add(user)
        db.session.commit()
{% if cookiecutter.database != 'sqlite' %}

    def delete(self) -> None:
        """Lock what another may have locked."""
        db.session.execute(select(User).with_for_update(nowait=True))
{% endif %}


@pytest.fixture(scope="module", params=["testing", "production"])
def fragile(request: pytest.FixtureRequest, app: Flask, database_url: str) -> Iterator[Flask]:
    """An application with a fault in it; in production, DEBUG and TESTING are off."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(v1, "/crash", Crash)
        with other_app(request.param, **production(database_url)) as fragile:
            fragile.config.update(PASSWORD_TIME_COST=1, PASSWORD_MEMORY_COST=32)
            yield fragile


@pytest.fixture
def caller(fragile: Flask) -> Client:
    return new_client(fragile)


def register_twice(client: Client) -> TestResponse:
    client.post("/users", json=ADA)
    return client.post("/users", json={**ADA, "email": "lovelace@example.com"})


def exceed_the_limit(client: Client) -> TestResponse:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(client.application.config, "RATELIMIT_DEFAULT", "1 per hour")
        client.get("/posts")
        return client.get("/posts")


REFUSALS: list[tuple[int, str, Callable[[Client], TestResponse]]] = [
    (404, "There is nothing at this address", lambda c: c.get("/nothing")),
    (404, "There is nothing at this address", lambda c: c.get("/posts/")),
    (404, "There is nothing at this address", lambda c: c.get("//posts")),
    (404, "There is nothing at this address", lambda c: c.get("/healthz/more")),
    (404, "There is nothing at this address", lambda c: c.get("/docs/nothing.js")),
    (404, "User not found", lambda c: c.get("/users/1")),
    (405, "The method is not allowed for this address", lambda c: c.put("/posts", json={})),
    (401, "Missing or malformed token", lambda c: c.get("/users/me")),
    (401, "Invalid token", lambda c: c.get("/users/me", headers=bearer("a.b.c"))),
    (401, "Invalid token", lambda c: c.get("/posts", headers=bearer("\xff"))),
    (401, "Invalid credentials", lambda c: c.log_in("nobody", "knows this")),
    (403, "Only an admin may filter by role", lambda c: c.get("/users?role=admin")),
    (422, "Validation failed", lambda c: c.get("/posts?per_page=0")),
    (400, "No input data provided", lambda c: c.post("/auth/login")),
    (415, "The body must be JSON, with the Content-Type application/json",
     lambda c: c.post("/auth/login", data="{}")),
    (429, "Too many requests", exceed_the_limit),
    (409, "Username already taken", register_twice),
    (409, "The request contradicts what is stored", lambda c: c.post("/crash")),
    (409, "The request contradicts what is stored", lambda c: c.patch("/crash")),
    (500, "Something went wrong on our side", lambda c: c.get("/crash")),
    (500, "Something went wrong on our side", lambda c: c.put("/crash")),
]  # fmt: skip


@pytest.mark.parametrize(("status", "message", "call"), REFUSALS)
def test_every_layer_refuses_in_one_format(
    caller: Client, status: int, message: str, call: Callable[[Client], TestResponse]
) -> None:
    response = call(caller)
    body: Any = response.json
    errors = body.pop("errors", None)
    assert body == {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES[status],
        "status": status,
        "detail": message,
        "message": message,
        "request_id": response.headers["X-Request-ID"],
    }
    assert bool(errors) == (status == 422 or "taken" in message)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in response.headers) == (status == 401)
    assert ("Retry-After" in response.headers) == (status == 429)


def test_wrong_method_is_answered_with_the_right_ones(client: Client) -> None:
    response = client.delete("/posts")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_crash_is_told_to_the_log_alone(caller: Client, caplog: pytest.LogCaptureFixture) -> None:
    response = caller.get("/crash")
    assert "hunter2" not in response.text
    assert "Traceback" not in response.text
    (record,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert "hunter2" in caplog.text
    assert record.exc_info


@pytest.mark.parametrize(("verb", "named"), [("PATCH", "email_key_folded"), ("PUT", "nickname")])
def test_log_of_a_failing_statement_has_none_of_its_values(
    caller: Client, caplog: pytest.LogCaptureFixture, verb: str, named: str
) -> None:
    caller.open("/crash", method=verb)
    assert named in caplog.text
    assert ADA["email"] not in caplog.text
    assert "$argon2" not in caplog.text


def test_service_goes_on_after_a_crash(caller: Client) -> None:
    caller.get("/crash")
    assert caller.get("/posts").status_code == 200


@pytest.mark.parametrize("door", ["/auth/login", "/auth/register"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{}", 400),
        (b"null", 400),
        (b"{", 400),
        (b'{"username": NaN}', 400),
        (b'{"username": -Infinity}', 400),
        (b'{"username": ' + b"1" * 5000 + b"}", 400),
        (b'{"username": "\xff"}', 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b'"text"', 422),
        (b"1", 422),
        (b'{"username": ' + b"[" * 500 + b"]" * 500 + b"}", 422),
        (b'{"username": "a\\u0000b"}', 422),
        (b'{"username": "\\ud800"}', 422),
        (b'{"username": "\xed\xa0\x80"}', 422),
        (b'{"\\ud800": 1}', 422),
        (b" " * (1024 * 1024 + 1), 413),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_body_is_refused(client: Client, door: str, body: bytes, status: int) -> None:
    response = client.post(door, data=body, headers=JSON)
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("body", [b"", b"{}", b"null"])
@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH"])
def test_empty_body_is_named_so(app: Flask, verb: str, body: bytes) -> None:
    user = make_user(app)
    path = "/posts" if verb == "POST" else f"/users/{user.id}"
    response = client_of(app, user).open(path, method=verb, data=body, headers=JSON)
    assert refusal(response) == (400, "No input data provided")


@pytest.mark.parametrize("door", ["/auth/login", "/auth/register", "/users"])
def test_body_that_the_server_cannot_read_is_400(client: Client, door: str) -> None:
    assert refusal(client.post_unreadable(door)) == (400, "The body can't be read")


def test_parameter_given_twice_is_named_with_all_others(client: Client) -> None:
    response = client.get("/posts?per_page=5&per_page=6&sort=x")
    assert faults(response) == {"per_page", "sort"}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_body_that_does_not_say_json_is_415(client: Client, kind: str) -> None:
    response = client.post("/auth/login", data=b"{}", headers={"Content-Type": kind})
    assert response.status_code == 415


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.api+json"])
def test_body_may_say_json_in_other_words(client: Client, kind: str) -> None:
    response = client.post("/auth/login", data=b"{}", headers={"Content-Type": kind})
    assert response.status_code == 400


@pytest.mark.parametrize(
    "value", ["a\0b", "\ud800", 1, True, None, ["text"], {"text": "text"}], ids=repr
)
def test_text_that_is_none_is_422(app: Flask, value: object) -> None:
    author = client_of(app, make_user(app))
    response = author.post("/posts", json={"title": "A title", "content": value})
    assert faults(response) == {"content"}


@pytest.mark.parametrize(
    "id",
    ["0", "01", "-1", "1.0", "one", "٣", "%00", str(2**31 - 1), str(2**31), str(2**63), "9" * 5000],
    ids=lambda id: id[:12],
)
def test_impossible_id_is_404(client: Client, id: str) -> None:
    assert client.get(f"/users/{id}").status_code == 404
    assert client.get(f"/posts/{id}").status_code == 404


@pytest.mark.parametrize("given", ["abc", "0b1a-2.c_D", "a" * 64])
def test_id_of_a_request_is_taken_over(client: Client, given: str) -> None:
    response = client.get("/nothing", headers={"X-Request-ID": given})
    assert response.headers["X-Request-ID"] == response.json["request_id"] == given


@pytest.mark.parametrize("given", ["", "a" * 65, "two words", "<b>", "\xe4", '"}'])
def test_id_that_could_do_harm_is_replaced(client: Client, given: str) -> None:
    response = client.get("/nothing", headers={"X-Request-ID": given})
    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


{% if cookiecutter.database == 'sqlite' %}
def test_database_away_is_503_until_it_is_back(app: Flask, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with other_app(TEST_DATABASE_URL=f"sqlite:///{disk / 'test.db'}") as other:
        client = new_client(other)
        for response in (client.get("/users"), client.log_in("ada", PASSWORD)):
            assert refusal(response) == (503, "The database does not answer")
            assert response.headers["Retry-After"] == "5"
        disk.mkdir()
        with other.app_context():
            upgrade()
        assert client.get("/users").status_code == 200
{% else %}
def test_database_away_is_503_until_it_is_back(app: Flask, database_url: str) -> None:
    with (
        line_to(database_url, {{ 5432 if cookiecutter.database == 'postgresql' else 3306 }}) as line,
        other_app(TEST_DATABASE_URL=line.address) as other,
    ):
        client = new_client(other)
        assert client.get("/users").status_code == 200
        line.cut()
        for response in (client.get("/users?total=1"), client.log_in("ada", PASSWORD)):
            assert refusal(response) == (503, "The database does not answer")
            assert response.headers["Retry-After"] == "5"
        line.mend()
        assert client.get("/users?total=1").status_code == 200


def test_database_that_goes_away_in_a_statement_is_503(
    app: Flask, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        line_to(database_url, {{ 5432 if cookiecutter.database == 'postgresql' else 3306 }}) as line,
        other_app(TEST_DATABASE_URL=line.address) as other,
        watched(other, lambda statement: line.cut() if "INTO users" in statement else None),
    ):
        response = new_client(other).post("/users", json=ADA)
    assert refusal(response) == (503, "The database does not answer")
    logged = capsys.readouterr().err
    assert "INSERT INTO users" in logged
    assert ADA["email"] not in logged
    assert "$argon2" not in logged
{% endif %}


{% if cookiecutter.database == 'sqlite' %}
def test_lock_of_another_is_503(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make_user(app)
    monkeypatch.setitem(Config.SQLALCHEMY_ENGINE_OPTIONS["connect_args"], "timeout", 0)
    with other_app() as hasty, app.app_context(), db.engine.begin() as holder:
        holder.execute(update(User).values(is_active=True))
        response = new_client(hasty).post("/users", json=ADA)
    assert refusal(response) == (503, "The database does not answer")
{% else %}
def test_lock_of_another_is_503(app: Flask, caller: Client) -> None:
    make_user(app)
    with app.app_context(), db.engine.begin() as holder:
        holder.execute(update(User).values(is_active=True))
        response = caller.delete("/crash")
    assert refusal(response) == (503, "The database does not answer")
{% endif %}
