"""Logins and the life of a session."""

import time
from functools import partial
from typing import Any
from uuid import uuid4

import jwt
import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from app import db
from app.accounts import WRONG_CREDENTIALS
from app.api.schemas import schema
from app.models.user import ADMIN, ROLES, User
from app.schemas.auth import TokensOut
from app.schemas.user import PublicUserOut, UserOut
from app.security import passwords
from tests.factories import PASSWORD, client_as, client_of, make_user
from tests.support.answers import faults, fields, refusal
from tests.support.client import Client, bearer, new_client
from tests.support.statements import apart, race, statements_of, watched

REVOKED = (401, "Token has been revoked")
TOKENS = set(schema(TokensOut).fields)


def me(client: Client, token: str) -> TestResponse:
    return client.get("/users/me", headers=bearer(token))


def refresh(client: Client, token: str) -> TestResponse:
    return client.post("/auth/refresh", headers=bearer(token))


def assert_ended(client: Client) -> None:
    """Check that both tokens of a client are refused."""
    assert refusal(me(client, client.access_token)) == REVOKED
    assert refusal(refresh(client, client.refresh_token)) == REVOKED


def change_stored(app: Flask, user: User, **columns: Any) -> None:
    """Change a user in the database, as another process would."""
    with app.app_context():
        db.session.execute(update(User).where(User.id == user.id).values(**columns))
        db.session.commit()


# Login


@pytest.mark.parametrize("username", ["Ada", "aDA"])
def test_login_answers_with_tokens_and_the_user(app: Flask, client: Client, username: str) -> None:
    user = make_user(app, "Ada")
    response = client.log_in(username, PASSWORD)
    assert fields(response) == TOKENS
    assert response.json["token_type"] == "Bearer"
    assert response.json["expires_in"] == app.config["JWT_ACCESS_TOKEN_EXPIRES"]
    assert response.json["user"].keys() == schema(UserOut).fields.keys()
    assert response.json["user"]["email"] == user.email
    assert client.get("/users/me").json == response.json["user"]


def test_every_refused_login_is_the_same_401(app: Flask, client: Client) -> None:
    make_user(app, "ada")
    make_user(app, "inactive", is_active=False)
    wrong_passwords = ("wrong password", PASSWORD.upper(), f"{PASSWORD} ", "")
    wrong_names = ("ada ", " ada", "ada\t", "inactive", "nobody", "", "impossible\n", "x" * 1000)
    for username, password in (
        *(("ada", password) for password in wrong_passwords),
        *((username, PASSWORD) for username in wrong_names),
    ):
        response = client.log_in(username, password)
        assert refusal(response) == (401, WRONG_CREDENTIALS), (username, password)


