"""Commands: `flask create-admin`, `seed-demo`, `prune-sessions`, `openapi`."""

import json
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.accounts import add_user
from app.api.openapi.document import build_document
from app.api.schemas import schema
from app.api.versions import Version
from app.demo import add_demo_data
from app.extensions import db
from app.models.user import ROLES
from app.schemas.user import UserIn
from app.sessions import prune_sessions


def init_app(app: Flask) -> None:
    """Register the commands."""
    for command in (create_admin, seed_demo, prune, openapi):
        app.cli.add_command(command)


def report_database_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Report errors of the database in one line."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except DBAPIError as error:
            reason = str(error.orig).partition("\n")[0]
            raise click.ClickException(
                f"Database error: {reason} (`flask db upgrade` creates missing tables)"
            ) from None

    return wrapper


@click.command("create-admin")
@click.option("--username", prompt=True, help="Name to log in with.")
@click.option("--email", prompt="E-mail", help="E-mail address.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_appcontext
@report_database_errors
def create_admin(username: str, email: str, password_stdin: bool) -> None:
    """Create a user who holds every role."""
    if password_stdin:
        try:
            password = sys.stdin.buffer.readline().decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise click.ClickException("The password must be in UTF-8.") from None
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    data: dict[str, Any] = {"username": username, "email": email, "password": password}
    try:
        add_user(schema(UserIn).load(data), ROLES)
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
@report_database_errors
def seed_demo() -> None:
    """Add an admin and two users with demo data; leave existing users unchanged."""
    for line in add_demo_data():
        click.echo(line)


@click.command("prune-sessions")
@with_appcontext
@report_database_errors
def prune() -> None:
    """Delete expired sessions; run it once a day."""
    click.echo(f"Expired sessions deleted: {prune_sessions()}.")


@click.command("openapi")
@click.option("--version", "number", help="API version (default: the newest).")
@click.option("--output", type=click.File("w", "utf-8"), default="-", help="File to write.")
@with_appcontext
def openapi(number: str | None, output: Any) -> None:
    """Write the OpenAPI document."""
    versions: Sequence[Version] = current_app.extensions["versions"]
    version = next((v for v in reversed(versions) if number in {None, v.number}), None)
    if version is None:
        raise click.ClickException(f"There is no version {number}.")
    document = build_document(current_app, version)
    output.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
