"""Permissions on posts."""

from sqlalchemy import Select, false, or_, select, true
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import Forbidden, Unauthorized

from app.api.rows import one_or_404
from app.models.post import Post
from app.models.user import User

NOT_FOUND = "Post not found"
NOT_AUTHOR = "Only the author or an admin may do this"
DRAFTS_NEED_LOGIN = "Listing drafts requires an access token"

POSTS = select(Post).options(joinedload(Post.user))


def listed_posts(viewer: User | None, *, published: bool) -> Select[Post]:
    """Select the published posts, or the drafts that the viewer may see; without one, raise 401."""
    if published:
        return POSTS.where(Post.published == true())
    if viewer is None:
        raise Unauthorized(DRAFTS_NEED_LOGIN)
    drafts = POSTS.where(Post.published == false())
    return drafts if viewer.is_admin else drafts.where(Post.user_id == viewer.id)


def visible_posts(viewer: User | None) -> Select[Post]:
    """Select the published posts and the drafts that the viewer may see."""
    if viewer and viewer.is_admin:
        return POSTS
    if viewer is None:
        return POSTS.where(Post.published == true())
    return POSTS.where(or_(Post.published == true(), Post.user_id == viewer.id))


def visible_post(viewer: User | None, id: int) -> Post:
    """Return a post that the viewer may see, or raise 404."""
    return one_or_404(visible_posts(viewer).where(Post.id == id), NOT_FOUND)


def editable_post(viewer: User, id: int) -> Post:
    """Return a post that the viewer may change; raise 404 if it is invisible to them, else 403."""
    post = visible_post(viewer, id)
    if post.user_id != viewer.id and not viewer.is_admin:
        raise Forbidden(NOT_AUTHOR)
    return post
