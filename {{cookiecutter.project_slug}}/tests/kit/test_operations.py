"""Operations: what their decorators recorded happens, in any order of the decorators."""

from collections.abc import Iterator
from datetime import timedelta
from functools import reduce
from itertools import permutations
from typing import Any

import pytest
from flask import Flask, g
from flask_jwt_extended import create_access_token, create_refresh_token
from marshmallow import Schema, fields
from sqlalchemy import select, update

from app import db
from app.api.framework import Resource
from app.api.operation import (
    accepts,
    accepts_query,
    cached,
    ignores_credentials,
    limited,
    requires_any_token,
    requires_refresh_token,
    requires_role,
    returns,
)
from app.api.queries import ListQuery
from app.api.versions import Version
from app.backend.settings import ConfigError
from tests.kit.things import Tag, Thing, another_kit_app, caller_of, make_thing
from tests.support.answers import refusal
from tests.support.client import Client, bearer, new_client
from tests.support.database import lose_to_another
from tests.support.statements import watched

LibraryResource: Any = Resource.__base__

WRITING = ["POST", "PUT", "PATCH", "DELETE"]


class PageOut(Schema):
    """What was asked for."""

    per_page = fields.Integer()


def listing(number: int, decorators: tuple[Any, ...]) -> type[Resource]:
    """Return a resource whose decorators stand in this order."""

    def get(self: Resource, query: dict[str, Any]) -> dict[str, Any]:
        return query

    decorated = reduce(lambda method, decorate: decorate(method), decorators, get)
    return type(f"Listing{number}", (Resource,), {"get": decorated})


ORDERS = list(permutations([cached, accepts_query(ListQuery), returns(PageOut)]))


class Bare(Resource):
    """It says nothing about access."""

    @returns(status=204)
    def get(self) -> None:
        """Read."""

    post = put = patch = delete = get


class Tokens(Resource):
    """A resource that accepts refresh tokens."""

    @requires_any_token
    @returns(status=204)
    def post(self) -> None:
        """Use any token."""

    @requires_refresh_token
    @returns(status=204)
    def put(self) -> None:
        """Use a refresh token."""


class AttemptIn(Schema):
    """A tag's name, how many conflicts to lose, and the thing they are about."""

    name = fields.String(required=True)
    losses = fields.Integer(required=True)
    thing = fields.Integer(required=True)


class AttemptsOut(Schema):
    """The names that the attempts were given."""

    names = fields.List(fields.String())


class Contended(Resource):
    """A resource whose transaction conflicts with another."""

    @ignores_credentials
    @accepts(AttemptIn)
    @returns(AttemptsOut)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Store a tag."""
        attempts = g.setdefault("attempts", [])
        attempts.append(data.pop("name"))
        db.session.add(Tag(name="a tag"))
        if len(attempts) <= data["losses"]:
            touch = update(Thing).values(count=Thing.count + 1)
            first = data["thing"]
            lose_to_another(touch.where(Thing.id == first), touch.where(Thing.id > first))
        db.session.commit()
        return {"names": attempts}


class Plain(LibraryResource):  # type: ignore[misc]
    """A resource in the library's own idiom."""

    @cached
    def get(self) -> Any:
        """Return data, a status and headers."""
        return list(db.session.scalars(select(Tag.name))), 200, {"X-Own": "yes"}

    def post(self) -> Any:
        """Return the caller."""
        return {"caller": g.user_id}, 201

    @ignores_credentials
    @limited("RATELIMIT_REGISTER")
    def put(self) -> Any:
        """Return nothing."""
        return None, 204

    @requires_role("keeper")
    def delete(self) -> Any:
        """Return nothing."""
        return None, 204


ROUTES: dict[str, type[Resource]] = {
    **{f"/orders/{number}": listing(number, order) for number, order in enumerate(ORDERS)},
    "/bare": Bare,
    "/tokens": Tokens,
    "/contended": Contended,
    "/plain": Plain,
}


@pytest.fixture(scope="module")
def odd(app: Flask) -> Iterator[Flask]:
    """An application of odd resources."""
    with another_kit_app(app, [Version("1.0", ROUTES)]) as odd:
        yield odd


@pytest.fixture
def client(odd: Flask) -> Client:
    return new_client(odd)


@pytest.mark.parametrize("number", range(len(ORDERS)))
def test_order_of_decorators_means_nothing(client: Client, number: int) -> None:
    responses = [client.get(f"/orders/{number}?per_page={count}") for count in (5, 6, 6)]
    assert [response.json for response in responses] == [{"per_page": n} for n in (5, 6, 6)]
    assert [response.headers["X-Cache"] for response in responses] == ["MISS", "MISS", "HIT"]


@pytest.mark.parametrize("verb", WRITING)
def test_writing_method_that_says_nothing_needs_a_login(
    odd: Flask, client: Client, verb: str
) -> None:
    assert refusal(client.open("/bare", method=verb)) == (401, "Missing or malformed token")
    assert caller_of(odd).open("/bare", method=verb).status_code == 204


