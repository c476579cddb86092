"""Conditional requests: readers save a transfer, writers overwrite nothing unseen."""

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from app import db
from tests.kit.things import Thing, caller_of, make_thing
from tests.support.answers import refusal
from tests.support.client import Client
from tests.support.statements import race

STALE = (412, "The resource has changed since it was read")


@pytest.fixture
def path(app: Flask) -> str:
    """The address of a thing."""
    return f"/things/{make_thing(app).id}"


def etag_of(client: Client, path: str) -> str:
    etag = client.get(path).headers["ETag"]
    assert not etag.startswith("W/")
    return etag


def change(app: Flask) -> None:
    with app.app_context():
        db.session.execute(update(Thing).values(name="renamed"))
        db.session.commit()


@pytest.mark.parametrize("given", ["{}", '"other", {}', "*"])
def test_reader_who_has_it_already_gets_304(
    app: Flask, client: Client, path: str, given: str
) -> None:
    etag = etag_of(client, path)
    for reader, scope in ((client, "public, max-age=0, must-revalidate"), (caller_of(app), None)):
        response = reader.get(path, headers={"If-None-Match": given.format(etag)})
        assert (response.status_code, response.data) == (304, b"")
        assert response.headers["ETag"] == etag
        assert response.headers["Cache-Control"] == (scope or "private, no-cache")


def test_reader_who_has_an_old_state_gets_the_new_one(
    app: Flask, client: Client, path: str
) -> None:
    etag = etag_of(client, path)
    change(app)
    response = client.get(path, headers={"If-None-Match": etag})
    assert response.status_code == 200
    assert response.headers["ETag"] != etag


def test_if_match_applies_to_reads(client: Client, path: str) -> None:
    for wanted in ("*", etag_of(client, path)):
        assert client.get(path, headers={"If-Match": wanted}).status_code == 200
    assert refusal(client.get(path, headers={"If-Match": '"another"'})) == STALE


def write(client: Client, verb: str, path: str, header: str, tag: str) -> TestResponse:
    return client.open(path, method=verb, json={"name": "changed"}, headers={header: tag})


@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
def test_write_with_a_stale_etag_is_412(app: Flask, client: Client, path: str, verb: str) -> None:
    etag = etag_of(client, path)
    change(app)
    assert refusal(write(caller_of(app), verb, path, "If-Match", etag)) == STALE
    assert client.get(path).json["name"] == "renamed"


@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
@pytest.mark.parametrize("known", [True, False])
def test_write_with_a_current_etag_succeeds(
    app: Flask, client: Client, path: str, verb: str, known: bool
) -> None:
    tag = etag_of(client, path) if known else "*"
    assert write(caller_of(app), verb, path, "If-Match", tag).status_code in {200, 204}


def test_if_none_match_applies_to_writes(app: Flask, client: Client, path: str) -> None:
    caller, etag = caller_of(app), etag_of(client, path)
    for excluded in ("*", etag, f"W/{etag}"):
        response = write(caller, "PATCH", path, "If-None-Match", excluded)
        assert refusal(response) == (412, "The resource matches If-None-Match")
    assert write(caller, "PATCH", path, "If-None-Match", '"another"').status_code == 200


@pytest.mark.parametrize(("conditional", "refused"), [(True, 412), (False, 409)])
def test_one_of_two_concurrent_writers_wins(
    app: Flask, client: Client, path: str, conditional: bool, refused: int
) -> None:
    headers = {"If-Match": etag_of(client, path)} if conditional else {}

    def rename(name: str) -> TestResponse:
        return caller_of(app).patch(path, json={"name": name}, headers=headers)

    responses = race(app, lambda: rename("one"), lambda: rename("two"), to="UPDATE")
    lost, won = sorted(responses, key=lambda response: -response.status_code)
    assert refusal(lost) == (refused, "The resource was changed by another request")
    assert won.status_code == 200
    assert client.get(path).json == won.json
