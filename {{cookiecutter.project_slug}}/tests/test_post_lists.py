"""Lists of posts: orders, filters, drafts, totals, and what they cost."""

from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from app.api.fields import Sort
from app.api.schemas import schema
from app.schemas.post import PostOut, PostQuery, UserPostQuery
from tests.factories import client_of, make_admin, make_user
from tests.posts import make_post
from tests.support.answers import faults, ids
from tests.support.client import Client
from tests.support.statements import statements_of


def sorts_of(cls: Any) -> list[str]:
    """Return the orders that a list offers, in both directions."""
    field = schema(cls).fields["sort"]
    assert isinstance(field, Sort)
    return [f"{sign}{name}" for name in field.names for sign in ("", "-")]


@pytest.mark.parametrize("path", ["/posts", "/users/{id}/posts"])
def test_each_offered_order_is_kept(app: Flask, client: Client, path: str) -> None:
    user = make_user(app)
    posts = [make_post(app, user).id for _ in range(3)]
    # Updated in a different order than created.
    client_of(app, user).patch(f"/posts/{posts[0]}", json={"title": "Changed later"})
    for sort in sorts_of(PostQuery if path == "/posts" else UserPostQuery):
        name = sort.lstrip("-")
        listed: Any = client.get(f"{path.format(id=user.id)}?sort={sort},id").json
        keys = [datetime.fromisoformat(item[name]) for item in listed]
        assert keys == sorted(keys, reverse=sort.startswith("-")), sort


def test_newest_post_comes_first_by_default(app: Flask, client: Client) -> None:
    user = make_user(app)
    posts = [make_post(app, user).id for _ in range(3)]
    for path in ("/posts", f"/users/{user.id}/posts"):
        assert ids(client.get(path)) == posts[::-1]


@pytest.mark.parametrize(
    "query",
    ["sort=content", "sort=title", "sort=id", "user_id=0", "user_id=2147483648", "user_id=ada"],
)
def test_unsupported_sort_or_impossible_user_id_is_422(client: Client, query: str) -> None:
    assert faults(client.get(f"/posts?{query}")) == {query.split("=")[0]}


def test_posts_of_a_user_cannot_be_filtered_by_user(app: Flask, client: Client) -> None:
    user = make_user(app)
    assert faults(client.get(f"/users/{user.id}/posts?user_id={user.id}")) == {"user_id"}


def test_posts_of_one_user_by_filter(app: Flask, client: Client) -> None:
    one, two = make_user(app), make_user(app)
    post = make_post(app, one)
    make_post(app, one, published=False)
    make_post(app, two)
    assert ids(client.get(f"/posts?user_id={one.id}")) == [post.id]
    assert ids(client.get("/posts?user_id=2147483647")) == []


def test_drafts_are_the_callers_own_and_all_for_an_admin(app: Flask, client: Client) -> None:
    one, two = make_user(app), make_user(app)
    make_post(app, one)
    first, second = (make_post(app, user, published=False).id for user in (one, two))
    assert client.get("/posts?published=false").status_code == 401
    assert ids(client_of(app, one).get("/posts?published=false")) == [first]
    admin = client_of(app, make_admin(app))
    assert ids(admin.get("/posts?published=false")) == [second, first]
    assert ids(admin.get(f"/posts?published=false&user_id={one.id}")) == [first]
    assert ids(client_of(app, two).get(f"/posts?published=false&user_id={one.id}")) == []


def test_total_counts_what_the_caller_may_see(app: Flask, client: Client) -> None:
    user, other = make_user(app), make_user(app)
    make_post(app, user)
    for author in (user, other, other):
        make_post(app, author, published=False)
    assert client.get("/posts?total=true").headers["X-Total-Count"] == "1"
    drafts = "/posts?published=false&total=true"
    assert client_of(app, user).get(drafts).headers["X-Total-Count"] == "1"
    assert client_of(app, make_admin(app)).get(drafts).headers["X-Total-Count"] == "3"


def test_list_of_posts_with_authors_takes_two_queries_at_most(app: Flask, client: Client) -> None:
    users = [make_user(app) for _ in range(5)]
    for user in users:
        for _ in range(4):
            make_post(app, user)
    listed: Any = client.get("/posts").json
    assert all(set(post) == set(schema(PostOut).fields) for post in listed)
    assert {post["user"]["username"] for post in listed} == {user.username for user in users}
    known = client_of(app, user)
    anonymous = statements_of(app, lambda: client.get("/posts?per_page=19"))
    assert 1 <= len(anonymous) <= 2
    assert len(statements_of(app, lambda: known.get("/posts"))) <= len(anonymous) + 1
