"""Profiles, and following them."""

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.models.user import follows
from tests.conduit import errors, logged_in, name_of, visitor
from tests.factories import make_admin, make_user
from tests.support.statements import race


def test_profile_says_what_its_user_wrote(app: Flask) -> None:
    user = make_user(app, "Ada")
    logged_in(app, user).put("/user", json={"user": {"bio": "I count."}})
    profile = {"username": "Ada", "bio": "I count.", "image": "", "following": False}
    for client in (visitor(app), logged_in(app, user), logged_in(app)):
        for name in ("Ada", "aDA"):
            assert client.get(f"/profiles/{name}").json == {"profile": profile}


def test_following_is_the_callers_and_counts_once(app: Flask) -> None:
    user = make_user(app)
    path, reader = f"/profiles/{user.username}", logged_in(app)
    for verb, following in (("POST", True), ("POST", True), ("DELETE", False), ("DELETE", False)):
        changed = reader.open(f"{path}/follow", method=verb)
        assert changed.json["profile"]["following"] is following
        assert reader.get(path).json == changed.json
        for other in (visitor(app), logged_in(app, user), logged_in(app)):
            assert other.get(path).json["profile"]["following"] is False


def test_user_may_follow_themselves(app: Flask) -> None:
    reader = logged_in(app)
    path = f"/profiles/{name_of(reader)}"
    assert reader.post(f"{path}/follow").json["profile"]["following"] is True
    assert reader.get(path).json["profile"]["following"] is True


@pytest.mark.parametrize("verb", ["POST", "DELETE"])
def test_following_needs_a_login(app: Flask, verb: str) -> None:
    path = f"/profiles/{make_user(app).username}/follow"
    refused = visitor(app).open(path, method=verb)
    assert (refused.status_code, errors(refused)) == (401, {"body"})


def test_unknown_and_inactive_users_have_no_profile(app: Flask) -> None:
    inactive = make_user(app, is_active=False)
    for reader in (logged_in(app), logged_in(app, make_admin(app))):
        for name in ("nobody", inactive.username, "x" * 300):
            for verb, below in (("GET", ""), ("POST", "/follow"), ("DELETE", "/follow")):
                refused = reader.open(f"/profiles/{name}{below}", method=verb)
                assert (refused.status_code, errors(refused)) == (404, {"body"}), (name, verb)


def test_follows_at_the_same_time_count_once(app: Flask) -> None:
    user, followed = make_user(app), make_user(app)
    path = f"/profiles/{followed.username}/follow"
    calls = [partial(logged_in(app, user).post, path) for _ in range(4)]
    answers = race(app, *calls, to="INSERT INTO follows")
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.json["profile"]["following"] for answer in answers)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(follows)) == 1


def test_cached_profile_is_never_stale(app: Flask) -> None:
    author, reader = logged_in(app), visitor(app)
    path = f"/profiles/{name_of(author)}"
    assert [reader.get(path).headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    author.put("/user", json={"user": {"bio": "Changed."}})
    assert reader.get(path).json["profile"]["bio"] == "Changed."
    author.put("/user", json={"user": {"username": "changed"}})
    assert reader.get(path).status_code == 404
