"""The admin area: all users with their roles and states."""

from typing import Any

import pytest
from flask import Flask

from app.api.dispatch import WRONG_ROLE
from app.api.schemas import schema
from app.models.user import ADMIN, ROLES, USER
from app.policies.user import LAST_ADMIN, NOT_FOUND
from app.schemas.user import UserOut
from tests.factories import ADA, PASSWORD, client_of, make_admin, make_user
from tests.support.answers import faults, fields, ids, refusal
from tests.support.client import Client, new_client
from tests.support.statements import race

PRIVATE = set(schema(UserOut).fields)
# Tries to grant a role that the caller doesn't hold.
BODY = {"username": "renamed", "roles": [ADMIN]}


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/admin/users"),
        ("POST", "/admin/users"),
        ("GET", "/admin/users/{id}"),
        ("PATCH", "/admin/users/{id}"),
        ("DELETE", "/admin/users/{id}"),
    ],
)
def test_area_is_closed_to_all_but_admins(app: Flask, client: Client, verb: str, path: str) -> None:
    user = make_user(app, roles=[role for role in ROLES if role != ADMIN])
    path = path.format(id=user.id)
    assert client.open(path, method=verb, json=BODY).status_code == 401
    response = client_of(app, user).open(path, method=verb, json=BODY)
    assert refusal(response) == (403, WRONG_ROLE.format(ADMIN))
    assert client.get(f"/users/{user.id}").json["username"] == user.username


def test_new_role_opens_the_area_at_the_next_login(app: Flask) -> None:
    user = make_user(app)
    admin = client_of(app, make_admin(app))
    admin.patch(f"/admin/users/{user.id}", json={"roles": [ADMIN]})
    assert client_of(app, user).get("/admin/users").status_code == 200


# Lists


def test_list_shows_all_users_with_their_roles(app: Flask) -> None:
    boss = make_admin(app)
    inactive = make_user(app, is_active=False)
    none = make_user(app, roles=())
    users: Any = client_of(app, boss).get("/admin/users").json
    assert [(user["id"], user["is_active"], user["roles"]) for user in users] == [
        (boss.id, True, sorted(ROLES)),
        (inactive.id, False, [USER]),
        (none.id, True, []),
    ]
    assert all(set(user) == PRIVATE for user in users)


def test_list_is_filtered_by_role_and_state(app: Flask) -> None:
    boss, user = make_admin(app), make_user(app)
    inactive = make_user(app, is_active=False)
    admin = client_of(app, boss)
    assert ids(admin.get(f"/admin/users?role={ADMIN}")) == [boss.id]
    assert ids(admin.get(f"/admin/users?role={USER}&is_active=true")) == [boss.id, user.id]
    assert ids(admin.get("/admin/users?is_active=false")) == [inactive.id]
    assert ids(admin.get(f"/admin/users?role={ADMIN}&is_active=false")) == []


# New users


@pytest.mark.parametrize("roles", [[], *([role] for role in ROLES), sorted(ROLES)])
def test_admin_gives_roles_to_a_new_user(app: Flask, roles: list[str]) -> None:
    admin = client_of(app, make_admin(app))
    response = admin.post("/admin/users", json={**ADA, "roles": roles})
    assert response.json["user"]["roles"] == roles
    assert new_client(app).log_in("ada", PASSWORD).json["user"] == response.json["user"]


def test_new_user_may_begin_inactive(app: Flask, client: Client) -> None:
    admin = client_of(app, make_admin(app))
    response = admin.post("/admin/users", json={**ADA, "is_active": False})
    assert response.json["user"]["is_active"] is False
    assert client.log_in("ada", PASSWORD).status_code == 401


def test_bad_user_is_422_and_changes_nothing(app: Flask) -> None:
    admin = client_of(app, make_admin(app))
    path = f"/admin/users/{make_user(app).id}"
    before = admin.get(path).json
    bad_bodies: list[tuple[dict[str, object], set[str]]] = [
        ({"roles": "admin"}, {"roles"}),
        ({"roles": ["user", 1]}, {"roles.1"}),
        ({"roles": ["wizard"], "email": "x"}, {"roles", "email"}),
        ({"roles": None, "username": "x y", "id": 1}, {"roles", "username", "id"}),
        ({"is_active": 0, "password": "short"}, {"is_active", "password"}),
    ]
    for bad, failing in bad_bodies:
        assert faults(admin.post("/admin/users", json={**ADA, **bad})) == failing
        assert faults(admin.patch(path, json={"email": "new@example.com", **bad})) == failing
    assert admin.get(path).json == before


