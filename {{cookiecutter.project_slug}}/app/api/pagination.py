"""Pages by keyset: each begins where the last one ended, so that a deep one costs no more.

A page costs one query, whose comparison is written so that an index answers it.
"""

import binascii
import json
import operator
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, cast
from urllib.parse import urlencode

from flask import request
from marshmallow import ValidationError
from sqlalchemy import ColumnElement, Select, and_, func, or_
from sqlalchemy.orm import InstrumentedAttribute

from app.extensions import db
from app.models.base import Entity
from app.schemas.fields import UNSTORABLE

M = TypeVar("M", bound=Entity)


@dataclass(frozen=True)
class Page(Generic[M]):
    """A part of a list, and the headers that lead to the others."""

    items: Sequence[M]
    headers: dict[str, str]


@dataclass(frozen=True)
class Order:
    """One column of an order."""

    column: InstrumentedAttribute[Any]
    descending: bool

    def clause(self, backwards: bool) -> ColumnElement[Any]:
        return self.column.desc() if self.descending != backwards else self.column.asc()

    def beyond(self, value: Any, backwards: bool) -> ColumnElement[bool]:
        compare = operator.lt if self.descending != backwards else operator.gt
        return cast(ColumnElement[bool], compare(self.column, value))

    def at_or_beyond(self, value: Any, backwards: bool) -> ColumnElement[bool]:
        compare = operator.le if self.descending != backwards else operator.ge
        return cast(ColumnElement[bool], compare(self.column, value))


@dataclass(frozen=True)
class Cursor:
    """A place between two rows of an order, and the way to go from there."""

    sort: str
    backwards: bool
    values: list[Any]

    def __str__(self) -> str:
        state = [self.sort, self.backwards, [_plain(value) for value in self.values]]
        return urlsafe_b64encode(json.dumps(state).encode()).decode().rstrip("=")


def paginate(rows: Select[M], model: type[M], query: Mapping[str, Any]) -> Page[M]:
    """One page of rows, as a `ListQuery` asks for it, in one query, or two with a total.

    Raises ValidationError for a cursor that is broken or belongs to another order.
    """
    order = [Order(getattr(model, name), descending) for name, descending in query["sort"]]
    if "id" not in dict(query["sort"]):
        order.append(Order(model.id, order[-1].descending))
    sort = ",".join(f"{'-' * item.descending}{item.column.key}" for item in order)
    cursor = _read_cursor(query["cursor"], sort, order) if query["cursor"] else None
    backwards = cursor is not None and cursor.backwards

    per_page = query["per_page"]
    statement = rows.order_by(*(item.clause(backwards) for item in order)).limit(per_page + 1)
    if cursor:
        statement = statement.where(_after(order, cursor.values, backwards))
    found = list(db.session.scalars(statement))
    more = len(found) > per_page
    items = found[:per_page]
    if backwards:
        items.reverse()

    links = [_link("first", None)]
    if items and (more if backwards else cursor):
        links.append(_link("prev", Cursor(sort, True, _place(items[0], order))))
    if items and (cursor if backwards else more):
        links.append(_link("next", Cursor(sort, False, _place(items[-1], order))))
    headers = {"Link": ", ".join(links)}
    if query["total"]:
        everything = rows.order_by(None).with_only_columns(func.count(), maintain_column_froms=True)
        headers["X-Total-Count"] = str(db.session.scalar(everything))
    return Page(items, headers)


def _after(order: list[Order], values: list[Any], backwards: bool) -> ColumnElement[bool]:
    """The rows beyond a place: `a >= x AND (a > x OR b > y)`, which an index on (a, b) answers."""
    *outer, last = zip(order, values, strict=True)
    condition = last[0].beyond(last[1], backwards)
    for item, value in reversed(outer):
        condition = and_(
            item.at_or_beyond(value, backwards), or_(item.beyond(value, backwards), condition)
        )
    return condition


def _place(row: Entity, order: list[Order]) -> list[Any]:
    return [getattr(row, item.column.key) for item in order]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _read_cursor(text: str, sort: str, order: list[Order]) -> Cursor:
    try:
        decoded = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        made_for, backwards, values = json.loads(decoded)
        if made_for != sort:
            raise ValidationError("Belongs to another order.", "cursor")
        if not isinstance(backwards, bool):
            raise TypeError
        read = [_value(item, value) for item, value in zip(order, values, strict=True)]
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
        if isinstance(error, ValidationError):
            raise
        raise ValidationError("Not a cursor of this list.", "cursor") from None
    return Cursor(sort, backwards, read)


def _value(item: Order, value: Any) -> Any:
    """A value of a cursor, as its column holds it."""
    kind = item.column.type.python_type
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    if type(value) is not kind:
        raise TypeError
    if kind is int and abs(value) >= 2**63:
        raise ValueError
    if kind is str and UNSTORABLE.search(value):
        raise ValueError
    return value


def _link(relation: str, cursor: Cursor | None) -> str:
    """A Link header's part (RFC 8288); the address is that of this request, but for the cursor."""
    parameters = {name: value for name, value in request.args.items() if name != "cursor"}
    if cursor:
        parameters["cursor"] = str(cursor)
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f'<{request.script_root}{request.path}{query}>; rel="{relation}"'
