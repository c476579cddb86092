"""What `flask seed-demo` adds."""

import secrets
from collections.abc import Iterator

from sqlalchemy import or_, select

from app.accounts import add_user
from app.api.schemas import schema
from app.extensions import db
from app.models.post import Post
from app.models.user import ROLES, USER, User
from app.schemas.user import UserIn


def add_demo_data() -> Iterator[str]:
    """Add an admin and two users with posts, unless they exist; yield a line about each."""
    for name, roles in (("admin", ROLES), ("alice", (USER,)), ("bob", (USER,))):
        email = f"{name}@example.com"
        known = or_(User.username_key == name, User.email_key == email)
        if db.session.scalar(select(User.id).where(known)):
            yield f"{name} exists already."
            continue
        password = secrets.token_urlsafe(12)
        data = {"username": name, "email": email, "password": password}
        user = add_user(schema(UserIn).load(data), roles)
        if roles == (USER,):
            db.session.add_all(posts_of(user))
        db.session.commit()
        yield f"{name} added. The password is {password}"


def posts_of(user: User) -> Iterator[Post]:
    """Make some posts and drafts of a user."""
    for number in range(1, 13):
        yield Post(
            user=user,
            title=f"Post {number} of {user.username.capitalize()}",
            content="Some text, to have something to show.",
            published=number % 4 != 0,
        )
