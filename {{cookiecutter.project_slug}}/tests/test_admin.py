"""The admin area: every user, roles and state."""

from typing import Any

import pytest
from flask import Flask

from tests.factories import ADA, PASSWORD, client_of, make_admin, make_post, make_user
from tests.support.answers import USER, faults, fields, ids, refusal
from tests.support.client import Client, new_client
from tests.support.statements import race

DOORS = pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/admin/users"),
        ("POST", "/admin/users"),
        ("GET", "/admin/users/{id}"),
        ("PATCH", "/admin/users/{id}"),
        ("DELETE", "/admin/users/{id}"),
    ],
)
LAST_ADMIN = (409, "The last active admin can't be removed or demoted")


@DOORS
def test_nobody_gets_401(app: Flask, client: Client, verb: str, path: str) -> None:
    path = path.format(id=make_user(app).id)
    assert client.open(path, method=verb, json=ADA).status_code == 401


@DOORS
def test_user_gets_403(app: Flask, verb: str, path: str) -> None:
    user = make_user(app)
    client = client_of(app, user)
    response = client.open(path.format(id=user.id), method=verb, json={**ADA, "roles": ["admin"]})
    assert refusal(response) == (403, "Only an admin may do this")
    assert client.get("/users/me").json["roles"] == ["user"]


# Lists


def test_list_holds_every_user_with_roles(app: Flask) -> None:
    boss = make_admin(app)
    inactive = make_user(app, is_active=False)
    none = make_user(app, roles=())
    users: Any = client_of(app, boss).get("/admin/users").json
    assert [(user["id"], user["is_active"], user["roles"]) for user in users] == [
        (boss.id, True, ["admin", "user"]),
        (inactive.id, False, ["user"]),
        (none.id, True, []),
    ]
    assert all(set(user) == USER for user in users)


def test_list_is_filtered_by_role_and_state(app: Flask) -> None:
    boss = make_admin(app)
    user = make_user(app)
    inactive = make_user(app, is_active=False)
    admin = client_of(app, boss)
    assert ids(admin.get("/admin/users?role=admin")) == [boss.id]
    assert ids(admin.get("/admin/users?role=user&is_active=true")) == [boss.id, user.id]
    assert ids(admin.get("/admin/users?is_active=false")) == [inactive.id]
    assert ids(admin.get("/admin/users?role=admin&is_active=false")) == []


# New users


@pytest.mark.parametrize("roles", [[], ["user"], ["admin"], ["admin", "user"]])
def test_admin_makes_a_user_with_roles(app: Flask, roles: list[str]) -> None:
    admin = client_of(app, make_admin(app))
    response = admin.post("/admin/users", json={**ADA, "roles": roles})
    assert response.status_code == 201
    assert fields(response) == {"message", "user"}
    assert response.json["message"] == "User created successfully"
    assert set(response.json["user"]) == USER
    assert response.json["user"]["roles"] == roles
    assert admin.get(response.headers["Location"]).json == response.json["user"]
    assert new_client(app).log_in("ada", PASSWORD).status_code == 200


def test_new_user_without_roles_is_a_user(app: Flask) -> None:
    admin = client_of(app, make_admin(app))
    assert admin.post("/admin/users", json=ADA).json["user"]["roles"] == ["user"]


def test_new_user_may_begin_inactive(app: Flask, client: Client) -> None:
    admin = client_of(app, make_admin(app))
    response = admin.post("/admin/users", json={**ADA, "is_active": False})
    assert response.json["user"]["is_active"] is False
    assert client.log_in("ada", PASSWORD).status_code == 401


@pytest.mark.parametrize("field", ["username", "email"])
def test_new_user_with_what_another_has_is_409(app: Flask, field: str) -> None:
    boss = make_admin(app)
    body = {**ADA, field: getattr(boss, field).upper()}
    response = client_of(app, boss).post("/admin/users", json=body)
    assert refusal(response) == (409, f"{field.capitalize()} already taken")
    assert faults(response) == {field}


@pytest.mark.parametrize(
    ("field", "value", "failing"),
    [
        ("roles", "admin", "roles"),
        ("roles", None, "roles"),
        ("roles", ["user", 1], "roles.1"),
        ("is_active", "no", "is_active"),
        ("username", "x y", "username"),
        ("email", "ada", "email"),
        ("password", "short", "password"),
        ("id", 1, "id"),
    ],
)
def test_bad_field_of_a_new_user_is_422(
    app: Flask, field: str, value: object, failing: str
) -> None:
    admin = client_of(app, make_admin(app))
    assert faults(admin.post("/admin/users", json={**ADA, field: value})) == {failing}


@pytest.mark.parametrize(
    ("bad", "failing"),
    [
        ({"roles": ["wizard"]}, {"roles"}),
        ({"roles": ["wizard"], "email": "x"}, {"roles", "email"}),
        ({"roles": None, "username": "x y", "id": 1}, {"roles", "username", "id"}),
        ({"is_active": 0, "password": "short"}, {"is_active", "password"}),
    ],
)
def test_bad_change_is_422_and_changes_nothing(
    app: Flask, bad: dict[str, object], failing: set[str]
) -> None:
    admin = client_of(app, make_admin(app))
    path = f"/admin/users/{make_user(app).id}"
    before = admin.get(path).json
    assert faults(admin.patch(path, json={"email": "new@example.com", **bad})) == failing
    assert admin.get(path).json == before


def test_unknown_role_is_named(app: Flask) -> None:
    admin = client_of(app, make_admin(app))
    response = admin.post("/admin/users", json={**ADA, "roles": ["user", "wizard"]})
    assert response.json["errors"] == {"roles": ["Unknown role: wizard."]}


