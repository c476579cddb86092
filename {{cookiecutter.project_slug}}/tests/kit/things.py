"""The small model that the machinery is tested on: things with tags, and who may see them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from flask import Flask, g, request
from flask_jwt_extended import create_access_token
from marshmallow import Schema, fields, validate
from sqlalchemy import (
    CheckConstraint,
    Date,
    Index,
    Numeric,
    Select,
    Time,
    Uuid,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from app import create_app, db
from app.api.conditional import require_match
from app.api.fields import Id, Shown, Sort, Text
from app.api.framework import Resource
from app.api.operation import (
    accepts,
    accepts_query,
    cached,
    ignores_credentials,
    limited,
    requires_role,
    returns,
)
from app.api.pages import Page, paginate
from app.api.queries import ListQuery
from app.api.rows import one_or_404
from app.api.versions import Version
from app.backend.base import Base, Entity, UTCDateTime, association_table
from app.backend.clients import client_network
from app.backend.database import TABLE_OPTIONS, text_type
from tests.support.apps import other_app, production
from tests.support.client import Client, new_client


class Kind(StrEnum):
    """An enum."""

    SMALL = "small"
    LARGE = "large"


thing_tags = association_table(
    "kit_thing_tags", kit_thing_id="kit_things.id", kit_tag_id="kit_tags.id"
)


class Tag(Base):
    """A name that many things share."""

    __tablename__ = "kit_tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(text_type(64), unique=True)


class Thing(Entity):
    """A row with a column of each kind."""

    __tablename__ = "kit_things"
    __table_args__ = (
        Index("ix_kit_things_name", "name", "id"),
        CheckConstraint("count >= 0", name="count"),
        TABLE_OPTIONS,
    )

    owner_id: Mapped[int] = mapped_column(default=1)
    secret: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(text_type(64))
    amount: Mapped[Decimal] = mapped_column(Numeric(10, 2), default=Decimal("1.50"))
    count: Mapped[int] = mapped_column(default=0)
    kind: Mapped[Kind] = mapped_column(default=Kind.SMALL)
    uid: Mapped[UUID] = mapped_column(Uuid, default=uuid4)
    day: Mapped[date | None] = mapped_column(Date)
    hour: Mapped[time | None] = mapped_column(Time)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    note: Mapped[str | None] = mapped_column(text_type(64), unique=True)

    tags: Mapped[list[Tag]] = relationship(secondary=thing_tags, order_by=Tag.name)


class ThingIn(Schema):
    """What a caller writes."""

    name = Text(required=True, validate=validate.Length(1, 64), metadata={"examples": ["a thing"]})
    note = Text(validate=validate.Length(1, 64), metadata={"examples": ["a note"]})


class ThingOut(Schema):
    """A thing with its tags."""

    id = Id()
    name = Shown("a thing")
    tags = fields.List(
        fields.Pluck("ThingTagOut", "name"), required=True, metadata={"examples": [["t"]]}
    )


class ThingTagOut(Schema):
    """A tag."""

    name = fields.String(required=True)


class ThingQuery(ListQuery):
    """Things."""

    sort = Sort("id", "name", default="-id")


class Caller:
    """A session read entirely from the token's claims."""

    def __init__(self, user_id: int, roles: list[str]) -> None:
        self.user_id = user_id
        self.roles = roles

    def has_role(self, name: str) -> bool:
        return name in self.roles


def load_caller(claims: dict[str, Any]) -> Caller | None:
    """Return the caller of a token, unless its session has ended."""
    return None if claims.get("ended") else Caller(int(claims["sub"]), claims.get("roles", []))


def visible_things() -> Select[Thing]:
    """Select the things that the caller may see."""
    things = select(Thing).options(selectinload(Thing.tags))
    owner = g.user_id or 0
    return things.where(or_(~Thing.secret, Thing.owner_id == owner))


