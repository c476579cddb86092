"""What all tables share: named constraints, UTC times, a version for concurrent writers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

{% if cookiecutter.database == 'mysql' %}
from sqlalchemy import Dialect, MetaData, TypeDecorator
from sqlalchemy.dialects.mysql import DATETIME
{% else %}
from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator
{% endif %}
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
{% if cookiecutter.database == 'sqlite' %}

# The id of what was deleted is given to nothing else.
TABLE_OPTIONS: dict[str, Any] = {"sqlite_autoincrement": True}
{% elif cookiecutter.database == 'mysql' %}

# Text compares and sorts by code point, whatever the server's default.
TABLE_OPTIONS: dict[str, Any] = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
{% endif %}


class Base(DeclarativeBase):
    """Declarative base; every constraint has a name, so that a migration can change it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
{% if cookiecutter.database != 'postgresql' %}
    __table_args__: Any = TABLE_OPTIONS
{% endif %}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time, in UTC on its way in and out, to the microsecond."""

{% if cookiecutter.database == 'mysql' %}
    impl = DATETIME(fsp=6)
{% elif cookiecutter.database == 'postgresql' %}
    impl = DateTime(timezone=True)
{% else %}
    impl = DateTime
{% endif %}
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"A time without its zone: {value}")
{% if cookiecutter.database == 'postgresql' %}
        return value.astimezone(UTC)
{% else %}
        return value.astimezone(UTC).replace(tzinfo=None)
{% endif %}

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
{% if cookiecutter.database == 'postgresql' %}
        # The server answers in the zone of its session.
        return value.astimezone(UTC)
{% else %}
        return value.replace(tzinfo=UTC)
{% endif %}


def utcnow() -> datetime:
    """The present time, aware and in UTC."""
    return datetime.now(UTC)


class Entity(Base):
    """An id, times of creation and last change, a version that lets one of two writers win."""

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