def test_unknown_role_is_named_to_the_last_admin_too(app: Flask) -> None:
    boss = make_admin(app)
    response = client_of(app, boss).patch(f"/admin/users/{boss.id}", json={"roles": ["wizard"]})
    assert response.status_code == 422
    assert response.json["errors"] == {"roles": ["Unknown role: wizard."]}


# One user


def test_admin_sees_any_user(app: Flask) -> None:
    user = make_user(app, is_active=False)
    response = client_of(app, make_admin(app)).get(f"/admin/users/{user.id}")
    assert fields(response) == USER
    assert response.json["id"] == user.id


@pytest.mark.parametrize("verb", ["GET", "PATCH", "DELETE"])
def test_unknown_user_is_404(app: Flask, verb: str) -> None:
    admin = client_of(app, make_admin(app))
    response = admin.open("/admin/users/2147483647", method=verb, json={"is_active": True})
    assert refusal(response) == (404, "User not found")


def test_admin_changes_what_is_given_and_nothing_else(app: Flask) -> None:
    admin = client_of(app, make_admin(app))
    path = f"/admin/users/{make_user(app).id}"
    before: Any = admin.get(path).json
    for change in ({"roles": ["admin", "user"]}, {"is_active": False}):
        response = admin.patch(path, json=change)
        assert response.status_code == 200
        after: Any = response.json
        assert after == {**before, **change, "updated_at": after["updated_at"]}
        assert after["updated_at"] > before["updated_at"]
        before = admin.get(path).json
        assert before == after


def test_new_role_opens_the_admin_area_at_the_next_login(app: Flask) -> None:
    user = make_user(app)
    admin = client_of(app, make_admin(app))
    admin.patch(f"/admin/users/{user.id}", json={"roles": ["admin"]})
    assert client_of(app, user).get("/admin/users").status_code == 200


def test_deleted_user_is_gone_with_posts(app: Flask, client: Client) -> None:
    user = make_user(app)
    post = make_post(app, user)
    admin = client_of(app, make_admin(app))
    response = admin.delete(f"/admin/users/{user.id}")
    assert (response.status_code, response.data) == (204, b"")
    assert admin.get(f"/admin/users/{user.id}").status_code == 404
    assert client.get(f"/posts/{post.id}").status_code == 404


@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
def test_change_of_what_was_not_read_is_412(app: Flask, verb: str) -> None:
    admin = client_of(app, make_admin(app))
    path = f"/admin/users/{make_user(app).id}"
    read = {"If-Match": admin.get(path).headers["ETag"]}
    admin.patch(path, json={"roles": ["admin", "user"]})
    response = admin.open(path, method=verb, json={"is_active": False}, headers=read)
    assert response.status_code == 412
    assert admin.get(path).json["is_active"] is True


# The last admin

REMOVALS = pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("PATCH", "/admin/users/{id}", {"roles": ["user"]}),
        ("PATCH", "/admin/users/{id}", {"roles": []}),
        ("PATCH", "/admin/users/{id}", {"is_active": False}),
        ("PATCH", "/admin/users/{id}", {"is_active": False, "roles": ["admin"]}),
        ("DELETE", "/admin/users/{id}", {}),
        ("DELETE", "/users/{id}", {}),
    ],
)


@REMOVALS
def test_last_active_admin_stays(app: Flask, verb: str, path: str, body: dict[str, Any]) -> None:
    boss = make_admin(app)
    make_user(app)
    make_user(app, roles=("admin",), is_active=False)
    admin = client_of(app, boss)
    before = admin.get("/users/me").json
    assert refusal(admin.open(path.format(id=boss.id), method=verb, json=body)) == LAST_ADMIN
    assert admin.get("/users/me").json == before


@REMOVALS
def test_one_of_two_admins_may_go(app: Flask, verb: str, path: str, body: dict[str, Any]) -> None:
    boss = make_admin(app)
    stays = client_of(app, make_admin(app))
    admin = client_of(app, boss)
    response = admin.open(path.format(id=boss.id), method=verb, json=body)
    assert response.status_code in {200, 204}
    assert admin.get("/users/me").status_code == 401
    assert len(ids(stays.get("/users?role=admin"))) == 1


@pytest.mark.parametrize(
    "body", [{"email": "new@example.com"}, {"roles": ["admin"]}, {"is_active": True}]
)
def test_last_admin_may_change_what_keeps_an_admin(app: Flask, body: dict[str, Any]) -> None:
    boss = make_admin(app)
    admin = client_of(app, boss)
    assert admin.patch(f"/admin/users/{boss.id}", json=body).status_code == 200


def test_inactive_admin_may_go_while_another_is_active(app: Flask) -> None:
    inactive = make_user(app, roles=("admin",), is_active=False)
    admin = client_of(app, make_admin(app))
    assert admin.delete(f"/admin/users/{inactive.id}").status_code == 204


@REMOVALS
def test_one_stays_of_two_admins_who_remove_each_other(
    app: Flask, verb: str, path: str, body: dict[str, Any]
) -> None:
    one, two = make_admin(app), make_admin(app)
    first, second = client_of(app, one), client_of(app, two)
    answers = race(
        app,
        lambda: first.open(path.format(id=two.id), method=verb, json=body),
        lambda: second.open(path.format(id=one.id), method=verb, json=body),
        to="UPDATE roles",
    )
    done, refused = sorted(answers, key=lambda answer: answer.status_code)
    assert done.status_code in {200, 204}
    assert refusal(refused) == LAST_ADMIN
    remaining = client_of(app, one if done is answers[0] else two)
    assert len(ids(remaining.get("/admin/users?role=admin&is_active=true"))) == 1
