"""Posts: writing, reading, changing, deleting."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from tests.factories import client_of, make_admin, make_post, make_user
from tests.support.answers import POST, faults, fields, ids, refusal
from tests.support.client import Client

HELLO = {"title": "Hello", "content": "World"}
ITEM_VERBS = pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
CHANGES = pytest.mark.parametrize("verb", ["PUT", "PATCH"])
NOT_FOUND = (404, "Post not found")
FORBIDDEN = (403, "Only the author or an admin may do this")


# Writing


def test_new_post_is_answered_with_its_author(app: Flask) -> None:
    user = make_user(app)
    response = client_of(app, user).post("/posts", json={**HELLO, "published": True})
    assert response.status_code == 201
    assert fields(response) == POST
    assert response.json["title"] == "Hello"
    assert response.json["content"] == "World"
    assert response.json["published"] is True
    assert response.json["user"] == {"id": user.id, "username": user.username}


def test_times_of_a_new_post_are_the_present_in_utc(app: Flask) -> None:
    author = client_of(app, make_user(app))
    before = datetime.now(UTC)
    post: Any = author.post("/posts", json=HELLO).json
    for name in ("created_at", "updated_at"):
        assert post[name].endswith("+00:00")
        assert before <= datetime.fromisoformat(post[name]) <= datetime.now(UTC)
    assert post["updated_at"] == post["created_at"]


def test_location_leads_to_the_new_post(app: Flask) -> None:
    author = client_of(app, make_user(app))
    response = author.post("/posts", json=HELLO)
    assert author.get(response.headers["Location"]).json == response.json


def test_post_is_a_draft_unless_it_says_otherwise(app: Flask) -> None:
    author = client_of(app, make_user(app))
    response = author.post("/posts", json={"title": "Hello", "content": "World"})
    assert response.status_code == 201
    assert response.json["published"] is False


def test_writing_takes_a_token(client: Client) -> None:
    assert client.post("/posts", json=HELLO).status_code == 401
    assert ids(client.get("/posts")) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "fives"),
        ("title", "🔑" * 255),
        ("content", "."),
        ("content", "é" * 100_000),
        ("content", "quotes ' \" and\r\nlines\tof <b>text</b> %s {0} \\ 🦊"),
    ],
)
def test_text_is_kept_as_it_is(app: Flask, field: str, value: str) -> None:
    author = client_of(app, make_user(app))
    response = author.post("/posts", json={**HELLO, field: value})
    assert response.status_code == 201
    assert author.get(f"/posts/{response.json['id']}").json[field] == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "four"),
        ("title", "x" * 256),
        ("title", "a NUL \0"),
        ("title", ["title"]),
        ("title", None),
        ("content", ""),
        ("content", "x" * 100_001),
        ("content", "lone \ud800 surrogate"),
        ("content", None),
        ("published", "true"),
        ("published", 1),
        ("published", None),
        ("user_id", 1),
        ("id", 1),
        ("created_at", "2020-01-01T00:00:00+00:00"),
    ],
)
def test_bad_field_of_a_new_post_is_422(app: Flask, field: str, value: object) -> None:
    author = client_of(app, make_user(app))
    assert faults(author.post("/posts", json={**HELLO, field: value})) == {field}


def test_all_bad_fields_are_named_at_once(app: Flask) -> None:
    author = client_of(app, make_user(app))
    response = author.post("/posts", json={"title": "x", "published": "yes", "user": {}})
    assert refusal(response) == (422, "Validation failed")
    assert faults(response) == {"title", "content", "published", "user"}


# Reading


def test_published_post_is_for_everybody(app: Flask, client: Client) -> None:
    user = make_user(app)
    post = make_post(app, user)
    for viewer in (client, client_of(app, make_user(app)), client_of(app, user)):
        response = viewer.get(f"/posts/{post.id}")
        assert fields(response) == POST
        assert response.json["user"] == {"id": user.id, "username": user.username}


def test_draft_of_another_is_404(app: Flask, client: Client) -> None:
    post = make_post(app, make_user(app), published=False)
    other = client_of(app, make_user(app))
    assert refusal(client.get(f"/posts/{post.id}")) == NOT_FOUND
    assert refusal(other.get(f"/posts/{post.id}")) == NOT_FOUND


def test_draft_is_for_its_author_and_admins(app: Flask) -> None:
    user = make_user(app)
    post = make_post(app, user, published=False)
    assert client_of(app, user).get(f"/posts/{post.id}").json["published"] is False
    assert client_of(app, make_admin(app)).get(f"/posts/{post.id}").status_code == 200


# Changing


@CHANGES
def test_author_changes_what_is_given_and_nothing_else(app: Flask, verb: str) -> None:
    user = make_user(app)
    author = client_of(app, user)
    path = f"/posts/{make_post(app, user).id}"
    before: Any = author.get(path).json
    response = author.open(path, method=verb, json={"content": "Other text."})
    assert response.status_code == 200
    changed = response.json["updated_at"]
    assert datetime.fromisoformat(changed) > datetime.fromisoformat(before["updated_at"])
    assert response.json == {**before, "content": "Other text.", "updated_at": changed}
    assert author.get(path).json == response.json


@CHANGES
def test_admin_changes_a_post_of_another(app: Flask, verb: str) -> None:
    user = make_user(app)
    post = make_post(app, user, published=False)
    admin = client_of(app, make_admin(app))
    replaced = {"title": "Replaced", "content": "By an admin.", "published": True}
    response = admin.open(f"/posts/{post.id}", method=verb, json=replaced)
    assert response.status_code == 200
    assert {name: response.json[name] for name in replaced} == replaced
    assert response.json["user"]["id"] == user.id


def test_publishing_shows_a_draft_to_everybody_and_back(app: Flask, client: Client) -> None:
    user = make_user(app)
    post = make_post(app, user, published=False)
    author = client_of(app, user)
    for published, expected in ((True, [post.id]), (False, [])):
        author.patch(f"/posts/{post.id}", json={"published": published})
        assert ids(client.get("/posts")) == expected
        assert client.get(f"/posts/{post.id}").status_code == (200 if published else 404)


@CHANGES
def test_bad_change_is_422_and_changes_nothing(app: Flask, client: Client, verb: str) -> None:
    user = make_user(app)
    path = f"/posts/{make_post(app, user).id}"
    before = client.get(path).json
    author = client_of(app, user)
    bad = {"title": "four", "content": "", "published": None, "user_id": 1}
    assert faults(author.open(path, method=verb, json=bad)) == set(bad)
    half = {"title": "A good title", "content": None}
    assert faults(author.open(path, method=verb, json=half)) == {"content"}
    assert client.get(path).json == before


@ITEM_VERBS
def test_nobody_may_change_a_post(app: Flask, client: Client, verb: str) -> None:
    post = make_post(app, make_user(app))
    assert client.open(f"/posts/{post.id}", method=verb, json=HELLO).status_code == 401
    assert client.get(f"/posts/{post.id}").json["title"] == post.title


@ITEM_VERBS
def test_change_of_a_published_post_of_another_is_403(
    app: Flask, client: Client, verb: str
) -> None:
    post = make_post(app, make_user(app))
    other = client_of(app, make_user(app))
    assert refusal(other.open(f"/posts/{post.id}", method=verb, json=HELLO)) == FORBIDDEN
    assert client.get(f"/posts/{post.id}").json["title"] == post.title


@ITEM_VERBS
def test_change_of_a_draft_of_another_is_404(app: Flask, verb: str) -> None:
    user = make_user(app)
    post = make_post(app, user, published=False)
    other = client_of(app, make_user(app))
    assert refusal(other.open(f"/posts/{post.id}", method=verb, json=HELLO)) == NOT_FOUND
    assert client_of(app, user).get(f"/posts/{post.id}").json["title"] == post.title


@ITEM_VERBS
def test_change_of_an_unknown_post_is_404(app: Flask, verb: str) -> None:
    admin = client_of(app, make_admin(app))
    assert refusal(admin.open("/posts/2147483647", method=verb, json=HELLO)) == NOT_FOUND


@ITEM_VERBS
def test_change_of_what_was_not_read_is_412(app: Flask, verb: str) -> None:
    user = make_user(app)
    author = client_of(app, user)
    path = f"/posts/{make_post(app, user).id}"
    read = {"If-Match": author.get(path).headers["ETag"]}
    author.patch(path, json={"title": "The first change"})
    response = author.open(path, method=verb, json={"title": "The second"}, headers=read)
    assert response.status_code == 412
    assert author.get(path).json["title"] == "The first change"


@ITEM_VERBS
@pytest.mark.parametrize("etag", ["of what was read", "*"])
def test_change_of_what_was_read_is_done(app: Flask, verb: str, etag: str) -> None:
    user = make_user(app)
    author = client_of(app, user)
    path = f"/posts/{make_post(app, user).id}"
    read = {"If-Match": "*" if etag == "*" else author.get(path).headers["ETag"]}
    response = author.open(path, method=verb, json={"title": "Changed"}, headers=read)
    assert response.status_code == (204 if verb == "DELETE" else 200)


def test_change_of_a_state_that_is_excluded_is_412(app: Flask) -> None:
    user = make_user(app)
    author = client_of(app, user)
    path = f"/posts/{make_post(app, user).id}"
    for excluded in (author.get(path).headers["ETag"], "*"):
        response = author.patch(path, json=HELLO, headers={"If-None-Match": excluded})
        assert response.status_code == 412
    other = {"If-None-Match": '"another"'}
    assert author.patch(path, json=HELLO, headers=other).status_code == 200


def test_reader_may_ask_for_one_state(app: Flask, client: Client) -> None:
    path = f"/posts/{make_post(app, make_user(app)).id}"
    for wanted in (client.get(path).headers["ETag"], "*"):
        assert client.get(path, headers={"If-Match": wanted}).status_code == 200
    response = client.get(path, headers={"If-Match": '"another"'})
    assert refusal(response) == (412, "The resource has changed since it was read")
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"


# Deleting


def test_deleted_post_is_404(app: Flask, client: Client) -> None:
    user = make_user(app)
    author = client_of(app, user)
    post, kept = make_post(app, user), make_post(app, user)
    response = author.delete(f"/posts/{post.id}")
    assert (response.status_code, response.data) == (204, b"")
    assert refusal(client.get(f"/posts/{post.id}")) == NOT_FOUND
    assert refusal(author.delete(f"/posts/{post.id}")) == NOT_FOUND
    assert ids(client.get("/posts")) == [kept.id]


@pytest.mark.parametrize("published", [True, False])
def test_admin_deletes_a_post_of_another(app: Flask, published: bool) -> None:
    post = make_post(app, make_user(app), published=published)
    assert client_of(app, make_admin(app)).delete(f"/posts/{post.id}").status_code == 204


def test_id_of_a_deleted_post_is_given_to_no_other(app: Flask) -> None:
    user = make_user(app)
    author = client_of(app, user)
    deleted = make_post(app, user).id
    author.delete(f"/posts/{deleted}")
    assert author.post("/posts", json=HELLO).json["id"] > deleted
