"""Users: who sees what of them, and who may change them."""

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import PASSWORD, client_of, make_admin, make_post, make_user
from tests.support.answers import PUBLIC_USER, USER, faults, fields, ids, refusal
from tests.support.client import Client, new_client

ITEM_VERBS = pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
CHANGES = pytest.mark.parametrize("verb", ["PUT", "PATCH"])
NOT_FOUND = (404, "User not found")
FORBIDDEN = (403, "Only the user or an admin may do this")


def send(client: Client, verb: str, path: str, **body: object) -> TestResponse:
    return client.open(path, method=verb, json=body)


# Lists


def test_list_holds_public_users(app: Flask, client: Client) -> None:
    user = make_user(app)
    response = client.get("/users")
    assert ids(response) == [user.id]
    assert set(response.json[0]) == PUBLIC_USER


def test_list_is_public_even_to_an_admin(app: Flask) -> None:
    admin = client_of(app, make_admin(app))
    assert set(admin.get("/users").json[0]) == PUBLIC_USER


def test_list_leaves_inactive_users_out(app: Flask, client: Client) -> None:
    user = make_user(app)
    make_user(app, is_active=False)
    assert ids(client.get("/users")) == [user.id]


def test_role_filter_is_for_admins(app: Flask, client: Client) -> None:
    user, boss = make_user(app), make_admin(app)
    forbidden = (403, "Only an admin may filter by role")
    assert refusal(client.get("/users?role=admin")) == forbidden
    assert refusal(client_of(app, user).get("/users?role=admin")) == forbidden
    admin = client_of(app, boss)
    assert ids(admin.get("/users?role=admin")) == [boss.id]
    assert ids(admin.get("/users?role=user")) == [user.id, boss.id]
    assert ids(admin.get("/users?role=unheard-of")) == []


def test_role_filter_shows_no_inactive_user(app: Flask) -> None:
    boss = make_admin(app)
    make_user(app, roles=("admin",), is_active=False)
    assert ids(client_of(app, boss).get("/users?role=admin")) == [boss.id]


# One user


def test_user_is_public_to_nobody_and_others(app: Flask, client: Client) -> None:
    user = make_user(app)
    for viewer in (client, client_of(app, make_user(app))):
        response = viewer.get(f"/users/{user.id}")
        assert response.status_code == 200
        assert fields(response) == PUBLIC_USER
        assert response.json["username"] == user.username


def test_user_and_admins_see_all_fields(app: Flask) -> None:
    user = make_user(app)
    for viewer in (client_of(app, user), client_of(app, make_admin(app))):
        response = viewer.get(f"/users/{user.id}")
        assert fields(response) == USER
        assert response.json["email"] == user.email
        assert response.json["roles"] == ["user"]


def test_me_is_the_caller(app: Flask) -> None:
    boss = make_admin(app)
    response = client_of(app, boss).get("/users/me")
    assert response.status_code == 200
    assert fields(response) == USER
    assert response.json["id"] == boss.id
    assert response.json["roles"] == ["admin", "user"]


def test_me_without_a_token_is_401(client: Client) -> None:
    assert client.get("/users/me").status_code == 401


def test_inactive_user_is_404_but_to_admins(app: Flask, client: Client) -> None:
    user = make_user(app, is_active=False)
    assert refusal(client.get(f"/users/{user.id}")) == NOT_FOUND
    assert refusal(client_of(app, make_user(app)).get(f"/users/{user.id}")) == NOT_FOUND
    assert client_of(app, make_admin(app)).get(f"/users/{user.id}").json["is_active"] is False


# Changes


@CHANGES
def test_user_changes_what_is_given_and_nothing_else(app: Flask, verb: str) -> None:
    user = make_user(app)
    client = client_of(app, user)
    before: Any = client.get("/users/me").json
    response = send(client, verb, f"/users/{user.id}", email="new@example.com")
    assert response.status_code == 200
    changed = response.json["updated_at"]
    assert datetime.fromisoformat(changed) > datetime.fromisoformat(before["updated_at"])
    assert response.json == {**before, "email": "new@example.com", "updated_at": changed}
    assert client.get("/users/me").json == response.json


@CHANGES
def test_admin_changes_a_user(app: Flask, verb: str) -> None:
    user = make_user(app)
    admin = client_of(app, make_admin(app))
    replaced = {"username": "grace", "email": "grace@example.com", "password": "another password"}
    assert send(admin, verb, f"/users/{user.id}", **replaced).status_code == 200
    response = new_client(app).log_in("Grace", "another password")
    assert response.json["user"]["email"] == "grace@example.com"


@ITEM_VERBS
def test_nobody_may_change_a_user(app: Flask, client: Client, verb: str) -> None:
    user = make_user(app)
    assert send(client, verb, f"/users/{user.id}", username="taken-over").status_code == 401
    assert client.get(f"/users/{user.id}").json["username"] == user.username


@ITEM_VERBS
def test_another_user_may_not_change_a_user(app: Flask, client: Client, verb: str) -> None:
    user = make_user(app)
    other = client_of(app, make_user(app))
    response = send(other, verb, f"/users/{user.id}", username="taken-over")
    assert refusal(response) == FORBIDDEN
    assert client.get(f"/users/{user.id}").json["username"] == user.username


