"""Accounts: registration, who may see and change users, and what becomes of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import db
from app.api.schemas import schema
from app.models.user import ADMIN, ROLES, USER, Role, User
from app.policies.user import NOT_FOUND, NOT_THE_USER
from app.resources.users import ROLES_ARE_PRIVATE
from app.schemas.user import CREATED, PublicUserOut, UserOut
from tests.factories import ADA, PASSWORD, client_as, client_of, make_admin, make_user
from tests.support.answers import faults, fields, ids, refusal
from tests.support.apps import other_app
from tests.support.client import Client, new_client
from tests.support.database import own_database
from tests.support.statements import race

PUBLIC = set(schema(PublicUserOut).fields)
PRIVATE = set(schema(UserOut).fields)
VERBS = ("PUT", "PATCH", "DELETE")
CHANGES = pytest.mark.parametrize("verb", ["PUT", "PATCH"])
CREATIONS = pytest.mark.parametrize("path", ["/auth/register", "/users", "/admin/users"])
TOKEN_MISSING = "Missing or malformed token"


def account(**given: object) -> dict[str, object]:
    """Return a valid registration body."""
    return {**ADA, **given}


def creator(app: Flask, path: str) -> Client:
    """Return a client that may create accounts at a path."""
    return client_of(app, make_admin(app)) if path == "/admin/users" else new_client(app)


def user_in(response: TestResponse) -> dict[str, Any]:
    """Return the new user of a response."""
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json or {}
    if "message" not in created:
        return created
    assert created.keys() == {"message", "user"}
    assert created["message"] == CREATED
    user: dict[str, Any] = created["user"]
    return user


def test_user_verifies_a_password_but_never_reveals_it(app: Flask) -> None:
    with app.app_context():
        user = User(username="ada", email="ada@example.com", password=PASSWORD)
        assert user.verify_password(PASSWORD)
        assert not user.verify_password("wrong password")
        assert not user.has_role("admin")
        user.roles = [Role(name="admin")]
        assert user.has_role("admin")
        with pytest.raises(AttributeError):
            _ = user.password


# Registration


@CREATIONS
def test_new_account_is_an_active_user_who_can_log_in(app: Flask, path: str) -> None:
    before = datetime.now(UTC)
    client = creator(app, path)
    response = client.post(path, json=account())
    user = user_in(response)
    assert user.keys() == PRIVATE
    expected = {"username": "ada", "email": "ada@example.com", "roles": [USER], "is_active": True}
    assert expected.items() <= user.items()
    assert client.get(response.headers["Location"]).json["id"] == user["id"]
    created = datetime.fromisoformat(user["created_at"])
    assert created.utcoffset() == timedelta(0)
    assert before <= created <= datetime.now(UTC)
    assert new_client(app).log_in("ada", PASSWORD).json["user"] == user


GOOD: dict[str, list[str]] = {
    "username": ["abc", "a" * 64, "Ada.Love_lace-1"],
    "email": ["a" * 243 + "@example.com", "ada+posts@mail.example.co.uk"],
    "password": [
        *("8 bytes!", "x" * 128, "  spaces\tand\nlines  ", "пароль🔑🔑🔑"),
        "\0 and a lone \ud800",
    ],
}
BAD: dict[str, list[object]] = {
    "username": ["ab", "a" * 65, "a b c", "ada\n", "ünïcode", "a@b", 12345, None],
    "email": [
        *("ada", "ada@", "@example.com", "ada@example.com\n", "a" * 244 + "@example.com"),
        *("ädä@example.com", "ada@exämple.com", ["ada@example.com"], None),
    ],
    "password": ["seven77", "x" * 129, 1234567890, None],
    "roles": [["admin"]],
    "is_active": [True],
    "id": [1],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in GOOD.items() for value in values]
)
def test_good_value_is_accepted(client: Client, field: str, value: str) -> None:
    new = {**ADA, field: value}
    user_in(client.post("/users", json=new))
    response = client.log_in(new["username"], new["password"])
    assert response.status_code == 200
    assert field == "password" or response.json["user"][field] == value


@pytest.mark.parametrize("field", BAD)
def test_bad_value_is_422_that_names_the_field(client: Client, field: str) -> None:
    for value in BAD[field]:
        assert faults(client.post("/users", json=account(**{field: value}))) == {field}, value


@CREATIONS
def test_all_bad_values_are_named_at_once(app: Flask, path: str) -> None:
    bad = {"username": "a", "email": "b", "password": "c", "admin": True}
    response = creator(app, path).post(path, json=account(**bad))
    assert faults(response) == bad.keys()
    assert response.json["errors"]["admin"] == ["Unknown field."]


@pytest.mark.parametrize(
    ("field", "stored", "taken"),
    [
        ("username", "ada", "ada"),
        ("username", "ada", "aDA"),
        ("email", "ada@example.com", "Ada@EXAMPLE.com"),
        ("email", '"a"@example.com', '"a"@example.com'),
        ("email", "o'hara@example.com", "o'hara@example.com"),
    ],
)
def test_taken_value_is_409_without_regard_to_case(
    client: Client, field: str, stored: str, taken: str
) -> None:
    user_in(client.post("/users", json=account(**{field: stored})))
    new = {"username": "other", "email": "other@example.com", field: taken}
    response = client.post("/users", json=account(**new))
    assert refusal(response) == (409, f"{field.capitalize()} already taken")
    assert response.json["errors"] == {field: ["Already taken."]}


@pytest.mark.parametrize(
    ("path", "same"),
    [("/auth/register", "username"), ("/users", "email"), ("/admin/users", "username")],
)
def test_one_of_many_concurrent_registrations_gets_the_name(
    app: Flask, path: str, same: str
) -> None:
    def new(number: int) -> dict[str, object]:
        new = {"username": f"ada{number}", "email": f"ada{number}@example.com"}
        # Equal without regard to case.
        return account(**new | {same: ("ada" if number % 2 else "ADA") + new[same][4:]})

    clients = [creator(app, path) for _ in range(4)]
    calls = [partial(one.post, path, json=new(number)) for number, one in enumerate(clients)]
    answers = race(app, *calls, to="INSERT INTO users")
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert all(faults(answer) == {same} for answer in answers if answer.status_code == 409)


def test_registrations_share_one_limit(client: Client, app: Flask, monkeypatch: Any) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_REGISTER", "2 per hour")
    statuses = []
    for number, path in enumerate(["/auth/register", "/users", "/auth/register", "/users"]):
        new = account(username=f"ada{number}", email=f"ada{number}@example.com")
        statuses.append(client.post(path, json=new).status_code)
    assert statuses == [201, 201, 429, 429]


@pytest.fixture
def unmigrated(app: Flask) -> Iterator[Flask]:
    """An application whose tables come from create_all() and are empty."""
    with own_database() as url, other_app(TEST_DATABASE_URL=url) as unmigrated:
        with unmigrated.app_context():
            db.create_all()
        yield unmigrated


def test_first_registrations_create_the_role(unmigrated: Flask) -> None:
    calls = [
        partial(new_client(unmigrated).post, "/users", json=account(username=name, email=email))
        for name, email in (("ada", "ada@example.com"), ("bob", "bob@example.com"))
    ]
    answers = race(unmigrated, *calls, to="INSERT INTO roles")
    assert [user_in(answer)["roles"] for answer in answers] == [[USER]] * 2


def test_application_context_around_requests_does_no_harm(unmigrated: Flask) -> None:
    with unmigrated.app_context():
        db.session.add_all([Role(name="admin"), Role(name="user")])
        db.session.commit()
        client = new_client(unmigrated)
        user_in(client.post("/auth/register", json=account()))
        client.log_in("ada", PASSWORD)
        assert client.get("/users/me").json["username"] == "ada"
        assert new_client(unmigrated).get("/users/me").status_code == 401


# Visibility


@pytest.mark.parametrize(
    ("who", "is_active", "shown"),
    [
        ("anonymous", True, PUBLIC),
        ("anonymous", False, None),
        ("other", True, PUBLIC),
        ("other", False, None),
        ("owner", True, PRIVATE),
        ("admin", True, PRIVATE),
        ("admin", False, PRIVATE),
    ],
)
def test_fields_of_a_user_depend_on_the_caller(
    app: Flask, who: str, is_active: bool, shown: set[str] | None
) -> None:
    user = make_user(app, is_active=is_active)
    response = client_as(app, who, user).get(f"/users/{user.id}")
    if shown is None:
        assert refusal(response) == (404, NOT_FOUND)
    else:
        assert fields(response) == shown
        assert response.json["username"] == user.username


@pytest.mark.parametrize("who", ["anonymous", "other", "admin"])
def test_list_shows_active_users_and_public_fields_to_everybody(app: Flask, who: str) -> None:
    user, inactive = make_user(app), make_user(app, is_active=False)
    response = client_as(app, who, user).get("/users")
    assert user.id in ids(response)
    assert inactive.id not in ids(response)
    users: Any = response.json
    assert all(set(user) == PUBLIC for user in users)


def test_role_filter_is_for_admins(app: Flask, client: Client) -> None:
    user, boss = make_user(app), make_admin(app)
    make_user(app, roles=ROLES, is_active=False)
    for stranger in (client, client_of(app, user)):
        assert refusal(stranger.get(f"/users?role={ADMIN}")) == (403, ROLES_ARE_PRIVATE)
    admin = client_of(app, boss)
    assert ids(admin.get(f"/users?role={ADMIN}")) == [boss.id]
    assert ids(admin.get(f"/users?role={USER}")) == [user.id, boss.id]
    assert ids(admin.get("/users?role=unheard-of")) == []


def test_me_is_the_caller(app: Flask, client: Client) -> None:
    boss = make_admin(app)
    response = client_of(app, boss).get("/users/me")
    assert fields(response) == PRIVATE
    assert response.json["id"] == boss.id
    assert response.json["roles"] == sorted(ROLES)
    assert client.get("/users/me").status_code == 401


# Changes


@pytest.mark.parametrize(
    ("who", "is_active", "refused"),
    [
        ("anonymous", True, (401, TOKEN_MISSING)),
        ("other", True, (403, NOT_THE_USER)),
        ("other", False, (404, NOT_FOUND)),
        ("owner", True, None),
        ("admin", True, None),
        ("admin", False, None),
    ],
)
def test_users_are_changed_by_themselves_and_by_admins(
    app: Flask, who: str, is_active: bool, refused: tuple[int, str] | None
) -> None:
    user = make_user(app, is_active=is_active)
    client = client_as(app, who, user)
    for verb in VERBS:
        response = client.open(f"/users/{user.id}", method=verb, json={"username": "renamed"})
        if refused:
            assert refusal(response) == refused, verb
        else:
            assert response.status_code == (204 if verb == "DELETE" else 200), verb
    seen = client_of(app, make_admin(app)).get(f"/users/{user.id}")
    assert seen.status_code == (200 if refused else 404)
    assert not refused or seen.json["username"] == user.username


def test_unknown_user_is_404(app: Flask) -> None:
    admin = client_of(app, make_admin(app))
    for verb in ("GET", *VERBS):
        response = admin.open("/users/2147483647", method=verb, json={"username": "ghost"})
        assert refusal(response) == (404, NOT_FOUND), verb


@CHANGES
def test_change_of_one_field_leaves_the_others_alone(app: Flask, verb: str) -> None:
    user = make_user(app)
    client = client_of(app, user)
    before: Any = client.get("/users/me").json
    response = client.open(f"/users/{user.id}", method=verb, json={"email": "new@example.com"})
    after: Any = response.json
    changed = after["updated_at"]
    assert datetime.fromisoformat(changed) > datetime.fromisoformat(before["updated_at"])
    assert after == {**before, "email": "new@example.com", "updated_at": changed}
    assert client.get("/users/me").json == after


def test_replaced_account_logs_in_with_its_new_values(app: Flask) -> None:
    user = make_user(app)
    new = account(username="Grace", password="another password")
    assert client_of(app, user).put(f"/users/{user.id}", json=new).status_code == 200
    assert new_client(app).log_in("grace", "another password").json["user"]["id"] == user.id
    assert new_client(app).log_in("grace", PASSWORD).status_code == 401
    assert new_client(app).log_in(user.username, "another password").status_code == 401


@CHANGES
def test_bad_change_is_422_and_changes_nothing(app: Flask, verb: str) -> None:
    user = make_user(app)
    client = client_of(app, user)
    before = client.get("/users/me").json
    for bad in (
        {"username": "x"},
        {"email": None},
        {"roles": ["admin"]},
        {"is_active": False},
        {"username": "x y", "password": "short", "id": 7},
    ):
        body = {"email": "new@example.com", **bad}
        response = client.open(f"/users/{user.id}", method=verb, json=body)
        assert faults(response) == bad.keys()
    assert client.get("/users/me").json == before


@pytest.mark.parametrize("field", ["username", "email"])
def test_change_to_a_taken_value_is_409(app: Flask, field: str) -> None:
    user, other = make_user(app), make_user(app)
    body = {field: getattr(other, field).upper()}
    response = client_of(app, user).patch(f"/users/{user.id}", json=body)
    assert refusal(response) == (409, f"{field.capitalize()} already taken")
    assert faults(response) == {field}


@pytest.mark.parametrize("same", ["username", "email"])
def test_one_of_two_concurrent_changes_gets_the_name(app: Flask, same: str) -> None:
    users = [make_user(app), make_user(app)]
    change = {same: "wanted@example.com" if same == "email" else "wanted"}
    calls = [
        partial(client_of(app, user).patch, f"/users/{user.id}", json=change) for user in users
    ]
    answers = race(app, *calls, to="UPDATE users")
    assert sorted(answer.status_code for answer in answers) == [200, 409]


def test_username_may_change_its_case(app: Flask) -> None:
    user = make_user(app, "ada")
    response = client_of(app, user).patch(f"/users/{user.id}", json={"username": "Ada"})
    assert response.json["username"] == "Ada"


def test_change_of_an_outdated_user_is_412(app: Flask) -> None:
    user = make_user(app)
    client = client_of(app, user)
    read = {"If-Match": client.get("/users/me").headers["ETag"]}
    after = client.patch(f"/users/{user.id}", json={"email": "first@example.com"}).json
    for verb in VERBS:
        body = {"email": "second@example.com"}
        response = client.open(f"/users/{user.id}", method=verb, json=body, headers=read)
        assert response.status_code == 412, verb
    assert client.get("/users/me").json == after


# The cache


@pytest.mark.parametrize(
    ("who", "verb", "path", "body"),
    [
        ("owner", "PATCH", "/users/{id}", {"username": "renamed"}),
        ("owner", "DELETE", "/users/{id}", {}),
        ("admin", "PATCH", "/admin/users/{id}", {"is_active": False}),
    ],
)
def test_renamed_inactive_or_deleted_user_leaves_the_cache_at_once(
    app: Flask, client: Client, who: str, verb: str, path: str, body: dict[str, object]
) -> None:
    user = make_user(app)
    changer = client_as(app, who, user)
    for address in ("/users", f"/users/{user.id}"):
        assert user.username in client.get(address).text
        assert client.get(address).headers["X-Cache"] == "HIT"
    assert changer.open(path.format(id=user.id), method=verb, json=body).status_code < 300
    for address in ("/users", f"/users/{user.id}"):
        assert user.username not in client.get(address).text


def test_private_fields_never_reach_the_cache(app: Flask, client: Client) -> None:
    user = make_user(app)
    owner = client_of(app, user)
    for _ in range(2):
        assert fields(owner.get(f"/users/{user.id}")) == PRIVATE
        assert fields(client.get(f"/users/{user.id}")) == PUBLIC