@pytest.mark.parametrize("verb", ["GET", "HEAD", "OPTIONS"])
def test_reading_method_that_says_nothing_is_open(client: Client, verb: str) -> None:
    assert client.open("/bare", method=verb).status_code in {200, 204}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("Basic YWRhOmxvdmVsYWNl", "Missing or malformed token"),
        ("a.b.c", "Missing or malformed token"),
        ("Bearer", "Invalid token"),
        ("Bearer a.b.c", "Invalid token"),
        ("Bearer a b", "Invalid token"),
        ("Bearer \xff", "Invalid token"),
    ],
)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_unusable_token_is_401_even_where_none_is_needed(
    client: Client, verb: str, given: str, message: str
) -> None:
    response = client.open("/bare", method=verb, headers={"Authorization": given})
    assert refusal(response) == (401, message)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_token_is_refused_once_it_expired_or_its_session_ended(odd: Flask, client: Client) -> None:
    with odd.app_context():
        expired = create_access_token("1", expires_delta=timedelta(seconds=-1))
        ended = create_access_token("1", additional_claims={"ended": True})
    for token, message in ((expired, "Token has expired"), (ended, "Token has been revoked")):
        for verb in ("GET", "POST"):
            response = client.open("/bare", method=verb, headers=bearer(token))
            assert refusal(response) == (401, message)


def test_scheme_may_be_written_in_any_case(odd: Flask, client: Client) -> None:
    given = {"Authorization": f"bEARER {caller_of(odd).access_token}"}
    assert client.post("/bare", headers=given).status_code == 204


def test_each_kind_of_token_works_where_it_is_asked_for(odd: Flask, client: Client) -> None:
    with odd.app_context():
        access, refresh = create_access_token("1"), create_refresh_token("1")
    statuses = {
        (path, verb, kind): client.open(path, method=verb, headers=bearer(token)).status_code
        for path, verb in (("/bare", "POST"), ("/tokens", "POST"), ("/tokens", "PUT"))
        for kind, token in (("access", access), ("refresh", refresh))
    }
    assert statuses == {
        ("/bare", "POST", "access"): 204,
        ("/bare", "POST", "refresh"): 401,
        ("/tokens", "POST", "access"): 204,
        ("/tokens", "POST", "refresh"): 204,
        ("/tokens", "PUT", "access"): 401,
        ("/tokens", "PUT", "refresh"): 204,
    }


def test_role_is_needed_where_it_is_asked_for(odd: Flask, client: Client) -> None:
    assert client.delete("/plain").status_code == 401
    message = "Only a user with the role keeper may do this"
    assert refusal(caller_of(odd, 1, "visitor").delete("/plain")) == (403, message)
    assert caller_of(odd, 1, "visitor", "keeper").delete("/plain").status_code == 204


def test_resource_of_the_library_is_an_operation_like_any_other(
    odd: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.post("/plain").status_code == 401
    created = caller_of(odd, 7).post("/plain")
    assert (created.status_code, created.json) == (201, {"caller": 7})
    for tags, cache in (([], "MISS"), ([], "HIT"), (["new"], "MISS")):
        if tags:
            make_thing(odd, *tags)
        response = client.get("/plain")
        assert response.json == tags
        assert response.headers["X-Own"] == "yes"
        assert response.headers["X-Cache"] == cache
    monkeypatch.setitem(odd.config, "RATELIMIT_REGISTER", "1 per hour")
    assert [client.put("/plain").status_code for _ in range(2)] == [204, 429]
    assert "/plain" in client.get("/openapi.json").json["paths"]


@pytest.mark.parametrize(("losses", "status"), [(1, 200), (4, 200), (5, 503)])
def test_transaction_that_lost_to_another_is_repeated(
    odd: Flask, client: Client, losses: int, status: int
) -> None:
    first, *_ = [make_thing(odd).id for _ in range(8)]
    response = client.post("/contended", json={"name": "kept", "losses": losses, "thing": first})
    assert response.status_code == status, response.text
    with odd.app_context():
        stored = list(db.session.scalars(select(Tag.name)))
    if status == 200:
        # A method may change its data; the next request starts from the default again.
        assert response.json["names"] == ["kept"] * (losses + 1)
        assert stored == ["a tag"]
    else:
        assert stored == []


def test_other_failures_are_not_repeated(odd: Flask, client: Client) -> None:
    make_thing(odd, "a tag")
    seen: list[str] = []
    with watched(odd, seen.append):
        response = client.post("/contended", json={"name": "", "losses": 0, "thing": 0})
    assert response.status_code == 409
    assert len([statement for statement in seen if statement.startswith("INSERT")]) == 1


class BrokenIn(Schema):
    """It leaves out a field that it doesn't have."""

    class Meta:
        exclude = ("nothing",)


@pytest.mark.parametrize(
    ("decorate", "error"),
    [
        (accepts(BrokenIn), ValueError),
        (accepts_query(BrokenIn), ValueError),
        (returns(BrokenIn), ValueError),
        (limited("RATELIMIT_NOTHING"), ConfigError),
    ],
    ids=["body", "query", "response", "limit"],
)
def test_operation_that_cannot_work_fails_at_start(
    app: Flask, decorate: Any, error: type[Exception]
) -> None:
    broken = type("Broken", (Resource,), {"get": decorate(lambda self: None)})
    with (
        pytest.raises(error, match=r"nothing|NOTHING"),
        another_kit_app(app, [Version("1.0", {"/broken": broken})]),
    ):
        pass
