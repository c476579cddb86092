"""Permissions on users."""

from sqlalchemy import Select, exists, select, true, update
from werkzeug.exceptions import Conflict, Forbidden

from app.api.rows import one_or_404
from app.extensions import db
from app.models.user import ADMIN, Role, User

NOT_FOUND = "User not found"
NOT_THE_USER = "Only the user or an admin may do this"
LAST_ADMIN = "The last active admin can't be removed or demoted"


def visible_users(viewer: User | None) -> Select[User]:
    """Select the active users; for an admin, all of them."""
    users = select(User)
    return users if viewer and viewer.is_admin else users.where(User.is_active == true())


def visible_user(viewer: User | None, id: int) -> User:
    """Return a user whom the viewer may see, or raise 404."""
    return one_or_404(visible_users(viewer).where(User.id == id), NOT_FOUND)


def can_manage(viewer: User | None, user: User) -> bool:
    """Return whether the viewer may see a user's private fields and change them."""
    return viewer is not None and (viewer.id == user.id or viewer.is_admin)


def can_filter_by_role(viewer: User | None) -> bool:
    """Return whether the viewer may filter users by role."""
    return viewer is not None and viewer.is_admin


def editable_user(viewer: User, id: int) -> User:
    """Return a user whom the viewer may change; raise 404 if they are invisible, else 403."""
    user = visible_user(viewer, id)
    if not can_manage(viewer, user):
        raise Forbidden(NOT_THE_USER)
    return user


def keep_an_admin(user: User) -> None:
    """Raise 409 if this is the last active admin; call it before demoting or deleting one."""
    if not (user.is_admin and user.is_active):
        return
    # Writing to the role's row makes concurrent removals wait for each other; otherwise each of two
    # could rely on the admin that the other one removes.
    db.session.execute(update(Role).where(Role.name == ADMIN).values(name=ADMIN))
    others = exists().where(
        User.id != user.id, User.is_active == true(), User.roles.any(Role.name == ADMIN)
    )
    if not db.session.scalar(select(others)):
        raise Conflict(LAST_ADMIN)
