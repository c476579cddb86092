"""Callers who come at once: the database decides, and everybody gets an answer."""

from functools import partial

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import PASSWORD, client_of, make_admin, make_post, make_user
from tests.support.answers import faults, ids
from tests.support.client import Client, new_client
from tests.support.statements import apart, race, watched


@pytest.mark.parametrize("door", ["/auth/register", "/users", "/admin/users"])
@pytest.mark.parametrize("same", ["username", "email"])
def test_one_of_many_gets_the_name(app: Flask, door: str, same: str) -> None:
    admin = client_of(app, make_admin(app))

    def account(number: int) -> dict[str, str]:
        account = {"username": f"ada{number}", "email": f"ada{number}@example.com"}
        # Equal without regard to case.
        account[same] = ("ada" if number % 2 else "ADA") + account[same][4:]
        return {**account, "password": PASSWORD}

    def caller() -> Client:
        caller = new_client(app)
        caller.access_token = admin.access_token
        return caller

    answers = race(
        app,
        *[partial(caller().post, door, json=account(number)) for number in range(4)],
        to="INSERT INTO users",
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = [faults(answer) for answer in answers if answer.status_code == 409]
    assert refused == [{same}] * 3


@pytest.mark.parametrize("same", ["username", "email"])
def test_one_of_two_gets_a_new_name(app: Flask, same: str) -> None:
    one, two = make_user(app), make_user(app)
    first, second = client_of(app, one), client_of(app, two)
    change = {same: "wanted@example.com" if same == "email" else "wanted"}
    answers = race(
        app,
        lambda: first.patch(f"/users/{one.id}", json=change),
        lambda: second.patch(f"/users/{two.id}", json=change),
        to="UPDATE users",
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


WRITERS = pytest.mark.parametrize(
    "verbs", [("PATCH", "PATCH"), ("PUT", "PATCH"), ("PATCH", "DELETE"), ("DELETE", "DELETE")]
)


@WRITERS
@pytest.mark.parametrize(("conditional", "refused"), [(True, 412), (False, 409)])
def test_one_of_two_writers_of_a_post_wins(
    app: Flask, verbs: tuple[str, str], conditional: bool, refused: int
) -> None:
    user = make_user(app)
    author = client_of(app, user)
    path = f"/posts/{make_post(app, user).id}"
    read = {"If-Match": author.get(path).headers["ETag"]} if conditional else {}

    def write(verb: str, title: str) -> TestResponse:
        return author.open(path, method=verb, json={"title": title}, headers=read)

    answers = race(
        app,
        lambda: write(verbs[0], "First"),
        lambda: write(verbs[1], "Second"),
        to=("UPDATE posts", "DELETE FROM posts"),
    )
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert won.status_code == (204 if verbs[answers.index(won)] == "DELETE" else 200)
    assert lost.status_code == refused
    if won.status_code == 200:
        assert author.get(path).json == won.json
    else:
        assert author.get(path).status_code == 404


def test_session_of_a_password_that_is_being_changed_does_not_begin(app: Flask) -> None:
    user = make_user(app)
    owner, late = client_of(app, user), new_client(app)

    def change_it_first(statement: str) -> None:
        if statement.startswith("INSERT INTO sessions"):
            body = {"password": "another password"}
            answer = apart(partial(owner.patch, f"/users/{user.id}", json=body))
            assert answer.status_code == 200

    with watched(app, change_it_first):
        assert late.log_in(user.username, PASSWORD).status_code == 401
    assert late.log_in(user.username, "another password").status_code == 200


def test_post_of_a_user_who_is_being_deleted_does_not_stay(app: Flask, client: Client) -> None:
    user = make_user(app)
    author, other = client_of(app, user), client_of(app, user)
    deleted, written = race(
        app,
        lambda: author.delete(f"/users/{user.id}"),
        lambda: other.post("/posts", json={"title": "Too late", "content": "?", "published": True}),
        to=("DELETE FROM users", "INSERT INTO posts"),
    )
    assert deleted.status_code == 204
    assert written.status_code in {201, 409}
    assert ids(client.get("/posts")) == []