def test_every_refused_login_takes_the_same_time(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Checking a hash of this cost takes much longer than the rest of the request.
    monkeypatch.setitem(app.config, "PASSWORD_MEMORY_COST", 16384)
    known, inactive = make_user(app), make_user(app, is_active=False)

    def cost(username: str) -> float:
        """Measure processor time, which doesn't depend on the load of the machine."""
        costs = []
        for _ in range(3):
            start = time.thread_time()
            assert client.log_in(username, "wrong password").status_code == 401
            costs.append(time.thread_time() - start)
        return min(costs)

    expected = cost(known.username)
    assert cost("nobody") > expected / 3
    assert cost(inactive.username) > expected / 3


def test_malformed_login_is_422(client: Client) -> None:
    bodies: list[tuple[dict[str, object], set[str]]] = [
        ({"username": "ada"}, {"password"}),
        ({"password": PASSWORD}, {"username"}),
        ({"username": 1, "password": None}, {"username", "password"}),
        ({"username": "ada", "password": PASSWORD, "email": "x"}, {"email"}),
    ]
    for body, failing in bodies:
        assert faults(client.post("/auth/login", json=body)) == failing


def test_login_takes_one_query_and_one_insert(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user(app)

    def log_in() -> TestResponse:
        return client.log_in(user.username, PASSWORD)

    before = log_in().json
    assert statements_of(app, log_in) == ["SELECT", "INSERT"]
    monkeypatch.setitem(app.config, "PASSWORD_TIME_COST", 2)
    renewing_the_hash = statements_of(app, log_in)
    assert sorted(renewing_the_hash) == ["INSERT", "SELECT", "UPDATE"]
    assert statements_of(app, log_in) == ["SELECT", "INSERT"]
    assert log_in().json["user"] == before["user"]


def test_login_with_a_password_that_is_being_changed_is_401(app: Flask) -> None:
    user = make_user(app)
    owner, late = client_of(app, user), new_client(app)

    def change_it_first(statement: str) -> None:
        if statement.startswith("INSERT INTO sessions"):
            change = partial(owner.patch, f"/users/{user.id}", json={"password": "another one"})
            assert apart(change).status_code == 200

    with watched(app, change_it_first):
        assert late.log_in(user.username, PASSWORD).status_code == 401
    assert late.log_in(user.username, "another one").status_code == 200


def test_right_password_that_cannot_be_checked_is_503(app: Flask, client: Client) -> None:
    user = make_user(app)
    with app.app_context():
        # Argon2 can't work with so little memory; with too little on the machine it's the same.
        impossible = user.password_hash.replace("m=8,", "m=1,")
        db.session.execute(update(User).values(password_hash=impossible))
        db.session.commit()
    response = client.log_in(user.username, PASSWORD)
    assert refusal(response) == (503, passwords.BUSY)
    assert response.headers["Retry-After"] == "5"


def test_passwords_are_hashed_a_few_at_once(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user(app)
    monkeypatch.setitem(app.config, "PASSWORD_HASHES_AT_ONCE", 1)
    monkeypatch.setattr(passwords, "LONGEST_WAIT", 0.01)
    log_in = partial(client.log_in, user.username, PASSWORD)
    with app.app_context(), passwords.hashing():
        assert apart(log_in).status_code == 503
    assert log_in().status_code == 200


# The limit of logins


@pytest.fixture
def two_logins(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow two logins per hour."""
    monkeypatch.setitem(app.config, "RATELIMIT_LOGIN", "2 per hour")


def attempt(client: Client, username: str) -> int:
    return client.log_in(username, "wrong password").status_code


@pytest.mark.usefixtures("two_logins")
def test_logins_are_counted_by_address(client: Client) -> None:
    assert [attempt(client, uuid4().hex) for _ in range(3)] == [401, 401, 429]


@pytest.mark.usefixtures("two_logins")
def test_logins_are_counted_by_account(app: Flask) -> None:
    user = make_user(app)
    names = [user.username, user.username.upper()]
    assert [attempt(new_client(app), name) for name in names] == [401, 401]
    assert new_client(app).log_in(user.username, PASSWORD).status_code == 429
    assert new_client(app).log_in(make_user(app).username, PASSWORD).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"username": ["name"]}',
        b'{"username": "\\ud800", "password": ""}',
        b'{"username": "' + b"a" * 1000 + b' \\n"}',
        b" " * (1024 * 1024 + 1),
        None,
    ],
    ids=lambda body: str(body)[:30],
)
@pytest.mark.usefixtures("two_logins")
def test_garbage_counts_like_any_other_attempt(client: Client, body: bytes | None) -> None:
    assert attempt(client, uuid4().hex) == 401
    if body is None:
        response = client.post_unreadable("/auth/login")
    else:
        response = client.post("/auth/login", data=body, content_type="application/json")
    assert response.status_code in {400, 413, 422}
    assert attempt(client, uuid4().hex) == 429


@pytest.mark.usefixtures("two_logins")
def test_malformed_logins_count_only_for_their_own_address(app: Flask) -> None:
    bodies = [{"name": "ada"}] * 3
    answers = [new_client(app).post("/auth/login", json=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [422] * 3


# Tokens


def test_token_of_no_session_is_401(app: Flask) -> None:
    client = client_of(app, make_user(app))
    claims = jwt.decode(client.access_token, options={"verify_signature": False})
    ids: list[object] = ["0" * 32, None, {}, "\0", "\ud800"]
    for sid in ids:
        token = jwt.encode(claims | {"sid": sid}, app.config["JWT_SECRET_KEY"], "HS256")
        assert refusal(me(client, token)) == REVOKED, sid


def test_authentication_takes_one_query(app: Flask) -> None:
    client = client_of(app, make_user(app))
    assert statements_of(app, lambda: client.get("/users/me")) == ["SELECT"]


def test_each_request_within_one_app_context_is_authenticated(app: Flask) -> None:
    user = make_user(app)
    client, path = client_of(app, user), f"/users/{user.id}"
    with app.app_context():
        known = db.session.get_one(User, user.id)
        change_stored(app, user, username="renamed", username_key="renamed")
        assert client.get("/users/me").json["username"] == "renamed"
        assert known.username == "renamed"
        assert fields(new_client(app).get(path)) == set(schema(PublicUserOut).fields)
        assert new_client(app).get("/users/me").status_code == 401


# Refresh


def test_refresh_answers_with_a_new_pair(app: Flask) -> None:
    client = client_of(app, make_user(app))
    response = refresh(client, client.refresh_token)
    assert fields(response) == TOKENS
    assert response.json["refresh_token"] != client.refresh_token
    assert me(client, response.json["access_token"]).status_code == 200
    assert refresh(client, response.json["refresh_token"]).status_code == 200


def test_reused_refresh_token_ends_its_session_alone(app: Flask) -> None:
    user = make_user(app)
    client, other = client_of(app, user), client_of(app, user)
    pair: Any = refresh(client, client.refresh_token).json
    assert refusal(refresh(client, client.refresh_token)) == REVOKED
    assert_ended(client)
    assert refusal(me(client, pair["access_token"])) == REVOKED
    assert refusal(refresh(client, pair["refresh_token"])) == REVOKED
    assert other.get("/users/me").status_code == 200


def test_one_of_two_concurrent_refreshes_gets_the_new_pair(app: Flask) -> None:
    client = client_of(app, make_user(app))
    calls = [partial(refresh, new_client(app), client.refresh_token) for _ in range(2)]
    answers = race(app, *calls, to="UPDATE sessions")
    assert sorted(answer.status_code for answer in answers) == [200, 401]


# The end of sessions


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_logout_ends_this_session_alone(app: Flask, kind: str) -> None:
    user = make_user(app)
    client, other = client_of(app, user), client_of(app, user)
    response = client.post("/auth/logout", headers=bearer(getattr(client, kind)))
    assert (response.status_code, response.data) == (204, b"")
    assert_ended(client)
    assert refusal(client.post("/auth/logout")) == REVOKED
    assert other.get("/users/me").status_code == 200


@pytest.mark.parametrize(
    ("who", "verb", "path", "body"),
    [
        ("admin", "PATCH", "/admin/users/{id}", {"is_active": False}),
        ("admin", "PATCH", "/admin/users/{id}", {"roles": list(ROLES)}),
        ("admin", "PATCH", "/admin/users/{id}", {"roles": []}),
        ("admin", "PATCH", "/admin/users/{id}", {"password": "another password"}),
        ("admin", "PUT", "/users/{id}", {"password": "another password"}),
        ("admin", "DELETE", "/admin/users/{id}", {}),
        ("owner", "PATCH", "/users/{id}", {"password": "another password"}),
        ("owner", "PUT", "/users/{id}", {"password": "another password"}),
        ("owner", "DELETE", "/users/{id}", {}),
    ],
)
def test_change_of_an_account_ends_its_other_sessions(
    app: Flask, who: str, verb: str, path: str, body: dict[str, object]
) -> None:
    user = make_user(app)
    client, changer = client_of(app, user), client_as(app, who, user)
    response = changer.open(path.format(id=user.id), method=verb, json=body)
    assert response.status_code == (204 if verb == "DELETE" else 200)
    assert_ended(client)
    if verb != "DELETE":
        assert changer.get("/users/me").status_code == 200


def test_sessions_of_a_user_who_is_inactive_in_the_database_are_refused(app: Flask) -> None:
    user = make_user(app)
    client = client_of(app, user)
    change_stored(app, user, is_active=False)
    assert_ended(client)


def test_ended_sessions_stay_ended_when_the_account_is_active_again(app: Flask) -> None:
    user = make_user(app)
    client, admin = client_of(app, user), client_as(app, ADMIN, user)
    for state in (False, True):
        admin.patch(f"/admin/users/{user.id}", json={"is_active": state})
    assert_ended(client)
    assert client.log_in(user.username, PASSWORD).status_code == 200


@pytest.mark.parametrize("body", [{"username": "renamed"}, {"email": "new@example.com"}])
def test_other_changes_leave_sessions_alone(app: Flask, body: dict[str, str]) -> None:
    user = make_user(app)
    client, other = client_of(app, user), client_of(app, user)
    client.patch(f"/users/{user.id}", json=body)
    response = other.get("/users/me")
    assert {name: response.json[name] for name in body} == body
