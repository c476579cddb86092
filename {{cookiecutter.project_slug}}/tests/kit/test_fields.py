"""Fields: what they refuse, how they read, and what a write answers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from marshmallow import Schema, ValidationError, fields

from app import db
from app.api.fields import Flag, Integer, Moment, Money, Text
from app.api.framework import Resource
from app.api.operation import accepts, cached, returns
from app.api.versions import Version
from tests.kit.things import ROUTES, Tag, Thing, ThingTagOut, another_kit_app, caller_of
from tests.support.client import new_client


class Sample(Schema):
    """One field of each kind."""

    text = Text()
    flag = Flag()
    count = Integer()
    price = Money(places=2)
    at = Moment()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("text", value) for value in ("a\0b", "\ud800", 1, True, None, ["text"])),
        *(("flag", value) for value in ("true", 1, None)),
        *(("count", value) for value in (1.5, "1", True, None, float("inf"), [1])),
        *(("price", value) for value in (9.9, 9, "9.999", "1e2", "NaN", "Infinity", "+1", "٣", "")),
        *(("price", value) for value in (" 1", "1_0", "1" * 13, ".5", "1.", None, True)),
        *(("at", value) for value in ("2026-01-31T12:00:00", "2026-01-31", "yesterday", 7, "")),
        *(("at", f"{day}T12:00:00Z") for day in ("2026-02-30", "2026-13-01", "0000-01-01")),
        *(("at", value) for value in ("0001-01-01T00:00:00+23:59", "٢٠٢٦-01-31T12:00:00Z")),
    ],
    ids=repr,
)
def test_bad_value_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        Sample().load({name: value})
    assert set(refused.value.normalized_messages()) == {name}  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("count", 7, 7),
        ("count", 7.0, 7),
        ("price", "9.9", Decimal("9.90")),
        ("price", "-0.05", Decimal("-0.05")),
        ("at", "2026-01-31T13:30:00.5+01:30", datetime(2026, 1, 31, 12, 0, 0, 500000, UTC)),
        ("at", "2026-01-31t12:00:00z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    ],
)
def test_value_is_normalized(name: str, value: object, read: object) -> None:
    loaded = Sample().load({name: value})[name]
    assert (loaded, str(loaded)) == (read, str(read))


class AmountIn(Schema):
    """An amount and tags, as they are sent."""

    amount = Money(places=2, required=True)
    tags = fields.List(Text(), required=True, metadata={"examples": [["b", "a"]]})


class AmountOut(Schema):
    """An amount and tags, as they are stored."""

    id = fields.Integer()
    amount = Money(places=2)
    tags = fields.List(fields.Pluck(ThingTagOut, "name"))


class AmountList(Resource):
    @accepts(AmountIn)
    @returns(AmountOut, status=201, location=".AmountItem")
    def post(self, data: dict[str, Any]) -> Thing:
        """Store an amount."""
        thing = Thing(name="an amount", amount=data["amount"].normalize())
        thing.tags = [Tag(name=name) for name in data["tags"]]
        db.session.add(thing)
        db.session.commit()
        return thing


class AmountItem(Resource):
    @cached
    @returns(AmountOut)
    def get(self, id: int) -> Thing:
        """Show an amount."""
        return db.session.get_one(Thing, id)


@pytest.fixture(scope="module")
def amounts(app: Flask) -> Iterator[Flask]:
    routes = {**ROUTES, "/amounts": AmountList, "/amounts/<id:id>": AmountItem}
    with another_kit_app(app, [Version("1.0", routes)]) as amounts:
        yield amounts


def test_write_answers_with_what_is_stored(amounts: Flask) -> None:
    body = {"amount": "9.9", "tags": ["b", "a"]}
    created = caller_of(amounts).post("/amounts", json=body)
    shown = new_client(amounts).get(created.headers["Location"])
    assert created.json == shown.json
    assert created.headers["ETag"] == shown.headers["ETag"]
    assert shown.json["tags"] == ["a", "b"]
    assert shown.json["amount"] == "9.90"


def test_money_is_documented_as_it_is_sent(amounts: Flask) -> None:
    schemas = new_client(amounts).get("/openapi.json").json["components"]["schemas"]
    price = schemas["AmountIn"]["properties"]["amount"]
    assert price["type"] == "string"
    assert price["pattern"] == r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"
    assert price["examples"] == ["9.90"]
