"""Posts: who may read and write them, and what becomes of them."""

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.api.schemas import schema
from app.policies.post import NOT_AUTHOR, NOT_FOUND
from app.policies.user import NOT_FOUND as NO_SUCH_USER
from app.schemas.post import PostOut
from tests.factories import client_as, client_of, make_admin, make_user
from tests.posts import make_post, post_body
from tests.support.answers import faults, fields, ids, refusal
from tests.support.client import Client, new_client
from tests.support.statements import race, statements_of

VERBS = ("PUT", "PATCH", "DELETE")
CHANGES = pytest.mark.parametrize("verb", ["PUT", "PATCH"])
TOKEN_MISSING = "Missing or malformed token"

# Caller, published or not, refusal of a read, refusal of a write.
ACCESS = [
    ("anonymous", True, None, (401, TOKEN_MISSING)),
    ("anonymous", False, (404, NOT_FOUND), (401, TOKEN_MISSING)),
    ("other", True, None, (403, NOT_AUTHOR)),
    ("other", False, (404, NOT_FOUND), (404, NOT_FOUND)),
    ("owner", True, None, None),
    ("owner", False, None, None),
    ("admin", True, None, None),
    ("admin", False, None, None),
]


@pytest.mark.parametrize(("who", "published", "unreadable", "unwritable"), ACCESS)
def test_access_depends_on_the_caller_and_the_state(
    app: Flask,
    who: str,
    published: bool,
    unreadable: tuple[int, str] | None,
    unwritable: tuple[int, str] | None,
) -> None:
    author = make_user(app)
    client = client_as(app, who, author)
    path = f"/posts/{make_post(app, author, published=published).id}"
    before = client_of(app, author).get(path).json
    response = client.get(path)
    if unreadable:
        assert refusal(response) == unreadable
    else:
        assert response.json == before
    for verb in VERBS:
        response = client.open(path, method=verb, json={"title": "Another title"})
        if unwritable:
            assert refusal(response) == unwritable, verb
        else:
            assert response.status_code == (204 if verb == "DELETE" else 200), verb
    if unwritable:
        assert client_of(app, author).get(path).json == before


@pytest.mark.parametrize("published", [True, False])
def test_new_post_is_the_callers(app: Flask, published: bool) -> None:
    user = make_user(app)
    author = client_of(app, user)
    body = post_body(published=published)
    response = author.post("/posts", json=body)
    assert response.status_code == 201
    assert fields(response) == set(schema(PostOut).fields)
    post: Any = response.json
    assert {name: post[name] for name in body} == body
    assert post["user"] == {"id": user.id, "username": user.username}
    assert post["created_at"] == post["updated_at"]
    assert author.get(response.headers["Location"]).json == post


def test_new_post_is_a_draft_by_default(app: Flask) -> None:
    author = client_of(app, make_user(app))
    assert author.post("/posts", json=post_body()).json["published"] is False


GOOD: dict[str, list[str]] = {
    "title": ["fives", "🔑" * 255],
    "content": [
        *(".", "é" * 100_000),
        "quotes ' \" and\r\nlines\tof <b>text</b> %s {0} \\ 🦊",
    ],
}
BAD: dict[str, list[object]] = {
    "title": ["four", "x" * 256, "a NUL \0", None],
    "content": ["", "x" * 100_001, "lone \ud800 surrogate", None],
    "published": ["true", None],
    "user_id": [1],
    "id": [1],
    "created_at": ["2020-01-01T00:00:00+00:00"],
}


@pytest.mark.parametrize("field", GOOD)
def test_text_is_stored_unchanged(app: Flask, field: str) -> None:
    author = client_of(app, make_user(app))
    for value in GOOD[field]:
        response = author.post("/posts", json=post_body(**{field: value}))
        assert response.status_code == 201
        assert author.get(response.headers["Location"]).json[field] == value


def test_bad_value_is_422_and_changes_nothing(app: Flask) -> None:
    user = make_user(app)
    author = client_of(app, user)
    path = f"/posts/{make_post(app, user).id}"
    before = author.get(path).json
    for field, values in BAD.items():
        for value in values:
            body = post_body(**{field: value})
            assert faults(author.post("/posts", json=body)) == {field}, value
            for verb in ("PUT", "PATCH"):
                assert faults(author.open(path, method=verb, json=body)) == {field}, (verb, value)
    assert ids(author.get("/posts?published=false")) == []
    assert author.get(path).json == before


@CHANGES
def test_change_of_one_field_leaves_the_others_alone(app: Flask, verb: str) -> None:
    user = make_user(app)
    author = client_of(app, user)
    path = f"/posts/{make_post(app, user).id}"
    before: Any = author.get(path).json
    after: Any = author.open(path, method=verb, json={"content": "Other text."}).json
    changed = after["updated_at"]
    assert datetime.fromisoformat(changed) > datetime.fromisoformat(before["updated_at"])
    assert after == {**before, "content": "Other text.", "updated_at": changed}
    assert author.get(path).json == after


def test_change_by_an_admin_leaves_the_author_alone(app: Flask) -> None:
    user = make_user(app)
    admin = client_of(app, make_admin(app))
    response = admin.put(f"/posts/{make_post(app, user).id}", json=post_body(title="Replaced"))
    assert response.json["title"] == "Replaced"
    assert response.json["user"]["id"] == user.id


def test_change_of_an_outdated_post_is_412(app: Flask) -> None:
    user = make_user(app)
    author = client_of(app, user)
    path = f"/posts/{make_post(app, user).id}"
    read = {"If-Match": author.get(path).headers["ETag"]}
    after = author.patch(path, json={"title": "The first change"}).json
    for verb in VERBS:
        response = author.open(path, method=verb, json={"title": "The second"}, headers=read)
        assert response.status_code == 412, verb
    assert author.get(path).json == after


