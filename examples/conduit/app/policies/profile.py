"""Profiles: who is seen, and whom the viewer follows."""

from sqlalchemy import ColumnElement, exists, false
from sqlalchemy.orm import with_expression

from app.api.rows import one_or_404
from app.models.user import User, follows
from app.policies.user import NOT_FOUND, visible_users


def is_followed(viewer: User | None) -> ColumnElement[bool]:
    """Tell whether the viewer follows the selected user."""
    if viewer is None:
        return false()
    return exists().where(follows.c.follower_id == viewer.id, follows.c.followed_id == User.id)


def visible_profile(viewer: User | None, username: str) -> User:
    """Return an active user as the viewer sees them, or raise 404."""
    named = visible_users(None).where(User.username_key == username.lower())
    seen = named.options(with_expression(User.following, is_followed(viewer)))
    # The row may be loaded already, without the expression or with what it was before a write.
    return one_or_404(seen.execution_options(populate_existing=True), NOT_FOUND)
