"""Who may see and do what: queries for what is visible, predicates for what is allowed."""

from typing import TypeVar

from sqlalchemy import Select, exists, false, or_, select, true, update
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import Conflict, Forbidden, NotFound, Unauthorized

from app.extensions import db
from app.models.base import Entity
from app.models.post import Post
from app.models.user import ADMIN, Role, User

M = TypeVar("M", bound=Entity)

{% if cookiecutter.database == 'mysql' %}
# Joined from outside: an inner join lets the server begin with the users and sort all their posts.
POSTS = select(Post).options(joinedload(Post.user))
{% else %}
POSTS = select(Post).options(joinedload(Post.user, innerjoin=True))
{% endif %}


def published_posts() -> Select[Post]:
    """What everybody may read."""
    return POSTS.where(Post.published == true())


def drafts(viewer: User | None) -> Select[Post]:
    """The viewer's own drafts, an admin's are all; 401 for nobody."""
    if viewer is None:
        raise Unauthorized("Drafts are listed only with a token")
    own = true() if viewer.is_admin else Post.user_id == viewer.id
    return POSTS.where(Post.published == false(), own)


def listed_posts(viewer: User | None, *, published: bool) -> Select[Post]:
    """What a list shows: published posts, or the drafts that the viewer may see."""
    return published_posts() if published else drafts(viewer)


def visible_posts(viewer: User | None) -> Select[Post]:
    """What is published, and the drafts that the viewer may see."""
    if viewer is None:
        return published_posts()
    if viewer.is_admin:
        return POSTS
    return POSTS.where(or_(Post.published == true(), Post.user_id == viewer.id))


def can_edit(viewer: User, post: Post) -> bool:
    """Whether the viewer wrote the post, or is an admin."""
    return post.user_id == viewer.id or viewer.is_admin


def visible_users(viewer: User | None) -> Select[User]:
    """Active users; for an admin all."""
    users = select(User)
    return users if viewer and viewer.is_admin else users.where(User.is_active == true())


def can_manage(viewer: User | None, user: User) -> bool:
    """Whether the viewer is the user or an admin: may see the private fields and change them."""
    return viewer is not None and (viewer.id == user.id or viewer.is_admin)


def may_list_roles(viewer: User | None) -> bool:
    """Whether the viewer may learn who holds a role."""
    return viewer is not None and viewer.is_admin


def one_or_404(visible: Select[M], model: type[M], id: int) -> M:
    """The row with this id, if it is among the visible ones."""
    row = db.session.scalars(visible.where(model.id == id)).one_or_none()
    if row is None:
        raise NotFound(f"{model.__name__} not found")
    return row


def editable_post(viewer: User, id: int) -> Post:
    """A post that the viewer may change: 404 if it isn't visible to them, 403 if it only is."""
    post = one_or_404(visible_posts(viewer), Post, id)
    if not can_edit(viewer, post):
        raise Forbidden("Only the author or an admin may do this")
    return post


def editable_user(viewer: User, id: int) -> User:
    """A user whom the viewer may change; 404 and 403 as for posts."""
    user = one_or_404(visible_users(viewer), User, id)
    if not can_manage(viewer, user):
        raise Forbidden("Only the user or an admin may do this")
    return user


def keep_an_admin(user: User) -> None:
    """Raise 409 if no other active admin would remain; call it before demoting or deleting one."""
    if not (user.is_admin and user.is_active):
        return
    # Writing to the role's row makes those who take away admins wait for each other: two of them
    # could otherwise each rely on the admin that the other one removes.
    db.session.execute(update(Role).where(Role.name == ADMIN).values(name=ADMIN))
    others = exists().where(
        User.id != user.id, User.is_active == true(), User.roles.any(Role.name == ADMIN)
    )
    if not db.session.scalar(select(others)):
        raise Conflict("The last active admin can't be removed or demoted")