def test_unknown_post_is_404(app: Flask) -> None:
    admin = client_of(app, make_admin(app))
    for verb in ("GET", *VERBS):
        response = admin.open("/posts/2147483647", method=verb, json={"title": "No such post"})
        assert refusal(response) == (404, NOT_FOUND), verb


def test_deleted_post_is_gone_and_its_id_is_not_used_again(app: Flask) -> None:
    user = make_user(app)
    author = client_of(app, user)
    post = make_post(app, user).id
    response = author.delete(f"/posts/{post}")
    assert (response.status_code, response.data) == (204, b"")
    assert author.get(f"/posts/{post}").status_code == 404
    assert author.post("/posts", json=post_body()).json["id"] > post


# Lists of a user's posts


def test_posts_of_a_user_are_listed_like_all_posts(app: Flask) -> None:
    user = make_user(app)
    published, draft = make_post(app, user).id, make_post(app, user, published=False).id
    make_post(app, make_user(app))
    path = f"/users/{user.id}/posts"
    for who, drafts in (("anonymous", None), ("other", []), ("owner", [draft]), ("admin", [draft])):
        client = client_as(app, who, user)
        assert ids(client.get(path)) == [published], who
        response = client.get(f"{path}?published=false")
        assert response.status_code == (401 if drafts is None else 200), who
        assert drafts is None or ids(response) == drafts, who


@pytest.mark.parametrize("who", ["anonymous", "other", "admin"])
def test_posts_of_an_invisible_user_are_404(app: Flask, who: str) -> None:
    user = make_user(app, is_active=False)
    post = make_post(app, user).id
    client = client_as(app, who, user)
    assert refusal(client.get("/users/2147483647/posts")) == (404, NO_SUCH_USER)
    response = client.get(f"/users/{user.id}/posts")
    if who == "admin":
        assert ids(response) == [post]
    else:
        assert refusal(response) == (404, NO_SUCH_USER)


# The cache


def cached_post(app: Flask) -> tuple[Client, Client, list[str]]:
    """Return a post's author, a reader, and the addresses whose cached responses show the post."""
    user = make_user(app)
    post = make_post(app, user)
    paths = [f"/posts/{post.id}", "/posts", f"/users/{user.id}/posts"]
    reader = new_client(app)
    for path in paths:
        reader.get(path)
        assert reader.get(path).headers["X-Cache"] == "HIT"
    return client_of(app, user), reader, paths


def test_change_shows_at_once_in_every_list(app: Flask) -> None:
    author, reader, paths = cached_post(app)
    author.patch(paths[0], json={"title": "Another title"})
    assert all("Another title" in reader.get(path).text for path in paths)


def test_new_name_of_the_author_shows_at_once(app: Flask) -> None:
    author, reader, paths = cached_post(app)
    author.patch(paths[2].removesuffix("/posts"), json={"username": "somebody.else"})
    assert all("somebody.else" in reader.get(path).text for path in paths)


def test_posts_of_a_deleted_user_are_gone_at_once(app: Flask) -> None:
    author, reader, (post, posts, of_the_user) = cached_post(app)
    kept = make_post(app, make_user(app)).id
    assert author.delete(of_the_user.removesuffix("/posts")).status_code == 204
    assert [reader.get(path).status_code for path in (post, of_the_user)] == [404, 404]
    assert ids(reader.get(posts)) == [kept]


def test_withdrawn_post_is_gone_at_once(app: Flask) -> None:
    author, reader, (post, *lists) = cached_post(app)
    author.patch(post, json={"published": False})
    assert reader.get(post).status_code == 404
    assert all(ids(reader.get(path)) == [] for path in lists)


def test_drafts_never_reach_the_cache(app: Flask) -> None:
    user = make_user(app)
    post = make_post(app, user, published=False)
    author, reader = client_of(app, user), new_client(app)
    for path, status in ((f"/posts/{post.id}", 404), ("/posts?published=false", 401)):
        assert author.get(path).status_code == 200
        assert reader.get(path).status_code == status
    author.patch(f"/posts/{post.id}", json={"published": True})
    assert reader.get(f"/posts/{post.id}").status_code == 200


# Queries, races, demo data


def test_authentication_costs_one_extra_query(app: Flask) -> None:
    user = make_user(app)
    path = f"/posts/{make_post(app, user).id}"
    anonymous = statements_of(app, lambda: new_client(app).get(path))
    assert set(anonymous) == {"SELECT"}
    author = client_of(app, user)
    assert statements_of(app, lambda: author.get(path)) == [*anonymous, "SELECT"]


def test_post_written_while_its_author_is_deleted_does_not_stay(app: Flask) -> None:
    user = make_user(app)
    author, other = client_of(app, user), client_of(app, user)
    deleted, written = race(
        app,
        lambda: author.delete(f"/users/{user.id}"),
        lambda: other.post("/posts", json=post_body(published=True)),
        to=("DELETE FROM users", "INSERT INTO posts"),
    )
    assert deleted.status_code == 204
    assert written.status_code in {201, 409}
    assert ids(new_client(app).get("/posts")) == []


def test_database_refuses_a_post_of_nobody(app: Flask) -> None:
    user = make_user(app)
    client_of(app, user).delete(f"/users/{user.id}")
    with pytest.raises(IntegrityError):
        make_post(app, user)


def test_demo_users_have_posts_and_drafts(app: Flask) -> None:
    output = app.test_cli_runner().invoke(args=["seed-demo"]).output
    alice = new_client(app)
    assert len(ids(alice.get("/posts?per_page=100"))) == 18
    alice.log_in("alice", output.splitlines()[1].rpartition(" ")[2])
    assert len(ids(alice.get("/posts?published=false"))) == 3
