"""Articles and comments: who may see and change them, and what depends on who looks."""

from typing import TypeVar

from sqlalchemy import Select, exists, func, select, true
from sqlalchemy.orm import contains_eager, defer, selectinload, with_expression
from werkzeug.exceptions import Forbidden

from app.extensions import db
from app.models.article import Article, Comment, Tag, article_tags, favorites
from app.models.user import User
from app.policies.profile import is_followed

M = TypeVar("M", Article, Comment)

NO_ARTICLE = "Article not found"
NO_COMMENT = "Comment not found"
NOT_AUTHOR = "Only the author or an admin may do this"


def written(model: type[M], viewer: User | None) -> Select[M]:
    """Select what active users wrote, newest first, with its authors as the viewer sees them."""
    author = with_expression(User.following, is_followed(viewer))
    return (
        select(model)
        .join(model.author)
        .where(User.is_active == true())
        .options(contains_eager(model.author).options(author))
        .order_by(model.created_at.desc(), model.id.desc())
        # As in a profile: the rows may be loaded already.
        .execution_options(populate_existing=True)
    )


def visible_articles(viewer: User | None) -> Select[Article]:
    """Select all articles, with what is theirs and the viewer's."""
    fans = favorites.c.article_id == Article.id
    is_fan = exists().where(fans, favorites.c.user_id == (viewer and viewer.id))
    count = select(func.count()).where(fans).scalar_subquery()
    return written(Article, viewer).options(
        selectinload(Article.tags),
        with_expression(Article.favorited, is_fan),
        with_expression(Article.favorites_count, count),
    )


def listed_articles(viewer: User | None) -> Select[Article]:
    """Select all articles without their bodies."""
    return visible_articles(viewer).options(defer(Article.body, raiseload=True))


def visible_article(viewer: User | None, slug: str) -> Article:
    """Return an article, or raise 404."""
    named = visible_articles(viewer).where(Article.slug == slug)
    found: Article = db.one_or_404(named, description=NO_ARTICLE)
    return found


def visible_comments(viewer: User | None, slug: str) -> Select[Comment]:
    """Select the comments on an article; raise 404 if there is no such article."""
    article = visible_article(viewer, slug)
    return written(Comment, viewer).where(Comment.article_id == article.id)


def visible_comment(viewer: User, slug: str, id: int) -> Comment:
    """Return a comment on an article, or raise 404."""
    comment = visible_comments(viewer, slug).where(Comment.id == id)
    found: Comment = db.one_or_404(comment, description=NO_COMMENT)
    return found


def require_author(viewer: User, row: Article | Comment) -> None:
    """Raise 403 unless the viewer wrote this or is an admin."""
    if row.author_id != viewer.id and not viewer.is_admin:
        raise Forbidden(NOT_AUTHOR)


def popular_tags() -> Select[str]:
    """Select the names of the tags of visible articles, the most used ones first."""
    used = (
        select(Tag.name).join(article_tags).join(Article).join(User).where(User.is_active == true())
    )
    return used.group_by(Tag.name).order_by(func.count().desc(), Tag.name).limit(100)
