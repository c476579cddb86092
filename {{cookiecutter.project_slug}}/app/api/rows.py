"""Finding rows, and adding those that must be there only once."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from sqlalchemy import Select, Table, exists, insert, select
from sqlalchemy.exc import IntegrityError

from app.backend.base import Base
from app.extensions import db


class Named(Protocol):
    """A model with a unique name."""

    # A column of the class, a text of its rows.
    name: Any

    def __init__(self, *, name: str) -> None: ...


M = TypeVar("M", bound=Base)
N = TypeVar("N", bound=Named)


def one_or_404(rows: Select[M], detail: str | None = None) -> M:
    """Return the row that a statement selects; raise 404 with this detail if there is none."""
    row: M = db.one_or_404(rows, description=detail)
    return row


def get_or_create_named(model: type[N], names: Iterable[str]) -> list[N]:
    """Return the rows of these names, ordered by name; create those that are missing."""
    wanted = {*names}
    named = select(model).where(model.name.in_(wanted)).order_by(model.name)
    rows = list(db.session.scalars(named))
    if len(rows) == len(wanted):
        return rows
    for missing in sorted(wanted - {row.name for row in rows}):
        # Another request may create it first.
        with suppress(IntegrityError), db.session.begin_nested():
            db.session.add(model(name=missing))
    return list(db.session.scalars(named))


def insert_once(table: Table, **values: Any) -> None:
    """Add a row to an association table, unless it is there; `delete(table)` removes it.

    Raises IntegrityError if it refers to a row that doesn't exist.
    """
    try:
        with db.session.begin_nested():
            db.session.execute(insert(table).values(values))
    except IntegrityError:
        same = (table.c[name] == value for name, value in values.items())
        if not db.session.scalar(select(exists().where(*same))):
            raise