@ITEM_VERBS
def test_change_of_an_unknown_user_is_404(app: Flask, verb: str) -> None:
    admin = client_of(app, make_admin(app))
    assert refusal(send(admin, verb, "/users/2147483647", username="ghost")) == NOT_FOUND


@ITEM_VERBS
def test_change_of_an_inactive_user_is_404_but_to_admins(app: Flask, verb: str) -> None:
    path = f"/users/{make_user(app, is_active=False).id}"
    other, admin = client_of(app, make_user(app)), client_of(app, make_admin(app))
    assert refusal(send(other, verb, path, username="ghost")) == NOT_FOUND
    assert send(admin, verb, path, username="ghost").status_code in {200, 204}


@CHANGES
@pytest.mark.parametrize(
    ("body", "failing"),
    [
        ({"username": "x"}, {"username"}),
        ({"email": None}, {"email"}),
        ({"password": "short"}, {"password"}),
        ({"roles": ["admin"]}, {"roles"}),
        ({"is_active": False}, {"is_active"}),
        ({"username": "x y", "email": "no", "id": 7}, {"username", "email", "id"}),
    ],
)
def test_bad_change_is_422_and_changes_nothing(
    app: Flask, verb: str, body: dict[str, object], failing: set[str]
) -> None:
    user = make_user(app)
    client = client_of(app, user)
    before = client.get("/users/me").json
    response = send(client, verb, f"/users/{user.id}", **{"email": "n@example.com", **body})
    assert faults(response) == failing
    assert client.get("/users/me").json == before


@CHANGES
@pytest.mark.parametrize("field", ["username", "email"])
def test_change_to_what_another_has_is_409(app: Flask, verb: str, field: str) -> None:
    user, other = make_user(app), make_user(app)
    taken = getattr(other, field).upper()
    response = send(client_of(app, user), verb, f"/users/{user.id}", **{field: taken})
    assert refusal(response) == (409, f"{field.capitalize()} already taken")
    assert faults(response) == {field}


def test_own_name_may_change_its_case(app: Flask) -> None:
    user = make_user(app, "ada")
    response = client_of(app, user).patch(f"/users/{user.id}", json={"username": "Ada"})
    assert response.json["username"] == "Ada"


@ITEM_VERBS
def test_change_of_what_was_not_read_is_412(app: Flask, verb: str) -> None:
    user = make_user(app)
    client = client_of(app, user)
    read = client.get("/users/me").headers["ETag"]
    client.patch(f"/users/{user.id}", json={"email": "first@example.com"})
    second = {"email": "second@example.com"}
    stale = client.open(f"/users/{user.id}", method=verb, json=second, headers={"If-Match": read})
    assert stale.status_code == 412
    assert client.get("/users/me").json["email"] == "first@example.com"


# Deletion


def test_user_deletes_their_own_account_with_its_posts(app: Flask, client: Client) -> None:
    user = make_user(app)
    post = make_post(app, user)
    response = client_of(app, user).delete(f"/users/{user.id}")
    assert (response.status_code, response.data) == (204, b"")
    assert client.get(f"/users/{user.id}").status_code == 404
    assert client.get(f"/posts/{post.id}").status_code == 404
    assert ids(client.get("/posts")) == []
    assert client.log_in(user.username, PASSWORD).status_code == 401


def test_admin_deletes_a_user(app: Flask, client: Client) -> None:
    user, other = make_user(app), make_user(app)
    kept = make_post(app, other)
    make_post(app, user)
    assert client_of(app, make_admin(app)).delete(f"/users/{user.id}").status_code == 204
    assert ids(client.get("/posts")) == [kept.id]


# A user's posts


def test_posts_of_a_user_are_the_published_ones(app: Flask, client: Client) -> None:
    user = make_user(app)
    published = make_post(app, user)
    make_post(app, user, published=False)
    make_post(app, make_user(app))
    for viewer in (client, client_of(app, user), client_of(app, make_admin(app))):
        assert ids(viewer.get(f"/users/{user.id}/posts")) == [published.id]


def test_drafts_of_a_user_are_for_the_author_and_admins(app: Flask, client: Client) -> None:
    user = make_user(app)
    draft = make_post(app, user, published=False)
    make_post(app, user)
    reader = make_user(app)
    make_post(app, reader, published=False)
    drafts = f"/users/{user.id}/posts?published=false"
    assert client.get(drafts).status_code == 401
    assert ids(client_of(app, reader).get(drafts)) == []
    assert ids(client_of(app, user).get(drafts)) == [draft.id]
    assert ids(client_of(app, make_admin(app)).get(drafts)) == [draft.id]


def test_posts_of_an_unknown_user_are_404(client: Client) -> None:
    assert refusal(client.get("/users/2147483647/posts")) == NOT_FOUND


def test_posts_of_an_inactive_user_are_404_but_to_admins(app: Flask, client: Client) -> None:
    user = make_user(app, is_active=False)
    post = make_post(app, user)
    assert refusal(client.get(f"/users/{user.id}/posts")) == NOT_FOUND
    admin = client_of(app, make_admin(app))
    assert ids(admin.get(f"/users/{user.id}/posts")) == [post.id]
