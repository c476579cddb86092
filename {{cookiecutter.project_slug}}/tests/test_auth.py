"""Registration, login, and the life of a session."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from app import db
from app.models.user import User
from tests.factories import ADA, PASSWORD, client_of, make_admin, make_user
from tests.support.answers import PUBLIC_USER, TOKENS, USER, faults, fields, refusal
from tests.support.client import Client, bearer, new_client
from tests.support.statements import race, statements_of

DOORS = pytest.mark.parametrize("door", ["/auth/register", "/users"])
REVOKED = (401, "Token has been revoked")


def me(client: Client, token: str) -> TestResponse:
    return client.get("/users/me", headers=bearer(token))


def refresh(client: Client, token: str) -> TestResponse:
    return client.post("/auth/refresh", headers=bearer(token))


def claims(token: str) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return decoded


def signed(app: Flask, token: str, **changes: Any) -> str:
    """A token with other claims, under a signature that is right."""
    return jwt.encode(claims(token) | changes, app.config["JWT_SECRET_KEY"], "HS256")


def change(app: Flask, user: User, **columns: Any) -> None:
    """Write to the database what no request wrote."""
    with app.app_context():
        db.session.execute(update(User).where(User.id == user.id).values(**columns))
        db.session.commit()


# Registration


def test_registration_answers_with_the_user(client: Client) -> None:
    response = client.post("/auth/register", json=ADA)
    assert response.status_code == 201
    assert response.json["message"] == "User created successfully"
    user = response.json["user"]
    assert set(user) == USER
    assert (user["username"], user["email"]) == ("ada", "ada@example.com")
    assert user["roles"] == ["user"]
    assert user["is_active"] is True


def test_registration_through_users_answers_with_the_bare_user(client: Client) -> None:
    response = client.post("/users", json=ADA)
    assert response.status_code == 201
    assert fields(response) == USER


@DOORS
def test_location_leads_to_the_new_user(client: Client, door: str) -> None:
    location = client.post(door, json=ADA).headers["Location"]
    assert client.get(location).json["username"] == "ada"


@DOORS
def test_registered_user_can_log_in(client: Client, door: str) -> None:
    client.post(door, json=ADA)
    assert client.log_in("ada", PASSWORD).status_code == 200


@DOORS
def test_times_of_a_new_user_are_utc_with_their_offset(client: Client, door: str) -> None:
    before = datetime.now(UTC)
    client.post(door, json=ADA)
    client.log_in("ada", PASSWORD)
    user = client.get("/users/me").json
    for name in ("created_at", "updated_at"):
        moment = datetime.fromisoformat(user[name])
        assert moment.utcoffset() == timedelta(0)
        assert before <= moment <= datetime.now(UTC)


@DOORS
@pytest.mark.parametrize("email", ["ada@example.com", "Ada@EXAMPLE.com"])
def test_taken_email_is_409_without_regard_to_case(client: Client, door: str, email: str) -> None:
    client.post("/auth/register", json=ADA)
    response = client.post(door, json={**ADA, "username": "other", "email": email})
    assert refusal(response) == (409, "Email already taken")
    assert response.json["errors"] == {"email": ["Already taken."]}


@DOORS
@pytest.mark.parametrize("email", ['"a"@example.com', "o'hara@example.com"])
def test_taken_email_with_quotes_is_named(client: Client, door: str, email: str) -> None:
    client.post("/auth/register", json={**ADA, "email": email})
    response = client.post(door, json={**ADA, "username": "other", "email": email})
    assert refusal(response) == (409, "Email already taken")
    assert faults(response) == {"email"}


@DOORS
@pytest.mark.parametrize("username", ["ada", "ADA", "aDa"])
def test_taken_name_is_409_without_regard_to_case(client: Client, door: str, username: str) -> None:
    client.post("/auth/register", json=ADA)
    response = client.post(door, json={**ADA, "username": username, "email": "b@example.com"})
    assert refusal(response) == (409, "Username already taken")
    assert response.json["errors"] == {"username": ["Already taken."]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "abc"),
        ("username", "a" * 64),
        ("username", "Ada.Love_lace-1"),
        ("email", "a" * 243 + "@example.com"),
        ("email", "ada+posts@mail.example.co.uk"),
        ("password", "8 bytes!"),
        ("password", "x" * 128),
        ("password", "  spaces\tand\nlines  "),
        ("password", "пароль🔑🔑🔑"),
        ("password", "\0 and a lone \ud800"),
    ],
)
def test_good_value_is_accepted(client: Client, field: str, value: str) -> None:
    account = {**ADA, field: value}
    assert client.post("/auth/register", json=account).status_code == 201
    response = client.log_in(account["username"], account["password"])
    assert response.status_code == 200
    if field != "password":
        assert response.json["user"][field] == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "ab"),
        ("username", "a" * 65),
        ("username", "a b c"),
        ("username", "ada\n"),
        ("username", "ünïcode"),
        ("username", "a@b"),
        ("username", 12345),
        ("username", None),
        ("email", "ada"),
        ("email", "ada@"),
        ("email", "@example.com"),
        ("email", "ada@example.com\n"),
        ("email", "a" * 244 + "@example.com"),
        ("email", "ädä@example.com"),
        ("email", "ada@exämple.com"),
        ("email", ["ada@example.com"]),
        ("email", None),
        ("password", "seven77"),
        ("password", "x" * 129),
        ("password", 1234567890),
        ("password", None),
        ("roles", ["admin"]),
        ("is_active", True),
        ("id", 1),
    ],
)
def test_bad_value_is_422_that_names_the_field(client: Client, field: str, value: object) -> None:
    assert faults(client.post("/auth/register", json={**ADA, field: value})) == {field}


@DOORS
def test_all_bad_fields_are_named_at_once(client: Client, door: str) -> None:
    response = client.post(door, json={"username": "a", "password": "b", "admin": True})
    assert refusal(response) == (422, "Validation failed")
    assert faults(response) == {"username", "email", "password", "admin"}
    assert response.json["errors"]["admin"] == ["Unknown field."]


# Login


def test_login_answers_with_tokens_and_user(app: Flask, client: Client) -> None:
    user = make_user(app)
    response = client.log_in(user.username, PASSWORD)
    assert response.status_code == 200
    assert fields(response) == TOKENS
    assert response.json["token_type"] == "Bearer"
    assert response.json["expires_in"] == app.config["JWT_ACCESS_TOKEN_EXPIRES"]
    assert set(response.json["user"]) == USER
    assert response.json["user"]["email"] == user.email


def test_login_ignores_the_case_of_the_name(app: Flask, client: Client) -> None:
    make_user(app, "Ada")
    assert client.log_in("aDA", PASSWORD).json["user"]["username"] == "Ada"


@pytest.mark.parametrize("password", ["wrong password", PASSWORD.upper(), PASSWORD + " ", ""])
def test_wrong_password_is_401(app: Flask, client: Client, password: str) -> None:
    user = make_user(app)
    assert refusal(client.log_in(user.username, password)) == (401, "Invalid credentials")


@pytest.mark.parametrize("username", ["nobody", "", "no name at all\n", "x" * 1000])
def test_unknown_name_is_the_same_401(client: Client, username: str) -> None:
    assert refusal(client.log_in(username, PASSWORD)) == (401, "Invalid credentials")


def test_inactive_account_is_the_same_401(app: Flask, client: Client) -> None:
    user = make_user(app, is_active=False)
    assert refusal(client.log_in(user.username, PASSWORD)) == (401, "Invalid credentials")


@pytest.mark.parametrize(
    ("body", "failing"),
    [
        ({"username": "ada"}, {"password"}),
        ({"password": PASSWORD}, {"username"}),
        ({"username": 1, "password": None}, {"username", "password"}),
        ({"username": "ada", "password": PASSWORD, "email": "x"}, {"email"}),
    ],
)
def test_login_without_name_or_password_is_422(
    client: Client, body: dict[str, object], failing: set[str]
) -> None:
    assert faults(client.post("/auth/login", json=body)) == failing


def test_refused_login_takes_as_long_for_every_reason(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A hash that costs much more than the rest of the request.
    monkeypatch.setitem(app.config, "PASSWORD_MEMORY_COST", 16384)
    known, inactive = make_user(app), make_user(app, is_active=False)

    def cost(username: str) -> float:
        """Processor time, which does not depend on what else the machine does."""
        costs = []
        for _ in range(3):
            start = time.thread_time()
            assert client.log_in(username, "wrong password").status_code == 401
            costs.append(time.thread_time() - start)
        return min(costs)

    expected = cost(known.username)
    assert cost("nobody") > expected / 3
    assert cost(inactive.username) > expected / 3


def test_login_renews_a_hash_of_another_cost(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user(app)
    monkeypatch.setitem(app.config, "PASSWORD_TIME_COST", 2)
    log_in = {"username": user.username, "password": PASSWORD}
    first = statements_of(app, lambda: client.post("/auth/login", json=log_in))
    second = statements_of(app, lambda: client.post("/auth/login", json=log_in))
    assert sorted(first) == ["INSERT", "SELECT", "UPDATE"]
    assert second == ["SELECT", "INSERT"]


# Tokens


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer one two", "Basic YWRhOmFiYw==", "Bearer x", "Bearer x.y.z"],
)
def test_missing_or_malformed_token_is_401(client: Client, header: str) -> None:
    response = client.get("/users/me", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_scheme_of_a_token_has_no_case(app: Flask) -> None:
    client = client_of(app, make_user(app))
    for scheme in ("bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {client.access_token}"}
        assert client.get("/users/me", headers=headers).status_code == 200


@pytest.mark.parametrize("name", ["ada ", " ada", "ada\t"])
def test_name_with_more_around_it_is_another_name(app: Flask, client: Client, name: str) -> None:
    make_user(app, "ada")
    assert client.log_in(name, PASSWORD).status_code == 401


@pytest.mark.parametrize("header", ["Basic YWRhOmFiYw==", "Token x", "bearer x"])
def test_credentials_that_mean_nothing_here_are_401_everywhere(client: Client, header: str) -> None:
    assert client.get("/posts", headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize("path", ["/users/me", "/posts", "/users"])
def test_bad_token_is_401_even_where_none_is_needed(app: Flask, path: str) -> None:
    client = client_of(app, make_user(app))
    good = client.access_token
    past = int(time.time()) - 10
    head, body, signature = good.split(".")
    for token, message in [
        (signed(app, good, exp=past), "Token has expired"),
        (signed(app, good, nbf=past + 1000), "Invalid token"),
        (signed(app, good, sid="0" * 32), "Token has been revoked"),
        (signed(app, good, sid=None), "Token has been revoked"),
        (signed(app, good, sid={"sid": ""}), "Token has been revoked"),
        (signed(app, good, sid="\0"), "Token has been revoked"),
        (signed(app, good, sid="\ud800"), "Token has been revoked"),
        (f"{head}.{body}.{signature[::-1]}", "Invalid token"),
        (f"{head}.{body[::-1]}.{signature}", "Invalid token"),
        (f"{head}.{body}.", "Invalid token"),
        (jwt.encode(claims(good), "x" * 32), "Invalid token"),
        (jwt.encode(claims(good), "", "none"), "Invalid token"),
        (client.refresh_token, "Invalid token"),
    ]:
        assert refusal(client.get(path, headers=bearer(token))) == (401, message), message


def test_access_token_does_not_refresh(app: Flask) -> None:
    client = client_of(app, make_user(app))
    assert refusal(refresh(client, client.access_token)) == (401, "Invalid token")


def test_expired_refresh_token_is_401(app: Flask) -> None:
    client = client_of(app, make_user(app))
    expired = signed(app, client.refresh_token, exp=int(time.time()) - 10)
    assert refusal(refresh(client, expired)) == (401, "Token has expired")


def test_caller_is_forgotten_between_requests_of_one_context(app: Flask) -> None:
    user = make_user(app)
    with app.app_context():
        assert client_of(app, user).get("/users/me").status_code == 200
        assert fields(new_client(app).get(f"/users/{user.id}")) == PUBLIC_USER
        assert new_client(app).get("/users/me").status_code == 401


def test_caller_is_read_anew_in_a_context_that_knows_the_user(app: Flask) -> None:
    user = make_user(app)
    client = client_of(app, user)
    with app.app_context():
        known = db.session.get_one(User, user.id)
        change(app, user, username="renamed", username_key="renamed")
        assert client.get("/users/me").json["username"] == "renamed"
        assert known.username == "renamed"


# Refresh


def test_refresh_answers_with_a_new_pair(app: Flask) -> None:
    client = client_of(app, make_user(app))
    response = refresh(client, client.refresh_token)
    assert response.status_code == 200
    assert fields(response) == TOKENS
    assert response.json["refresh_token"] != client.refresh_token
    assert me(client, response.json["access_token"]).status_code == 200
    assert refresh(client, response.json["refresh_token"]).status_code == 200


def test_old_refresh_token_ends_the_session(app: Flask) -> None:
    client = client_of(app, make_user(app))
    pair: Any = refresh(client, client.refresh_token).json
    assert refusal(refresh(client, client.refresh_token)) == REVOKED
    assert refusal(me(client, client.access_token)) == REVOKED
    assert refusal(me(client, pair["access_token"])) == REVOKED
    assert refusal(refresh(client, pair["refresh_token"])) == REVOKED


def test_old_refresh_token_leaves_other_sessions_alone(app: Flask) -> None:
    user = make_user(app)
    client, other = client_of(app, user), client_of(app, user)
    refresh(client, client.refresh_token)
    refresh(client, client.refresh_token)
    assert other.get("/users/me").status_code == 200


def test_one_of_two_racers_gets_the_new_pair(app: Flask) -> None:
    client = client_of(app, make_user(app))
    token = client.refresh_token
    answers = race(app, *[lambda: refresh(new_client(app), token)] * 2, to="UPDATE sessions")
    assert sorted(answer.status_code for answer in answers) == [200, 401]


# Logout


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_logout_kills_both_tokens_at_once(app: Flask, kind: str) -> None:
    client = client_of(app, make_user(app))
    response = client.post("/auth/logout", headers=bearer(getattr(client, kind)))
    assert (response.status_code, response.data) == (204, b"")
    assert refusal(me(client, client.access_token)) == REVOKED
    assert refusal(refresh(client, client.refresh_token)) == REVOKED
    assert refusal(client.post("/auth/logout")) == REVOKED


def test_logout_ends_this_session_only(app: Flask) -> None:
    user = make_user(app)
    client, other = client_of(app, user), client_of(app, user)
    client.post("/auth/logout")
    assert other.get("/users/me").status_code == 200


def test_logout_without_a_token_is_401(client: Client) -> None:
    assert client.post("/auth/logout").status_code == 401


# What ends sessions


@pytest.mark.parametrize(
    "body",
    [{"is_active": False}, {"roles": ["admin", "user"]}, {"roles": []}, {"password": "x" * 8}],
)
def test_change_by_an_admin_ends_the_sessions(app: Flask, body: dict[str, object]) -> None:
    user = make_user(app)
    client, admin = client_of(app, user), client_of(app, make_admin(app))
    assert admin.patch(f"/admin/users/{user.id}", json=body).status_code == 200
    assert refusal(me(client, client.access_token)) == REVOKED
    assert refusal(refresh(client, client.refresh_token)) == REVOKED


def test_tokens_stay_dead_when_the_account_is_active_again(app: Flask) -> None:
    user = make_user(app)
    client, admin = client_of(app, user), client_of(app, make_admin(app))
    for state in (False, True):
        admin.patch(f"/admin/users/{user.id}", json={"is_active": state})
    assert refusal(me(client, client.access_token)) == REVOKED
    assert client.log_in(user.username, PASSWORD).status_code == 200


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
def test_new_password_ends_the_other_sessions(app: Flask, verb: str) -> None:
    user = make_user(app)
    client, other = client_of(app, user), client_of(app, user)
    body = {"password": "another password"}
    assert client.open(f"/users/{user.id}", method=verb, json=body).status_code == 200
    assert client.get("/users/me").status_code == 200
    assert refresh(client, client.refresh_token).status_code == 200
    assert refusal(me(other, other.access_token)) == REVOKED
    assert refusal(refresh(other, other.refresh_token)) == REVOKED


def test_only_the_new_password_logs_in(app: Flask) -> None:
    user = make_user(app)
    client_of(app, user).patch(f"/users/{user.id}", json={"password": "another password"})
    assert new_client(app).log_in(user.username, PASSWORD).status_code == 401
    assert new_client(app).log_in(user.username, "another password").status_code == 200


def test_tokens_of_a_user_whom_the_database_calls_inactive_are_401(app: Flask) -> None:
    user = make_user(app)
    client = client_of(app, user)
    change(app, user, is_active=False)
    assert refusal(me(client, client.access_token)) == REVOKED
    assert refusal(refresh(client, client.refresh_token)) == REVOKED


def test_tokens_of_a_deleted_user_are_401(app: Flask) -> None:
    user = make_user(app)
    client = client_of(app, user)
    assert client.delete(f"/users/{user.id}").status_code == 204
    assert refusal(me(client, client.access_token)) == REVOKED
    assert refusal(refresh(client, client.refresh_token)) == REVOKED


def test_new_name_leaves_the_session_alone(app: Flask) -> None:
    user = make_user(app)
    client = client_of(app, user)
    client.patch(f"/users/{user.id}", json={"username": "renamed"})
    assert client.get("/users/me").json["username"] == "renamed"
    assert new_client(app).log_in(user.username, PASSWORD).status_code == 401


# Queries


def test_login_is_one_query_and_one_insert(app: Flask) -> None:
    user = make_user(app)
    body = {"username": user.username, "password": PASSWORD}
    client = new_client(app)
    assert statements_of(app, lambda: client.post("/auth/login", json=body)) == ["SELECT", "INSERT"]


def test_token_costs_one_query(app: Flask) -> None:
    user = make_user(app)
    client = client_of(app, user)
    assert statements_of(app, lambda: client.get("/users/me")) == ["SELECT"]
