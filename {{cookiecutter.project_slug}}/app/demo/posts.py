"""Posts of the users that `flask seed-demo` adds."""

from collections.abc import Iterator

from app.models.post import Post
from app.models.user import User


def rows_of(user: User) -> Iterator[Post]:
    """Make a user's posts; every fourth one is a draft."""
    for number in range(1, 13):
        yield Post(
            user=user,
            title=f"Post {number} of {user.username.capitalize()}",
            content="Some text to look at.",
            published=number % 4 != 0,
        )
