{% set sqlite = cookiecutter.database == 'sqlite' %}
{% set port = {'postgresql': 5432, 'mysql': 3306} %}
"""Errors: one format, whichever layer refuses, and in production too."""

import re
from collections.abc import Callable, Iterator
{% if sqlite %}
from pathlib import Path
{% endif %}
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, text, update
from werkzeug.exceptions import Forbidden
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.test import TestResponse

from app import db
from app.api.framework import Resource
from app.api.operation import ignores_credentials
from app.api.versions import Version
from tests.kit.things import (
    ROUTES,
    Thing,
    another_kit_app,
    caller_of,
    make_thing,
    thing_tags,
)
from tests.support.answers import faults, refusal
from tests.support.client import Client, bearer, new_client
{% if not sqlite %}
from tests.support.relay import line_to
from tests.support.statements import watched
{% endif %}

JSON = {"Content-Type": "application/json"}
SECRET = "hunter2"


class Crash(Resource):
    """A resource that fails in unforeseen ways."""

    def get(self) -> None:
        """Raise an error that no handler knows."""
        raise RuntimeError(f"{SECRET} is no password")

    def post(self) -> None:
        """Refer to a row that doesn't exist."""
        db.session.execute(insert(thing_tags).values(kit_thing_id=1, kit_tag_id=1))

    def put(self) -> None:
        """Write to a column that doesn't exist yet."""
        statement = text("INSERT INTO kit_tags (nickname) VALUES (:secret)")
        db.session.execute(statement, {"secret": SECRET})

    def patch(self) -> None:
        """Break the rule of a table."""
        db.session.add(Thing(name=SECRET, count=-1))
        db.session.commit()
{% if not sqlite %}

    def delete(self) -> None:
        """Lock what another may have locked."""
        db.session.execute(text("SELECT id FROM kit_things FOR UPDATE NOWAIT"))
{% endif %}


class Cut(Resource):
    """A resource whose database connection dies when the response is ready."""

    def get(self) -> dict[str, int]:
        """Read something, and lose the connection."""
        number = db.session.scalars(text("SELECT 1")).one()
        connection: Any = db.session.connection().connection
        connection.dbapi_connection.close()
        return {"number": number}

    @ignores_credentials
    def post(self) -> None:
        """Lose the connection, and refuse."""
        self.get()
        raise Forbidden("Not today")


@pytest.fixture(scope="module", params=["testing", "production"])
def fragile(request: pytest.FixtureRequest, app: Flask) -> Iterator[Flask]:
    """An application with a fault in it; in production, DEBUG and TESTING are off."""
    versions = [Version("1.0", ROUTES | {"/crash": Crash, "/cut": Cut})]
    with another_kit_app(app, versions, config_name=request.param) as fragile:
        yield fragile


@pytest.fixture
def caller(fragile: Flask) -> Client:
    return caller_of(fragile)


def exceed_the_limit(client: Client) -> TestResponse:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(client.application.config, "RATELIMIT_DEFAULT", "1 per hour")
        client.get("/things")
        return client.get("/things")


def take_twice(client: Client) -> TestResponse:
    note = {"note": "the only one"}
    for name in ("one", "two"):
        id = make_thing(client.application, name=name).id
        response = client.patch(f"/things/{id}", json=note)
    return response


