"""Commands: `flask create-admin`, `seed-demo`, `prune-sessions`, `openapi`."""

import json
import secrets
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from marshmallow import ValidationError
from sqlalchemy import or_, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.api.openapi import build_document
from app.api.versions import VERSIONS
from app.extensions import db
from app.models.post import Post
from app.models.user import ROLES, USER, User
from app.resources.auth import roles_named
from app.schemas import schema
from app.schemas.user import UserIn
from app.security.tokens import prune_sessions


def init_app(app: Flask) -> None:
    """Register the commands."""
    for command in (create_admin, seed_demo, prune, openapi):
        app.cli.add_command(command)


def tell_briefly(command: Callable[..., None]) -> Callable[..., None]:
    """Tell in one line what the database refuses."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except DBAPIError as error:
            reason = str(error.orig).partition("\n")[0]
            raise click.ClickException(
                f"The database refused: {reason} (`flask db upgrade` makes tables that are missing)"
            ) from None

    return wrapper


@click.command("create-admin")
@click.option("--username", prompt=True, help="Name to log in with.")
@click.option("--email", prompt="E-mail", help="E-mail address.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_appcontext
@tell_briefly
def create_admin(username: str, email: str, password_stdin: bool) -> None:
    """Make a user with every role."""
    if password_stdin:
        try:
            password = sys.stdin.buffer.readline().decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise click.ClickException("The password must be in UTF-8.") from None
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    data: dict[str, Any] = {"username": username, "email": email, "password": password}
    try:
        _add_user(data, ROLES)
        db.session.commit()
    except ValidationError as error:
        faults = error.normalized_messages()  # type: ignore[no-untyped-call]
        raise click.ClickException(
            " ".join(f"{name}: {' '.join(why)}" for name, why in faults.items())
        ) from None
    except IntegrityError:
        raise click.ClickException("The username or the e-mail address is taken.") from None
    click.echo(f"Admin {username} created.")


@click.command("seed-demo")
@with_appcontext
@tell_briefly
def seed_demo() -> None:
    """Add two users with posts and drafts; what is there already stays as it is."""
    for name in ("alice", "bob"):
        known = or_(User.username_key == name, User.email_key == f"{name}@example.com")
        if db.session.scalar(select(User.id).where(known)):
            click.echo(f"{name} is there already.")
            continue
        password = secrets.token_urlsafe(12)
        user = _add_user(
            {"username": name, "email": f"{name}@example.com", "password": password}, (USER,)
        )
        for number in range(1, 13):
            user.posts.append(
                Post(
                    title=f"Post {number} of {name.capitalize()}",
                    content="Some text, to have something to show.",
                    published=number % 4 != 0,
                )
            )
        db.session.commit()
        click.echo(f"{name} added, with 12 posts. The password is {password}")


@click.command("prune-sessions")
@with_appcontext
@tell_briefly
def prune() -> None:
    """Delete the sessions that have expired; run it once a day."""
    click.echo(f"{prune_sessions()} expired sessions deleted.")


@click.command("openapi")
@click.option("--version", "number", default=VERSIONS[-1].number, help="Version of the API.")
@click.option("--output", type=click.File("w", "utf-8"), default="-", help="File to write.")
@with_appcontext
def openapi(number: str, output: Any) -> None:
    """Write the OpenAPI document."""
    version = next((version for version in VERSIONS if version.number == number), None)
    if version is None:
        raise click.ClickException(f"There is no version {number}.")
    document = build_document(current_app, version)
    output.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _add_user(data: dict[str, Any], roles: tuple[str, ...]) -> User:
    user = User(**schema(UserIn).load(data))
    user.roles = roles_named(*roles)
    db.session.add(user)
    return user
