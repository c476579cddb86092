"""Sessions: they begin with a login and end with a logout."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.backend.base import Base, UTCDateTime, utcnow
from app.models.user import User


def new_id() -> str:
    """Return a random identifier of 32 hexadecimal digits."""
    return uuid.uuid4().hex


class Session(Base):
    """A login of a user; the row lives as long as its tokens may be used."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    # The id of the one refresh token that works; each use replaces it.
    refresh_id: Mapped[str] = mapped_column(String(32), default=new_id)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)

    user: Mapped[User] = relationship()

    def has_role(self, name: str) -> bool:
        """Return whether the session's user holds a role."""
        return self.user.has_role(name)
