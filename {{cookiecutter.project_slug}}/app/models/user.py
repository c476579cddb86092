"""Users and the roles they hold."""

from typing import Any

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.backend.base import Base, Entity, association_table
from app.backend.database import TABLE_OPTIONS, text_type
from app.security import passwords

# Any role that ROLES names can be given to users; its row is made when it is first given.
ADMIN = "admin"
USER = "user"
ROLES = (ADMIN, USER)

user_roles = association_table("user_roles", user_id="users.id", role_id="roles.id")


class Role(Base):
    """A name that permissions are tied to."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)


class User(Entity):
    """A person with a name, an e-mail address and a password."""

    __tablename__ = "users"
    __table_args__ = (
        # The unique columns hold lower case, no matter which code writes to the table.
        CheckConstraint("username_key = lower(username)", "username_key_folded"),
        CheckConstraint("email_key = lower(email)", "email_key_folded"),
        Index("ix_users_username", "username", "id"),
        Index("ix_users_created_at", "created_at", "id"),
        Index("ix_users_updated_at", "updated_at", "id"),
        TABLE_OPTIONS,
    )

    username: Mapped[str] = mapped_column(text_type(64))
    # Names and e-mail addresses are unique without regard to case.
    username_key: Mapped[str] = mapped_column(String(64), unique=True, deferred=True)
    email: Mapped[str] = mapped_column(text_type(255))
    email_key: Mapped[str] = mapped_column(String(255), unique=True, deferred=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True)

    roles: Mapped[list[Role]] = relationship(secondary=user_roles, order_by=Role.name)

    def __init__(self, *, password: str, **columns: Any) -> None:
        super().__init__(**columns)
        self.password = password

    @validates("username", "email")
    def _fold(self, name: str, value: str) -> str:
        setattr(self, f"{name}_key", value.lower())
        return value

    @property
    def password(self) -> str:
        """Set the password; it can't be read, since only its hash is kept."""
        raise AttributeError("A password can't be read.")

    @password.setter
    def password(self, password: str) -> None:
        self.password_hash = passwords.hash_password(password)

    def verify_password(self, password: str) -> bool:
        """Return whether this is the user's password."""
        return passwords.verify(self.password_hash, password)

    def has_role(self, name: str) -> bool:
        """Return whether the user holds a role."""
        return any(role.name == name for role in self.roles)

    @property
    def is_admin(self) -> bool:
        """Whether the user is an admin."""
        return self.has_role(ADMIN)
