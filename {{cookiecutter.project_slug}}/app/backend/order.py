"""The order of a list, column by column, and the rows beyond a place in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, literal, or_
from sqlalchemy.orm import InstrumentedAttribute


@dataclass(frozen=True)
class Order:
    """One column of an order; rows without a value come last in either direction."""

    column: InstrumentedAttribute[Any]
    descending: bool

    @property
    def nullable(self) -> bool:
        """Whether rows may have no value."""
        return bool(self.column.property.columns[0].nullable)

    def clauses(self, backwards: bool) -> list[ColumnElement[Any]]:
        """Return what to order by."""
        value = self.column.desc() if self.descending != backwards else self.column.asc()
        if not self.nullable:
            return [value]
        missing = self.column.is_(None)
        return [missing.desc() if backwards else missing.asc(), value]

    def literal(self, value: Any) -> ColumnElement[Any]:
        """Return a value as SQL; SQLAlchemy compares no bare `True` by order."""
        return literal(value, self.column.type)

    def equal(self, value: Any) -> ColumnElement[bool]:
        """Select the rows at a value."""
        return self.column.is_(None) if value is None else self.column == value

    def beyond(self, value: Any, backwards: bool) -> ColumnElement[bool]:
        """Select the rows beyond a value."""
        if value is None:
            return self.column.is_not(None) if backwards else false()
        place = self.literal(value)
        descends = self.descending != backwards
        beyond = self.column < place if descends else self.column > place
        return or_(beyond, self.column.is_(None)) if self.nullable and not backwards else beyond

    def at_or_beyond(self, value: Any, backwards: bool) -> ColumnElement[bool]:
        """Select the rows at a value or beyond it."""
        if self.nullable:
            return or_(self.equal(value), self.beyond(value, backwards))
        place = self.literal(value)
        descends = self.descending != backwards
        return self.column <= place if descends else self.column >= place


def beyond_place(
    order: Sequence[Order], values: Sequence[Any], backwards: bool
) -> ColumnElement[bool]:
    """Select the rows beyond a place: `a >= x AND (a > x OR a = x AND b > y)`.

    An index on (a, b) answers it.
    """
    *outer, (last, value) = zip(order, values, strict=True)
    condition = last.beyond(value, backwards)
    for item, value in reversed(outer):
        condition = and_(
            item.at_or_beyond(value, backwards),
            or_(item.beyond(value, backwards), and_(item.equal(value), condition)),
        )
    return condition
