"""The caller's account: registration, login, changes, and the form of errors."""

from functools import partial
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.accounts import WRONG_CREDENTIALS
from app.api.schemas import schema
from app.schemas.profile import AccountOut
from tests.conduit import V2, errors, logged_in, visitor
from tests.factories import ADA, PASSWORD, client_of, make_user
from tests.support.answers import refusal
from tests.support.client import Client, asking, bearer
from tests.support.statements import race


def log_in(client: Client, email: str, password: str = PASSWORD) -> TestResponse:
    return client.post("/users/login", json={"user": {"email": email, "password": password}})


def account(response: TestResponse) -> dict[str, Any]:
    assert response.status_code in {200, 201}, response.text
    assert response.headers["Cache-Control"] in {"no-store", "private, no-cache"}
    user: dict[str, Any] = response.json["user"]
    assert user.keys() == schema(AccountOut).fields.keys()
    return user


# Registration and login


def test_registered_user_is_logged_in(app: Flask) -> None:
    client = visitor(app)
    response = client.post("/users", json={"user": ADA})
    assert response.status_code == 201
    user = account(response)
    shown = {"username": "ada", "email": "ada@example.com", "bio": "", "image": ""}
    assert user == {**shown, "token": user["token"]}
    client.access_token = user["token"]
    assert account(client.get("/user")) == user


def test_login_goes_by_email_in_any_case(app: Flask) -> None:
    make_user(app, "ada")
    client = visitor(app)
    user = account(log_in(client, "ADA@Example.com"))
    assert user["username"] == "ada"
    client.access_token = user["token"]
    assert account(client.get("/user")) == user


def test_every_refused_login_is_the_same_401(app: Flask) -> None:
    make_user(app, "ada")
    make_user(app, "inactive", is_active=False)
    client = visitor(app)
    for email, password in (
        *(("ada@example.com", "wrong password"), ("ada@example.com", "")),
        *(("ada@example.com ", PASSWORD), ("inactive@example.com", PASSWORD)),
        *(("nobody@example.com", PASSWORD), ("ada", PASSWORD), ("", PASSWORD)),
    ):
        refused = log_in(client, email, password)
        assert refused.status_code == 401, (email, password)
        assert refused.json == {"errors": {"body": [WRONG_CREDENTIALS]}}


def test_logins_are_counted_by_email(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_LOGIN", "2 per hour")
    make_user(app, "ada")
    # Each client has an address of its own.
    answers = [log_in(visitor(app), email) for email in ("ada@example.com", "ADA@example.com") * 2]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert "Retry-After" in answers[-1].headers
    assert errors(answers[-1]) == {"body"}
    assert log_in(visitor(app), "bob@example.com").status_code == 401


def test_broken_logins_are_counted_by_address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_LOGIN", "2 per hour")
    bodies: list[object] = [[], {"user": []}, {"user": {"email": 7}}, "user"]
    for body in bodies:
        client = visitor(app)
        statuses = [client.post("/users/login", json=body).status_code for _ in range(3)]
        assert statuses == [422, 422, 429], body


def test_registrations_are_limited(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_REGISTER", "1 per hour")
    client = visitor(app)
    statuses = [client.post("/users", json={"user": ADA}).status_code for _ in range(2)]
    assert statuses == [201, 429]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "a b"}, "username"),
        ({"email": "nobody"}, "email"),
        ({"password": "short"}, "password"),
        ({"token": "mine"}, "token"),
        ({"roles": ["admin"]}, "roles"),
    ],
)
def test_bad_account_is_422(app: Flask, change: dict[str, object], field: str) -> None:
    client = logged_in(app)
    for response in (
        client.post("/users", json={"user": {**ADA, **change}}),
        client.put("/user", json={"user": change}),
    ):
        assert (response.status_code, errors(response)) == (422, {"body", field})


@pytest.mark.parametrize("field", ["username", "email"])
def test_taken_name_is_409_that_names_it(app: Flask, field: str) -> None:
    make_user(app, "ada")
    taken = {field: ADA[field].upper()}
    new = {"username": "bob", "email": "bob@example.com", "password": PASSWORD, **taken}
    for response in (
        visitor(app).post("/users", json={"user": new}),
        logged_in(app).put("/user", json={"user": taken}),
    ):
        assert (response.status_code, errors(response)) == (409, {"body", field})


def test_same_name_at_the_same_time_is_registered_once(app: Flask) -> None:
    calls = [partial(visitor(app).post, "/users", json={"user": ADA}) for _ in range(3)]
    answers = race(app, *calls, to="INSERT INTO users")
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


# Changes


def test_account_changes_field_by_field(app: Flask) -> None:
    client = logged_in(app)
    before = account(client.get("/user"))
    for change in (
        {"bio": "I count."},
        {"image": "https://example.com/ada.png"},
        {"image": ""},
        {"username": "countess"},
        {"email": "countess@example.com"},
    ):
        before |= change
        assert account(client.put("/user", json={"user": change})) == before
    assert account(client.get("/user")) == before
    assert log_in(visitor(app), "countess@example.com").status_code == 200


@pytest.mark.parametrize("image", ["javascript:alert(1)", "ada.png", "https://a b", "x" * 2001])
def test_image_is_an_address(app: Flask, image: str) -> None:
    response = logged_in(app).put("/user", json={"user": {"image": image}})
    assert (response.status_code, errors(response)) == (422, {"body", "image"})


def test_new_password_ends_the_other_sessions(app: Flask) -> None:
    user = make_user(app)
    client, other = logged_in(app, user), logged_in(app, user)
    account(client.put("/user", json={"user": {"password": "another good one"}}))
    assert client.get("/user").status_code == 200
    assert other.get("/user").status_code == 401
    assert log_in(visitor(app), user.email).status_code == 401
    assert log_in(visitor(app), user.email, "another good one").status_code == 200


# The two versions


def test_session_is_one_in_both_versions(app: Flask) -> None:
    user = make_user(app)
    client = logged_in(app, user)
    old: Client = client_of(app, user)
    old.access_token = client.access_token
    assert old.get("/users/me", headers=asking("1.0")).json["username"] == user.username
    assert old.post("/auth/logout", headers=asking("1.0")).status_code == 204
    assert client.get("/user").status_code == 401


def test_each_version_has_its_own_scheme(app: Flask) -> None:
    client = visitor(app)
    token = logged_in(app).access_token
    for scheme, status in (("Token", 200), ("token", 200), ("Bearer", 401), ("Basic", 401)):
        response = client.get("/user", headers=bearer(token, scheme))
        assert response.status_code == status, scheme
    assert response.headers["WWW-Authenticate"] == "Token"


def test_errors_of_each_version_have_its_own_form(app: Flask, client: Client) -> None:
    for verb, path, status in (
        ("GET", "/nothing", 404),
        ("PATCH", "/tags", 405),
        ("GET", "/user", 401),
        ("POST", "/users", 400),
    ):
        refused = visitor(app).open(path, method=verb)
        assert (refused.status_code, errors(refused)) == (status, {"body"}), path
    missing = client.get("/users/me", headers=asking("1.0"))
    assert refusal(missing) == (401, "Missing or malformed token")
    assert V2.number == "2.0"
