"""Posts: drafts until they are published."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text
{% if cookiecutter.database == 'mysql' %}
from sqlalchemy.dialects.mysql import MEDIUMTEXT
{% endif %}
from sqlalchemy.orm import Mapped, mapped_column, relationship

{% if cookiecutter.database == 'mysql' %}
from app.models.base import TABLE_OPTIONS, Entity
{% else %}
from app.models.base import Entity
{% endif %}
from app.models.user import User


class Post(Entity):
    """A text with a title, by one user."""

    __tablename__ = "posts"
{% if cookiecutter.database == 'mysql' %}
    # One index for each order that the list can be asked for; ties end in the id. They don't begin
    # with `published`, as MariaDB would look only that up and walk to where the page begins.
    __table_args__ = (
        Index("ix_posts_created_at", "created_at", "id"),
        Index("ix_posts_updated_at", "updated_at", "id"),
        Index("ix_posts_title", "title", "id"),
        Index("ix_posts_user_id", "user_id", "created_at", "id"),
        TABLE_OPTIONS,
    )
{% else %}
    # One index for each order that the list can be asked for; ties end in the id.
    __table_args__ = (
        Index("ix_posts_published_created_at", "published", "created_at", "id"),
        Index("ix_posts_published_updated_at", "published", "updated_at", "id"),
        Index("ix_posts_published_title", "published", "title", "id"),
        Index("ix_posts_user_id_published", "user_id", "published", "created_at", "id"),
    )
{% endif %}

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
{% if cookiecutter.database == 'postgresql' %}
    # Titles sort by code point, whatever the language of the server.
    title: Mapped[str] = mapped_column(String(255, "C"))
{% else %}
    title: Mapped[str] = mapped_column(String(255))
{% endif %}
{% if cookiecutter.database == 'mysql' %}
    content: Mapped[str] = mapped_column(Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb"))
{% else %}
    content: Mapped[str] = mapped_column(Text)
{% endif %}
    published: Mapped[bool] = mapped_column(default=False)

    user: Mapped[User] = relationship(back_populates="posts")
