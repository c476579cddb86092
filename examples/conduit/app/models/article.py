"""Articles with their tags, comments and fans."""

from secrets import token_hex
from unicodedata import category, normalize

from sqlalchemy import ForeignKey, Index
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship, validates

from app.backend.base import Base, Entity, association_table
from app.backend.database import LONG_TEXT, TABLE_OPTIONS, text_type
from app.models.user import User

article_tags = association_table("article_tags", article_id="articles.id", tag_id="tags.id")
favorites = association_table("favorites", user_id="users.id", article_id="articles.id")


class Tag(Base):
    """A word that many articles share."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(text_type(64), unique=True)


class Article(Entity):
    """A text with a title, from which its address is made."""

    __tablename__ = "articles"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "author_id", "created_at", "id"),
        TABLE_OPTIONS,
    )

    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    slug: Mapped[str] = mapped_column(text_type(255), unique=True)
    title: Mapped[str] = mapped_column(text_type(255))
    description: Mapped[str] = mapped_column(text_type(1000))
    body: Mapped[str] = mapped_column(LONG_TEXT, deferred=True)

    author: Mapped[User] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=article_tags, order_by=Tag.name)
    tag_list: AssociationProxy[list[str]] = association_proxy("tags", "name")
    fans: Mapped[list[User]] = relationship(secondary=favorites, viewonly=True)
    # Both depend on the query: see app/policies/article.py.
    favorited: Mapped[bool] = query_expression()
    favorites_count: Mapped[int] = query_expression()

    @validates("title")
    def _make_slug(self, key: str, title: str) -> str:
        if title != self.title:
            # Its words, in any script, and a suffix that sets equal titles apart.
            letters = (c if category(c)[0] in "LMN" else " " for c in normalize("NFC", title))
            self.slug = "-".join([*"".join(letters).lower()[:200].split(), token_hex(4)])
        return title


class Comment(Entity):
    """A remark on an article."""

    __tablename__ = "comments"
    __table_args__ = (Index(None, "article_id", "created_at", "id"), TABLE_OPTIONS)

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    body: Mapped[str] = mapped_column(LONG_TEXT)

    author: Mapped[User] = relationship()
