"""Posts: drafts until they are published."""

{% if cookiecutter.database == 'mysql' %}
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.dialects.mysql import MEDIUMTEXT
{% else %}
from sqlalchemy import ForeignKey, Index, String, Text
{% endif %}
from sqlalchemy.orm import Mapped, mapped_column, relationship

{% if cookiecutter.database != 'postgresql' %}
from app.models.base import TABLE_OPTIONS, Entity
{% else %}
from app.models.base import Entity
{% endif %}
from app.models.user import User


class Post(Entity):
    """A text with a title, by one user."""

    __tablename__ = "posts"
    # One index for each order that a list can be asked for; ties end in the id.
    __table_args__ = (
        Index("ix_posts_published_id", "published", "id"),
        Index("ix_posts_published_created_at", "published", "created_at", "id"),
        Index("ix_posts_published_updated_at", "published", "updated_at", "id"),
        Index("ix_posts_published_title", "published", "title", "id"),
        Index("ix_posts_user_id_published_id", "user_id", "published", "id"),
        Index("ix_posts_user_id_published_created_at", "user_id", "published", "created_at", "id"),
        Index("ix_posts_user_id_published_updated_at", "user_id", "published", "updated_at", "id"),
        Index("ix_posts_user_id_published_title", "user_id", "published", "title", "id"),
{% if cookiecutter.database != 'postgresql' %}
        TABLE_OPTIONS,
{% endif %}
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
{% if cookiecutter.database == 'postgresql' %}
    # Titles sort by code point, whatever the language of the server.
    title: Mapped[str] = mapped_column(String(255, "C"))
{% else %}
    title: Mapped[str] = mapped_column(String(255))
{% endif %}
{% if cookiecutter.database == 'mysql' %}
    content: Mapped[str] = mapped_column(MEDIUMTEXT)
{% else %}
    content: Mapped[str] = mapped_column(Text)
{% endif %}
    published: Mapped[bool] = mapped_column(default=False)

    user: Mapped[User] = relationship(back_populates="posts")
