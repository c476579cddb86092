{% set mysql = cookiecutter.database == 'mysql' %}
"""Pages by keyset: each begins where the last one ended, so that a deep one costs no more.

{% if mysql %}
A page costs one query, or two when no index holds its whole order. Pages are read from the index
that was made for the list, if there is one.
{% else %}
A page costs one query, whose comparison is written so that an index can answer it.
{% endif %}
"""

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
{% if mysql %}
from sqlalchemy import BinaryExpression, Column, ColumnElement, Index, Select, and_, func, or_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.expression import BooleanClauseList
{% else %}
from sqlalchemy import ColumnElement, Select, and_, func, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute
{% endif %}

from app.api.fields import MAX_ID, UNSTORABLE
from app.backend.base import Entity
from app.extensions import db

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
    """One page of rows, as a `ListQuery` asks for it; a total costs a query more.

    Raises ValidationError for a cursor that is broken or belongs to another order.
    """
    order = _order(model, query["sort"])
    sort = ",".join(f"{'-' * item.descending}{item.column.key}" for item in order)
    cursor = _read_cursor(query["cursor"], sort, order) if query["cursor"] else None
    backwards = cursor is not None and cursor.backwards

    per_page = query["per_page"]
    statement = rows.order_by(*(item.clause(backwards) for item in order)).limit(per_page + 1)
    if cursor:
        statement = statement.where(_after(order, cursor.values, backwards))
{% if mysql %}
    if index := _index(rows, model, order):
        # By itself the server takes a range of many rows for no better than all, and sorts them.
        statement = statement.with_hint(model, f"FORCE INDEX ({index.name})")
    found = _fetch(statement, order, per_page, backwards)
{% else %}
    found = list(db.session.scalars(statement))
{% endif %}
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


def _order(model: type[Entity], sort: Sequence[tuple[str, bool]]) -> list[Order]:
    """The columns to sort by; the id comes last, as nothing is left to decide after it."""
    order = []
    for name, descending in sort:
        order.append(Order(getattr(model, name), descending))
        if name == "id":
            return order
    return [*order, Order(model.id, order[-1].descending)]


def _after(order: list[Order], values: list[Any], backwards: bool) -> ColumnElement[bool]:
{% if mysql %}
    """The rows beyond a place: `a >= x AND (a > x OR a = x AND b > y)`.

    An index on (a, b) answers it; the server would not use one for `(a, b) > (x, y)`.
    """
{% else %}
    """The rows beyond a place, as an index on the columns answers it.

    That is `(a, b) > (x, y)`, or `a >= x AND (a > x OR a = x AND b < y)` for mixed directions.
    """
    if len({item.descending for item in order}) == 1:
        compare = operator.lt if order[0].descending != backwards else operator.gt
        columns = tuple_(*(item.column for item in order))
        return cast(ColumnElement[bool], compare(columns, tuple(values)))
{% endif %}
    *outer, last = zip(order, values, strict=True)
    condition = last[0].beyond(last[1], backwards)
    for item, value in reversed(outer):
        condition = and_(
            item.at_or_beyond(value, backwards),
            or_(item.beyond(value, backwards), and_(item.column == value, condition)),
        )
    return condition


{% if mysql %}
def _index(rows: Select[M], model: type[M], order: list[Order]) -> Index | None:
    """The index in which the rows of a list stand together and in order, if there is one."""
    where = rows.whereclause
    if where is None:
        filters: Sequence[ColumnElement[Any]] = []
    else:
        filters = where.clauses if isinstance(where, BooleanClauseList) else [where]
    fixed = {_fixed_column(clause) for clause in filters}
    first = order[0].column.key
    end = [first] if first == "id" else [first, "id"]
    for index in db.metadata.tables[model.__tablename__].indexes:
        names = [column.name for column in index.columns]
        if set(names[: -len(end)]) == fixed and names[-len(end) :] == end:
            return index
    return None


def _fixed_column(clause: ColumnElement[Any]) -> str | None:
    """The column that a filter holds to one value, or None for another kind of filter."""
    if isinstance(clause, BinaryExpression) and clause.operator is operator.eq:
        return clause.left.name if isinstance(clause.left, Column) else None
    return None


def _fetch(statement: Select[M], order: list[Order], per_page: int, backwards: bool) -> list[M]:
    """The rows of a page and one more, if there is one.

    The server sorts all rows when one index does not hold the whole order. So a first query finds,
    by the first column alone, how far these rows reach: only as many are left to be sorted.
    """
    # An index ends with the id, and is read in one direction.
    if len(order) > 2 or order[0].descending != order[-1].descending:
        first = order[0]
        in_order = statement.order_by(None).order_by(first.clause(backwards))
        column = in_order.with_only_columns(first.column, maintain_column_froms=True)
        reach = db.session.scalar(column.offset(per_page).limit(1))
        if reach is not None:
            found = list(
                db.session.scalars(statement.where(first.at_or_beyond(reach, not backwards)))
            )
            # Others may have deleted rows since.
            if len(found) > per_page:
                return found
    return list(db.session.scalars(statement))


{% endif %}
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
    except (ValueError, TypeError, OverflowError, RecursionError):
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
    if kind is int and abs(value) > MAX_ID:
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
