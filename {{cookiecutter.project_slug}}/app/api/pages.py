"""Pages by keyset: each begins where the last one ended, so a deep one costs no more.

Pages by offset are for contracts that have them.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer
from marshmallow import ValidationError
from sqlalchemy import Select, func, inspect, select

from app.backend import keyset
from app.backend.base import Entity
from app.backend.order import Order
from app.extensions import db

M = TypeVar("M", bound=Entity)
R = TypeVar("R")

NOT_A_CURSOR = "Not a cursor of this list."
ANOTHER_ORDER = "Belongs to another order."

# How a cursor writes and reads the values that JSON doesn't have.
WRITTEN: dict[type, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    datetime: (datetime.isoformat, datetime.fromisoformat),
    date: (date.isoformat, date.fromisoformat),
    time: (time.isoformat, time.fromisoformat),
    Decimal: (str, Decimal),
    UUID: (str, UUID),
}


@dataclass(frozen=True)
class Page(Generic[R]):
    """A part of a list, and the headers that lead to the others."""

    items: Sequence[R]
    headers: dict[str, str]
    # The length of the whole list, if it was counted.
    total: int | None = None


@dataclass(frozen=True)
class Cursor:
    """A place between two rows of an order, and the direction to go from there."""

    sort: str
    backwards: bool
    values: list[Any]


def paginate(rows: Select[M], model: type[M], query: Mapping[str, Any]) -> Page[M]:
    """Return one page of rows, as a `ListQuery` asks for it; a total costs one more query.

    Raises ValidationError for a cursor that is broken or belongs to another order.
    """
    order = order_of(model, query["sort"])
    sort = ",".join(f"{'-' * item.descending}{item.column.key}" for item in order)
    cursor = read_cursor(query["cursor"], sort, order) if query["cursor"] else None
    backwards = cursor is not None and cursor.backwards

    per_page = query["per_page"]
    clauses = (clause for item in order for clause in item.clauses(backwards))
    statement = rows.order_by(*clauses)
    if cursor:
        statement = statement.where(keyset.after(order, cursor.values, backwards))
    fetched = keyset.fetch(db.session(), rows, statement, model, order, per_page + 1, backwards)
    more = len(fetched) > per_page
    items = fetched[:per_page]
    if backwards:
        items.reverse()

    links = [link("first", cursor=None)]
    if items and (more if backwards else cursor):
        place = Cursor(sort, True, place_of(items[0], order))
        links.append(link("prev", cursor=write_cursor(place)))
    if items and (cursor if backwards else more):
        place = Cursor(sort, False, place_of(items[-1], order))
        links.append(link("next", cursor=write_cursor(place)))
    return _page(items, links, count(rows) if query["total"] else None)


def paginate_by_offset(rows: Select[R], query: Mapping[str, Any]) -> Page[R]:
    """Return one page of rows in their own order, as an `OffsetQuery` asks for it, and the total.

    The order must end in a unique column. The database reads all rows up to the page, so prefer
    `paginate` where clients needn't name a position.

    Raises ValueError for rows without an order.
    """
    if not rows._order_by_clauses:
        raise ValueError("Pages by offset need an order_by() that ends in a unique column.")
    limit, offset = query["limit"], query["offset"]
    items = db.session.scalars(rows.limit(limit).offset(offset)).all()
    total = count(rows)
    links = [link("first", offset=None)]
    if offset > 0:
        links.append(link("prev", offset=max(min(offset, total) - limit, 0)))
    if offset + limit < total:
        links.append(link("next", offset=offset + limit))
    return _page(items, links, total)


def count(rows: Select[Any]) -> int:
    """Return the number of rows that a statement selects."""
    counted = rows.order_by(None)
    kind = rows.column_descriptions[0]["expr"]
    if isinstance(kind, type):
        # The rows may be distinct or grouped, but nothing else of them is needed.
        keys: tuple[Any, ...] = inspect(kind).primary_key
        counted = counted.with_only_columns(*keys, maintain_column_froms=True)
    return db.session.scalar(select(func.count()).select_from(counted.subquery())) or 0


def _page(items: Sequence[R], links: Sequence[str], total: int | None) -> Page[R]:
    headers = {"Link": ", ".join(links)}
    if total is not None:
        headers["X-Total-Count"] = str(total)
    return Page(items, headers, total)


def order_of(model: type[Entity], sort: Sequence[tuple[str, bool]]) -> list[Order]:
    """Return the columns to sort by; ties end in the id."""
    order = []
    for name, descending in sort:
        order.append(Order(getattr(model, name), descending))
        if name == "id":
            return order
    return [*order, Order(model.id, order[-1].descending)]


def place_of(row: Entity, order: Sequence[Order]) -> list[Any]:
    """Return the values of a row that an order looks at."""
    return [getattr(row, item.column.key) for item in order]


def write_cursor(cursor: Cursor) -> str:
    """Return a cursor as signed text, good for this address alone."""
    state = [cursor.sort, cursor.backwards, [write_value(value) for value in cursor.values]]
    return str(_serializer().dumps(state))


def read_cursor(text: str, sort: str, order: Sequence[Order]) -> Cursor:
    """Return the cursor of a text; raise ValidationError for one that can't be used."""
    try:
        made_for, backwards, values = _serializer().loads(text)
        if made_for != sort:
            raise ValidationError(ANOTHER_ORDER, "cursor")
        read = [read_value(value, item) for value, item in zip(values, order, strict=True)]
    except (BadData, ValueError, TypeError, ArithmeticError, KeyError):
        # Signed, but by a release whose columns had other types, perhaps.
        raise ValidationError(NOT_A_CURSOR, "cursor") from None
    return Cursor(sort, backwards, read)


def write_value(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, enum.Enum):
        return value.name
    write, _ = WRITTEN.get(type(value), (None, None))
    return write(value) if write else value


def read_value(value: Any, item: Order) -> Any:
    """Return a value as its column has it."""
    if value is None:
        return None
    kind = item.column.type.python_type
    if issubclass(kind, enum.Enum):
        return kind[value]
    _, read = WRITTEN.get(kind, (None, kind))
    return read(value)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=f"cursor {request.path}")


def link(relation: str, **place: Any) -> str:
    """Return a part of the Link header (RFC 8288): this request's address with another place."""
    parameters = {name: value for name, value in request.args.items() if name not in place}
    parameters |= {name: value for name, value in place.items() if value is not None}
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f'<{quote(request.script_root + request.path)}{query}>; rel="{relation}"'
