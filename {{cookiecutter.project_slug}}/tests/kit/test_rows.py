"""Rows that are there once, no matter how many requests add them at the same time."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from app import db
from app.api.framework import Resource
from app.api.operation import returns
from app.api.rows import insert_once
from app.api.versions import Version
from tests.kit.things import (
    ROUTES,
    Tag,
    another_kit_app,
    caller_of,
    make_thing,
    thing_tags,
)
from tests.support.answers import refusal
from tests.support.client import Client, new_client
from tests.support.statements import race


class ThingTag(Resource):
    """A tag of a thing."""

    @returns(status=204)
    def put(self, id: int, tag: int) -> None:
        """Tag a thing, or leave it tagged."""
        insert_once(thing_tags, kit_thing_id=id, kit_tag_id=tag)
        db.session.commit()

    @returns(status=204)
    def delete(self, id: int, tag: int) -> None:
        """Leave a thing without a tag."""
        row = thing_tags.c
        db.session.execute(delete(thing_tags).where(row.kit_thing_id == id, row.kit_tag_id == tag))
        db.session.commit()


@pytest.fixture(scope="module")
def tagging(app: Flask) -> Iterator[Flask]:
    """An application whose things can be tagged."""
    routes: dict[str, type[Resource]] = {**ROUTES, "/things/<id:id>/tags/<id:tag>": ThingTag}
    with another_kit_app(app, [Version("1.0", routes)]) as tagging:
        yield tagging


@pytest.fixture
def caller(tagging: Flask) -> Client:
    return caller_of(tagging)


@pytest.fixture
def thing(app: Flask) -> str:
    """The address of a thing without tags."""
    return f"/things/{make_thing(app).id}"


@pytest.fixture
def tag(app: Flask) -> int:
    """The id of a tag."""
    make_thing(app, "a tag")
    with app.app_context():
        return db.session.scalars(select(Tag.id)).one()


def test_row_is_there_once_however_often_it_is_added(caller: Client, thing: str, tag: int) -> None:
    for _ in range(3):
        assert caller.put(f"{thing}/tags/{tag}").status_code == 204
    assert caller.get(thing).json["tags"] == ["a tag"]


def test_concurrent_callers_all_succeed(tagging: Flask, thing: str, tag: int) -> None:
    def add() -> TestResponse:
        return caller_of(tagging).put(f"{thing}/tags/{tag}")

    answers = race(tagging, add, add, add, to="INSERT")
    assert [answer.status_code for answer in answers] == [204, 204, 204]
    assert new_client(tagging).get(thing).json["tags"] == ["a tag"]


def test_reference_to_nothing_is_a_conflict(caller: Client, thing: str, tag: int) -> None:
    response = caller.put(f"{thing}/tags/{tag + 100}")
    assert refusal(response) == (409, "The request conflicts with stored data")


def test_cached_responses_show_what_was_added_and_removed(
    tagging: Flask, caller: Client, thing: str, tag: int
) -> None:
    client = new_client(tagging)
    for write, shown in ((None, []), (caller.put, ["a tag"]), (caller.delete, [])):
        if write:
            write(f"{thing}/tags/{tag}")
        for cache in ("MISS", "HIT"):
            response = client.get(thing)
            assert (response.json["tags"], response.headers["X-Cache"]) == (shown, cache)
