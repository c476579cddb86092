"""The base of all tables: named constraints, UTC times, a version for concurrent writers."""

import enum
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from app.backend.database import ASSOCIATION_OPTIONS, TABLE_OPTIONS, TIME


class Base(DeclarativeBase):
    """Declarative base of tables that migrations can change.

    Every constraint has a name, and every foreign key an index. An enum, `Mapped[Kind]`, is text in
    the database, namely the names of its members: a new member needs no migration.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    __table_args__: Any = TABLE_OPTIONS

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        table = cls.__dict__.get("__table__")
        if isinstance(table, Table):
            index_foreign_keys(table)


Base.registry.update_type_annotation_map({enum.Enum: Enum(enum.Enum, native_enum=False, length=64)})


def index_foreign_keys(table: Table) -> None:
    """Add an index for each foreign key whose columns no index or constraint begins with."""
    led = [
        [column.name for column in rule.columns]
        for rule in (*table.indexes, *table.constraints)
        if isinstance(rule, Index | PrimaryKeyConstraint | UniqueConstraint)
    ]
    for key in table.foreign_key_constraints:
        if not any(names[: len(key.columns)] == key.column_keys for names in led):
            Index(None, *key.columns)


def association_table(name: str, **columns: str) -> Table:
    """Return the table of a many-to-many relationship, whose columns refer to two others.

    `association_table("follows", follower_id="users.id", followed_id="users.id")` connects users;
    a row goes with either of the rows that it connects.
    """
    (left, left_target), (right, right_target) = columns.items()
    return Table(
        name,
        Base.metadata,
        Column(left, ForeignKey(left_target, ondelete="CASCADE"), primary_key=True),
        Column(right, ForeignKey(right_target, ondelete="CASCADE"), primary_key=True, index=True),
        **ASSOCIATION_OPTIONS,
    )


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time, in UTC on its way in and out, to the microsecond."""

    impl = TIME
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"A time without a time zone: {value}")
        utc = value.astimezone(UTC)
        return utc if TIME.timezone else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # A server that keeps time zones answers in that of its session.
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def utcnow() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC)


class Entity(Base):
    """Base of models with an id, timestamps, and a version for optimistic locking."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, sort_order=1)
    updated_at: Mapped[datetime] = mapped_column(
        UTCDateTime,
        default=lambda context: context.get_current_parameters()["created_at"],
        onupdate=utcnow,
        sort_order=2,
    )
    version: Mapped[int] = mapped_column(sort_order=3)

    def update(self, changes: Mapping[str, Any]) -> None:
        """Set columns and relationships by name."""
        for name, value in changes.items():
            setattr(self, name, value)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}
