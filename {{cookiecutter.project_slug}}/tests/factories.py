"""Users, and clients with their tokens; values that a test doesn't give are made up."""

import itertools
from collections.abc import Sequence

from flask import Flask

from app import db
from app.accounts import add_user
from app.api.schemas import schema
from app.api.versions import Version
from app.models.user import ROLES, USER, User
from app.schemas.user import UserIn
from app.sessions import begin_session
from tests.support.bodies import body_of
from tests.support.client import Client, new_client

PASSWORD = "correct horse battery"
ADA = body_of(UserIn, username="ada", email="ada@example.com", password=PASSWORD)

_numbers = itertools.count(1)


def make_user(
    app: Flask,
    username: str | None = None,
    *,
    email: str | None = None,
    roles: Sequence[str] = (USER,),
    is_active: bool = True,
) -> User:
    """Store a user."""
    username = username or f"user{next(_numbers)}"
    with app.app_context():
        new = {"username": username, "email": email or f"{username}@example.com"}
        user = add_user(schema(UserIn).load(ADA | new), roles)
        user.is_active = is_active
        db.session.commit()
        return user


def make_admin(app: Flask) -> User:
    """Store an admin."""
    return make_user(app, roles=ROLES)


def client_of(app: Flask, user: User, version: Version | None = None) -> Client:
    """Return a client that is logged in as a user, and calls this version or the default one."""
    client = new_client(app, version)
    with app.app_context():
        tokens = begin_session(user)
    assert tokens
    client.access_token = tokens["access_token"]
    client.refresh_token = tokens["refresh_token"]
    return client


def client_as(app: Flask, who: str, owner: User) -> Client:
    """Return a client for a caller, named by their relation to the owner of a resource."""
    match who:
        case "anonymous":
            return new_client(app)
        case "owner":
            return client_of(app, owner)
        case "admin":
            return client_of(app, make_admin(app))
        case _:
            assert who == "other"
            return client_of(app, make_user(app))
