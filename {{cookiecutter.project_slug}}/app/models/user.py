"""Users and the roles they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    event,
    insert,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

{% if cookiecutter.database != 'postgresql' %}
from app.models.base import TABLE_OPTIONS, Base, Entity
{% else %}
from app.models.base import Base, Entity
{% endif %}
from app.security import passwords

if TYPE_CHECKING:
    from app.models.post import Post

ADMIN = "admin"
USER = "user"
ROLES = (ADMIN, USER)

user_roles = Table(
    "user_roles",
    Base.metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True, index=True),
{% if cookiecutter.database == 'mysql' %}
    **TABLE_OPTIONS,
{% endif %}
)


class Role(Base):
    """What a user may do beyond what everybody may."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)


class User(Entity):
    """A person with a name, an e-mail address and a password."""

    __tablename__ = "users"
    __table_args__ = (
        # No writer can forget to fold what has to be unique.
        CheckConstraint("username_key = lower(username)", "username_key_folded"),
        CheckConstraint("email_key = lower(email)", "email_key_folded"),
        Index("ix_users_username", "username", "id"),
        Index("ix_users_created_at", "created_at", "id"),
        Index("ix_users_updated_at", "updated_at", "id"),
{% if cookiecutter.database != 'postgresql' %}
        TABLE_OPTIONS,
{% endif %}
    )

    username: Mapped[str] = mapped_column(String(64{{ ', "C"' if cookiecutter.database == 'postgresql' }}))
    # Names and addresses are unique without regard to case.
    username_key: Mapped[str] = mapped_column(String(64), unique=True, deferred=True)
    email: Mapped[str] = mapped_column(String(255{{ ', "C"' if cookiecutter.database == 'postgresql' }}))
    email_key: Mapped[str] = mapped_column(String(255), unique=True, deferred=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True)

    roles: Mapped[list[Role]] = relationship(secondary=user_roles, order_by=Role.name)
    # The database deletes them with the user, those that were loaded too.
    posts: Mapped[list[Post]] = relationship(back_populates="user", passive_deletes="all")

    def __init__(self, *, password: str, **columns: Any) -> None:
        super().__init__(**columns)
        self.password = password

    @validates("username", "email")
    def _fold(self, name: str, value: str) -> str:
        setattr(self, f"{name}_key", value.lower())
        return value

    @property
    def password(self) -> str:
        """Not to be read: only its hash is kept."""
        raise AttributeError("A password can't be read.")

    @password.setter
    def password(self, password: str) -> None:
        self.password_hash = passwords.hash_password(password)

    def verify_password(self, password: str) -> bool:
        """Whether this is the user's password."""
        return passwords.verify(self.password_hash, password)

    def has_role(self, name: str) -> bool:
        """Whether the user holds the role of that name."""
        return any(role.name == name for role in self.roles)

    @property
    def is_admin(self) -> bool:
        return self.has_role(ADMIN)


@event.listens_for(Role.__table__, "after_create")
def insert_roles(table: Table, connection: Connection, **kw: object) -> None:
    """Give a database made by create_all() the roles that the first migration inserts."""
    connection.execute(insert(table), [{"name": name} for name in ROLES])
