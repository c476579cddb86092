"""Articles and comments: who may see and change them, and what depends on who looks."""

from typing import TypeVar

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import contains_eager, selectinload, undefer, with_expression
from werkzeug.exceptions import Forbidden

from app.api.rows import one_or_404
from app.models.article import Article, Comment, Tag, article_tags, favorites
from app.models.user import User
from app.policies.profile import is_followed

M = TypeVar("M", Article, Comment)


def written(model: type[M], viewer: User | None) -> Select[M]:
    """Select what active users wrote, newest first, with its authors as the viewer sees them."""
    author = with_expression(User.following, is_followed(viewer))
    return (
        select(model)
        .join(model.author)
        .where(User.is_active)
        .options(contains_eager(model.author).options(author))
        .order_by(model.created_at.desc(), model.id.desc())
        .execution_options(populate_existing=True)
    )


def visible_articles(viewer: User | None) -> Select[Article]:
    """Select all articles, without their bodies, and what the viewer and others like."""
    fans = favorites.c.article_id == Article.id
    is_fan = exists().where(fans, favorites.c.user_id == (viewer and viewer.id))
    count = select(func.count()).where(fans).scalar_subquery()
    return written(Article, viewer).options(
        selectinload(Article.tags),
        with_expression(Article.favorited, is_fan),
        with_expression(Article.favorites_count, count),
    )


def visible_article(viewer: User | None, slug: str) -> Article:
    """Return an article, or raise 404."""
    named = visible_articles(viewer).where(Article.slug == slug).options(undefer(Article.body))
    return one_or_404(named, "Article not found")


def visible_comments(viewer: User | None, slug: str) -> Select[Comment]:
    """Select the comments on an article; raise 404 if there is no such article."""
    article = visible_article(viewer, slug)
    return written(Comment, viewer).where(Comment.article_id == article.id)


def visible_comment(viewer: User, slug: str, id: int) -> Comment:
    """Return a comment on an article, or raise 404."""
    comments = visible_comments(viewer, slug)
    return one_or_404(comments.where(Comment.id == id), "Comment not found")


def own(viewer: User, row: M) -> M:
    """Return what the viewer wrote, or anything to an admin; raise 403 for others."""
    if row.author_id != viewer.id and not viewer.is_admin:
        raise Forbidden("Only the author or an admin may do this")
    return row


def popular_tags() -> Select[str]:
    """Select the names of the tags of visible articles, the most used ones first."""
    used = select(Tag.name).join(article_tags).join(Article).join(User).where(User.is_active)
    return used.group_by(Tag.name).order_by(func.count().desc(), Tag.name).limit(100)
