"""Posts: drafts until they are published."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.backend.base import Entity
from app.backend.database import LONG_TEXT, TABLE_OPTIONS, text_type
from app.models.user import User


class Post(Entity):
    """A text with a title, by one user."""

    __tablename__ = "posts"
    # One index for each order that a list can be asked for; ties end in the id.
    __table_args__ = (
        Index("ix_posts_published_created_at", "published", "created_at", "id"),
        Index("ix_posts_published_updated_at", "published", "updated_at", "id"),
        Index("ix_posts_user_id_published_created_at", "user_id", "published", "created_at", "id"),
        Index("ix_posts_user_id_published_updated_at", "user_id", "published", "updated_at", "id"),
        TABLE_OPTIONS,
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(text_type(255))
    content: Mapped[str] = mapped_column(LONG_TEXT)
    published: Mapped[bool] = mapped_column(default=False)

    user: Mapped[User] = relationship()
