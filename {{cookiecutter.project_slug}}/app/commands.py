"""Commands: `flask create-admin`, `seed-demo`, `prune-sessions`, `openapi`."""

import json
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import ScriptInfo, with_appcontext
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.accounts import add_user
from app.api.openapi.document import build_document
from app.api.schemas import schema
from app.api.versions import Version
from app.demo import add_demo_data
from app.extensions import db
from app.health import require_database
from app.models.user import ROLES
from app.schemas.user import UserIn
from app.sessions import prune_sessions


def init_app(app: Flask) -> None:
    """Register the commands."""
    for command in (create_admin, seed_demo, prune, openapi):
        app.cli.add_command(command)


def is_command() -> bool:
    """Return whether the flask command runs, and serves nothing.

    Commands that need the database require it themselves; others, such as `routes`, do without.
    """
    context = click.get_current_context(silent=True)
    if context is None or context.find_object(ScriptInfo) is None:
        return False
    return context.info_name != "run"


def needs_database(command: Callable[..., None]) -> Callable[..., None]:
    """Require the database before the first question, and report its errors in one line."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        require_database(current_app)
        try:
            command(*args, **kwargs)
        except DBAPIError as error:
            reason = str(error.orig).partition("\n")[0]
            raise click.ClickException(
                f"Database error: {reason} (`flask db upgrade` creates missing tables)"
            ) from None

    return wrapper


@click.command("create-admin")
@click.option("--username", help="Name to log in with.")
@click.option("--email", help="E-mail address.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_appcontext
@needs_database
def create_admin(username: str | None, email: str | None, password_stdin: bool) -> None:
    """Create a user who holds every role; ask for what is not given."""
    username = username if username is not None else click.prompt("Username")
    email = email if email is not None else click.prompt("E-mail")
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
@needs_database
def seed_demo() -> None:
    """Add an admin and two users with demo data; leave existing users unchanged."""
    for line in add_demo_data():
        click.echo(line)


@click.command("prune-sessions")
@with_appcontext
@needs_database
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
    document = build_document(
        current_app, version, current_app.config["APPLICATION_ROOT"].rstrip("/")
    )
    output.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