class ThingList(Resource):
    @cached
    @accepts_query(ThingQuery)
    @returns(ThingOut, many=True)
    def get(self, query: dict[str, Any]) -> Page[Thing]:
        """List things."""
        return paginate(visible_things(), Thing, query)

    @accepts(ThingIn)
    @returns(ThingOut, status=201, location=".ThingItem")
    def post(self, data: dict[str, Any]) -> Thing:
        """Create a thing."""
        thing = Thing(owner_id=g.user_id, **data)
        db.session.add(thing)
        db.session.commit()
        return thing


class ThingItem(Resource):
    @cached
    @returns(ThingOut)
    def get(self, id: int) -> Thing:
        """Show a thing."""
        return one_or_404(visible_things().where(Thing.id == id))

    @accepts(ThingIn, partial=True)
    @returns(ThingOut)
    def patch(self, id: int, data: dict[str, Any]) -> Thing:
        """Change a thing."""
        thing = one_or_404(visible_things().where(Thing.id == id))
        require_match(thing, ThingOut)
        thing.update(data)
        db.session.commit()
        return thing

    @returns(status=204)
    def delete(self, id: int) -> None:
        """Delete a thing."""
        thing = one_or_404(visible_things().where(Thing.id == id))
        require_match(thing, ThingOut)
        db.session.delete(thing)
        db.session.commit()


def visitor() -> str:
    """Return the name that a visitor gives."""
    return request.headers.get("X-Visitor") or "nobody"


class Door(Resource):
    """Open to strangers, and limited."""

    @returns(status=204)
    def get(self) -> None:
        """Look at the door."""

    @ignores_credentials
    @limited("RATELIMIT_REGISTER")
    @accepts(ThingIn)
    @returns(status=204)
    def post(self, data: dict[str, Any]) -> None:
        """Knock."""

    @requires_role("keeper")
    @limited("RATELIMIT_REGISTER")
    @returns(status=204)
    def delete(self) -> None:
        """Close the door."""


class Bell(Resource):
    """Counted together with the door, by address and by name."""

    @ignores_credentials
    @limited("RATELIMIT_REGISTER", client_network, visitor)
    @returns(status=204)
    def post(self) -> None:
        """Ring."""


ROUTES: dict[str, type[Resource]] = {
    "/things": ThingList,
    "/things/<id:id>": ThingItem,
    "/door": Door,
    "/bell": Bell,
}


VERSIONS = (Version("1.0", ROUTES),)


def kit_app(config_name: str = "testing", versions: Sequence[Version] = VERSIONS) -> Flask:
    """Build an application that serves things instead of the project's resources."""
    return create_app(config_name, versions, load_caller)


@contextmanager
def another_kit_app(
    app: Flask,
    versions: Sequence[Version] = VERSIONS,
    /,
    config_name: str = "testing",
    **settings: str,
) -> Iterator[Flask]:
    """Provide an application on the same database, with other versions or settings."""
    address = app.config["SQLALCHEMY_DATABASE_URI"]
    needed = production(address) if config_name == "production" else {"TEST_DATABASE_URL": address}
    make = partial(kit_app, versions=versions)
    with other_app(config_name, make, **{**needed, **settings}) as another:
        yield another


def make_thing(app: Flask, *tags: str, **columns: Any) -> Thing:
    """Store a thing."""
    with app.app_context():
        thing = Thing(**{"name": "a thing", **columns})
        known = {tag.name: tag for tag in db.session.scalars(select(Tag))}
        thing.tags = [known.get(name) or Tag(name=name) for name in tags]
        db.session.add(thing)
        db.session.commit()
        return thing


def caller_of(app: Flask, user_id: int = 1, *roles: str) -> Client:
    """Return a client whose token carries these roles."""
    client = new_client(app)
    with app.app_context():
        claims = {"roles": list(roles)}
        client.access_token = create_access_token(str(user_id), additional_claims=claims)
    return client