NOTHING = "There is nothing at this address"
CONFLICT = "The request conflicts with stored data"
CRASHED = "Something went wrong on our side"
REFUSALS: list[tuple[int, str, Callable[[Client], TestResponse]]] = [
    (404, NOTHING, lambda c: c.get("/nothing")),
    (404, NOTHING, lambda c: c.get("/things/")),
    (404, NOTHING, lambda c: c.get("//things")),
    (404, NOTHING, lambda c: c.get("/healthz/more")),
    (404, NOTHING, lambda c: c.get("/docs/nothing.js")),
    (404, NOTHING, lambda c: c.get("/things/1")),
    (405, "The method is not allowed for this address", lambda c: c.put("/things", json={})),
    (401, "Missing or malformed token", lambda c: new_client(c.application).post("/things")),
    (401, "Invalid token", lambda c: c.get("/things", headers=bearer("a.b.c"))),
    (403, "Only a user with the role keeper may do this", lambda c: c.delete("/door")),
    (422, "Validation failed", lambda c: c.get("/things?per_page=0")),
    (400, "No input data provided", lambda c: c.post("/door")),
    (400, "The body can't be read", lambda c: c.post_unreadable("/door")),
    (415, "The body must be JSON, with the Content-Type application/json",
     lambda c: c.post("/door", data="{}")),
    (429, "Too many requests", exceed_the_limit),
    (409, "Note already taken", take_twice),
    (409, CONFLICT, lambda c: c.post("/crash")),
    (409, CONFLICT, lambda c: c.patch("/crash")),
    (500, CRASHED, lambda c: c.get("/crash")),
    (500, CRASHED, lambda c: c.put("/crash")),
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


def test_refused_method_is_answered_with_the_allowed_ones(client: Client) -> None:
    assert client.delete("/things").headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_connection_that_dies_after_the_response_leaves_it_alone(
    fragile: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        response = new_client(fragile).get("/cut")
        assert (response.status_code, response.json) == (200, {"number": 1})
        assert new_client(fragile).get("/things").status_code == 200
        refused = new_client(fragile).post("/cut")
        assert refusal(refused) == (403, "Not today")
    assert "A database connection was lost" in caplog.text


def test_only_the_log_learns_of_a_crash(caller: Client, caplog: pytest.LogCaptureFixture) -> None:
    response = caller.get("/crash")
    assert SECRET not in response.text
    assert "Traceback" not in response.text
    (record,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert SECRET in caplog.text
    assert record.exc_info
    assert caller.get("/things").status_code == 200


@pytest.mark.parametrize(("verb", "named"), [("PATCH", "ck_kit_things_count"), ("PUT", "nickname")])
def test_log_of_a_failed_statement_has_none_of_its_values(
    caller: Client, caplog: pytest.LogCaptureFixture, verb: str, named: str
) -> None:
    caller.open("/crash", method=verb)
    assert named in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{}", 400),
        (b"null", 400),
        (b"{", 400),
        (b'{"name": NaN}', 400),
        (b'{"name": -Infinity}', 400),
        (b'{"name": ' + b"1" * 5000 + b"}", 400),
        (b'{"name": "\xff"}', 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b'"text"', 422),
        (b"1", 422),
        (b'{"name": ' + b"[" * 500 + b"]" * 500 + b"}", 422),
        (b'{"name": "a\\u0000b"}', 422),
        (b'{"name": "\\ud800"}', 422),
        (b'{"name": "\xed\xa0\x80"}', 422),
        (b'{"\\ud800": 1}', 422),
        (b" " * (1024 * 1024 + 1), 413),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_body_is_refused(client: Client, body: bytes, status: int) -> None:
    response = client.post("/door", data=body, headers=JSON)
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("body", [b"", b"{}", b"null"])
def test_empty_body_is_400(app: Flask, client: Client, body: bytes) -> None:
    """Also where each field may be missing."""
    path = f"/things/{make_thing(app).id}"
    for response in (
        client.post("/door", data=body, headers=JSON),
        caller_of(app).patch(path, data=body, headers=JSON),
    ):
        assert refusal(response) == (400, "No input data provided")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
        ("application/json; charset=utf-8", 204),
        ("application/vnd.api+json", 204),
    ],
)
def test_body_must_say_that_it_is_json(client: Client, kind: str, status: int) -> None:
    response = client.post("/door", data=b'{"name": "a"}', headers={"Content-Type": kind})
    assert response.status_code == status


def test_all_bad_fields_are_named_at_once(client: Client) -> None:
    response = client.post("/door", json={"name": "", "note": 1, "who": "?"})
    assert faults(response) == {"name", "note", "who"}
    assert faults(client.get("/things?per_page=5&per_page=6&sort=x")) == {"per_page", "sort"}


@pytest.mark.parametrize(
    "id",
    ["0", "01", "-1", "1.0", "one", "٣", "%00", str(2**31 - 1), str(2**31), str(2**63), "9" * 5000],
    ids=lambda id: id[:12],
)
def test_impossible_id_is_404(client: Client, id: str) -> None:
    assert client.get(f"/things/{id}").status_code == 404


@pytest.mark.parametrize("given", ["abc", "0b1a-2.c_D", "a" * 64])
def test_valid_request_id_is_kept(client: Client, given: str) -> None:
    response = client.get("/nothing", headers={"X-Request-ID": given})
    assert response.headers["X-Request-ID"] == response.json["request_id"] == given


@pytest.mark.parametrize("given", ["", "a" * 65, "two words", "<b>", "\xe4", '"}'])
def test_unsafe_request_id_is_replaced(client: Client, given: str) -> None:
    response = client.get("/nothing", headers={"X-Request-ID": given})
    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


AWAY = (503, "The database does not answer")


{% if sqlite %}
def test_database_outage_is_503_until_it_recovers(app: Flask, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with another_kit_app(app, TEST_DATABASE_URL=f"sqlite:///{disk / 'test.db'}") as other:
        client = new_client(other)
        response = client.get("/things")
        assert refusal(response) == AWAY
        assert response.headers["Retry-After"] == "5"
        disk.mkdir()
        with other.app_context():
            tables = [db.metadata.tables[name] for name in ("kit_things", "kit_tags")]
            db.metadata.create_all(db.engine, [*tables, thing_tags])
        assert client.get("/things").status_code == 200


def test_lock_that_another_holds_is_503(app: Flask) -> None:
    make_thing(app)
    with (
        another_kit_app(app, DATABASE_LOCK_TIMEOUT="0") as hasty,
        app.app_context(),
        db.engine.begin() as holder,
    ):
        holder.execute(update(Thing).values(count=1))
        response = caller_of(hasty).post("/things", json={"name": "another"})
    assert refusal(response) == AWAY
{% elif cookiecutter.database in port %}
def test_database_outage_is_503_until_it_recovers(app: Flask) -> None:
    with (
        line_to(app.config["SQLALCHEMY_DATABASE_URI"], {{ port[cookiecutter.database] }}) as line,
        another_kit_app(app, TEST_DATABASE_URL=line.address) as other,
    ):
        client = new_client(other)
        assert client.get("/things").status_code == 200
        line.cut()
        response = client.get("/things?total=1")
        assert refusal(response) == AWAY
        assert response.headers["Retry-After"] == "5"
        line.mend()
        assert client.get("/things?total=1").status_code == 200


def test_database_that_goes_away_in_a_statement_is_503(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        line_to(app.config["SQLALCHEMY_DATABASE_URI"], {{ port[cookiecutter.database] }}) as line,
        another_kit_app(app, TEST_DATABASE_URL=line.address) as other,
        watched(other, lambda statement: line.cut() if "INTO kit_things" in statement else None),
    ):
        response = caller_of(other).post("/things", json={"name": SECRET})
    assert refusal(response) == AWAY
    logged = capsys.readouterr().err
    assert "INSERT INTO kit_things" in logged
    assert SECRET not in logged


def test_lock_that_another_holds_is_503(app: Flask, caller: Client) -> None:
    make_thing(app)
    with app.app_context(), db.engine.begin() as holder:
        holder.execute(update(Thing).values(count=1))
        response = caller.delete("/crash")
    assert refusal(response) == AWAY
{% endif %}
