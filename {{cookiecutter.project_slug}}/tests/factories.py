"""Things to test with, stored directly; what a test doesn't say is made up."""

import itertools
from functools import cache

from flask import Flask
from sqlalchemy import select

from app import db
from app.models.post import Post
from app.models.user import Role, User
from app.sessions import begin_session
from tests.support.client import Client, new_client

PASSWORD = "correct horse battery"
ADA = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}

_numbers = itertools.count(1)


@cache
def roles_of(app: Flask) -> list[Role]:
    """The roles in an application's database; they are the same for every test."""
    return list(db.session.scalars(select(Role)))


def make_user(
    app: Flask,
    username: str | None = None,
    *,
    email: str | None = None,
    roles: tuple[str, ...] = ("user",),
    is_active: bool = True,
) -> User:
    """Store a user."""
    username = username or f"user{next(_numbers)}"
    with app.app_context():
        user = User(
            username=username,
            email=email or f"{username}@example.com",
            password=PASSWORD,
            is_active=is_active,
        )
        user.roles = [
            db.session.merge(role, load=False) for role in roles_of(app) if role.name in roles
        ]
        db.session.add(user)
        db.session.commit()
        return user


def make_admin(app: Flask) -> User:
    """Store an admin."""
    return make_user(app, roles=("admin", "user"))


def make_post(
    app: Flask,
    author: User,
    *,
    title: str | None = None,
    published: bool = True,
) -> Post:
    """Store a post."""
    with app.app_context():
        post = Post(
            user_id=author.id,
            title=title or f"Post number {next(_numbers)}",
            content="Some text.",
            published=published,
        )
        db.session.add(post)
        db.session.commit()
        return post


def client_of(app: Flask, user: User) -> Client:
    """A client with the tokens of a new session of the user's."""
    client = new_client(app)
    with app.app_context():
        tokens = begin_session(user)
    assert tokens
    client.access_token = tokens["access_token"]
    client.refresh_token = tokens["refresh_token"]
    return client