def test_unknown_role_is_named_even_to_the_last_admin(app: Flask) -> None:
    boss = make_admin(app)
    body = {"roles": [USER, "wizard"]}
    response = client_of(app, boss).patch(f"/admin/users/{boss.id}", json=body)
    assert faults(response) == {"roles"}
    assert response.json["errors"] == {"roles": ["Unknown role: wizard."]}


# One user


def test_unknown_user_is_404(app: Flask) -> None:
    admin = client_of(app, make_admin(app))
    for verb in ("GET", "PATCH", "DELETE"):
        response = admin.open("/admin/users/2147483647", method=verb, json={"is_active": True})
        assert refusal(response) == (404, NOT_FOUND), verb


def test_change_of_one_field_leaves_the_others_alone(app: Flask) -> None:
    admin = client_of(app, make_admin(app))
    path = f"/admin/users/{make_user(app).id}"
    before: Any = admin.get(path).json
    for change in ({"roles": sorted(ROLES)}, {"is_active": False}):
        response = admin.patch(path, json=change)
        assert fields(response) == PRIVATE
        after: Any = response.json
        assert after == {**before, **change, "updated_at": after["updated_at"]}
        assert after["updated_at"] > before["updated_at"]
        before = admin.get(path).json
        assert before == after


def test_deleted_user_is_gone(app: Flask) -> None:
    admin = client_of(app, make_admin(app))
    path = f"/admin/users/{make_user(app).id}"
    response = admin.delete(path)
    assert (response.status_code, response.data) == (204, b"")
    assert admin.get(path).status_code == 404


def test_change_of_an_outdated_user_is_412(app: Flask) -> None:
    admin = client_of(app, make_admin(app))
    path = f"/admin/users/{make_user(app).id}"
    read = {"If-Match": admin.get(path).headers["ETag"]}
    after = admin.patch(path, json={"roles": []}).json
    for verb in ("PATCH", "DELETE"):
        response = admin.open(path, method=verb, json={"is_active": False}, headers=read)
        assert response.status_code == 412, verb
    assert admin.get(path).json == after


# The last admin

REMOVALS: list[tuple[str, str, dict[str, object]]] = [
    ("PATCH", "/admin/users/{id}", {"roles": []}),
    ("PATCH", "/admin/users/{id}", {"is_active": False}),
    ("DELETE", "/admin/users/{id}", {}),
    ("DELETE", "/users/{id}", {}),
]


def test_last_active_admin_stays(app: Flask) -> None:
    boss = make_admin(app)
    make_user(app)
    make_user(app, roles=ROLES, is_active=False)
    admin = client_of(app, boss)
    before = admin.get("/users/me").json
    for verb, path, body in REMOVALS:
        response = admin.open(path.format(id=boss.id), method=verb, json=body)
        assert refusal(response) == (409, LAST_ADMIN), (verb, path, body)
    assert admin.get("/users/me").json == before


@pytest.mark.parametrize(("verb", "path", "body"), REMOVALS)
def test_one_of_two_admins_who_remove_each_other_stays(
    app: Flask, verb: str, path: str, body: dict[str, object]
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
    assert refusal(refused) == (409, LAST_ADMIN)
    remaining = client_of(app, one if done is answers[0] else two)
    assert len(ids(remaining.get(f"/admin/users?role={ADMIN}&is_active=true"))) == 1


def test_last_admin_may_change_other_things(app: Flask) -> None:
    boss = make_admin(app)
    for body in ({"is_active": True}, {"email": "new@example.com"}, {"roles": [ADMIN]}):
        response = client_of(app, boss).patch(f"/admin/users/{boss.id}", json=body)
        assert response.status_code == 200, body


def test_inactive_admin_may_go_while_another_is_active(app: Flask) -> None:
    inactive = make_user(app, roles=(ADMIN,), is_active=False)
    admin = client_of(app, make_admin(app))
    assert admin.delete(f"/admin/users/{inactive.id}").status_code == 204
