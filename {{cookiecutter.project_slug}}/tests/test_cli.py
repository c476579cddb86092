"""The commands, as an operator types them."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, update

from app import db
from app.backend.base import utcnow
from app.demo import ACCOUNTS
from app.models.session import Session
from app.models.user import ROLES
from app.routes import VERSIONS
from tests.factories import ADA, PASSWORD, client_of, make_user
from tests.support.answers import ids
from tests.support.apps import other_app
from tests.support.client import Client, new_client
from tests.support.database import own_database


def run(app: Flask, *args: str, typed: str | bytes = "") -> Result:
    return app.test_cli_runner().invoke(args=args, input=typed)


def create_admin(
    app: Flask, typed: str | bytes, name: str = "root", email: str = "r@x.org"
) -> Result:
    options = ("--username", name, "--email", email, "--password-stdin")
    return run(app, "create-admin", *options, typed=typed)


def test_create_admin_asks_for_everything(app: Flask, client: Client) -> None:
    typed = f"root\nroot@example.com\n{PASSWORD}\n{PASSWORD}\n"
    result = run(app, "create-admin", typed=typed)
    assert result.exit_code == 0, result.output
    assert "Admin root created." in result.output
    assert PASSWORD not in result.output
    assert client.log_in("root", PASSWORD).json["user"]["roles"] == sorted(ROLES)


@pytest.mark.parametrize(
    ("typed", "password"),
    [
        (PASSWORD, PASSWORD),
        (f"{PASSWORD}\n", PASSWORD),
        (f"{PASSWORD}\r\n", PASSWORD),
        (f"{PASSWORD}\nmore\n", PASSWORD),
        (f"  {PASSWORD}  \n", f"  {PASSWORD}  "),
    ],
)
def test_password_is_the_first_line_of_standard_input(
    app: Flask, client: Client, typed: str, password: str
) -> None:
    result = create_admin(app, typed)
    assert (result.exit_code, result.output) == (0, "Admin root created.\n")
    assert client.log_in("root", password).status_code == 200


def test_password_that_is_not_utf_8_is_refused(app: Flask) -> None:
    result = create_admin(app, b"p\xe9ssword\n")
    assert (result.exit_code, result.output) == (1, "Error: The password must be in UTF-8.\n")


def test_passwords_that_differ_create_no_admin(app: Flask, client: Client) -> None:
    result = run(app, "create-admin", typed=f"root\nroot@example.com\n{PASSWORD}\nother\n")
    assert result.exit_code == 1
    assert client.log_in("root", PASSWORD).status_code == 401


@pytest.mark.parametrize(
    ("name", "email"), [("ada", "new@x.org"), ("ADA", "new@x.org"), ("new", "ADA@x.org")]
)
def test_admin_with_a_taken_value_is_refused(app: Flask, name: str, email: str) -> None:
    make_user(app, "ada", email="ada@x.org")
    result = create_admin(app, PASSWORD, name, email)
    assert result.exit_code == 1
    assert result.output == "Error: The username or the e-mail address is taken.\n"


@pytest.mark.parametrize(
    ("name", "email", "password", "faults"),
    [
        ("a b c", "r@example.com", PASSWORD, {"username"}),
        ("root", "nobody", PASSWORD, {"email"}),
        ("root", "r@example.com", "", {"password"}),
        ("x", "nobody", "short", {"username", "email", "password"}),
    ],
)
def test_invalid_admin_is_refused_in_one_line(
    app: Flask, name: str, email: str, password: str, faults: set[str]
) -> None:
    result = create_admin(app, password, name, email)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert {name for name in ADA if f"{name}: " in result.output} == faults


def test_demo_accounts_can_log_in_and_are_added_once(app: Flask, client: Client) -> None:
    lines = run(app, "seed-demo").output.splitlines()
    for (name, roles), line in zip(ACCOUNTS.items(), lines, strict=True):
        said, _, password = line.rpartition(" ")
        assert said == f"{name} added. The password is"
        assert client.log_in(name, password).json["user"]["roles"] == sorted(roles)
    again = run(app, "seed-demo")
    assert again.output.splitlines() == [f"{name} exists already." for name in ACCOUNTS]


def test_demo_leaves_existing_users_alone(app: Flask, client: Client) -> None:
    make_user(app, "Alice", email="somebody@example.com")
    make_user(app, "robert", email="bob@example.com")
    lines = run(app, "seed-demo").output.splitlines()
    assert lines[1:] == ["alice exists already.", "bob exists already."]
    assert len(ids(client.get("/users"))) == 3


def test_pruning_deletes_expired_sessions_alone(app: Flask) -> None:
    user = make_user(app)
    old, new = client_of(app, user), client_of(app, user)
    past = utcnow() - timedelta(seconds=1)
    with app.app_context():
        first = db.session.scalar(select(Session.id).order_by(Session.created_at).limit(1))
        db.session.execute(update(Session).where(Session.id == first).values(expires_at=past))
        db.session.commit()
    assert old.get("/users/me").status_code == 401
    assert run(app, "prune-sessions").output == "Expired sessions deleted: 1.\n"
    assert run(app, "prune-sessions").output == "Expired sessions deleted: 0.\n"
    assert new.get("/users/me").status_code == 200


def test_openapi_writes_the_document_that_is_served(
    app: Flask, client: Client, tmp_path: Path
) -> None:
    served: Any = client.get("/openapi.json").json
    number = served["info"]["version"]
    assert json.loads(run(app, "openapi", "--version", number).output) == served
    newest = json.loads(run(app, "openapi").output)
    assert newest["info"]["version"] == VERSIONS[-1].number
    file = tmp_path / "openapi.json"
    assert run(app, "openapi", "--version", number, "--output", str(file)).exit_code == 0
    assert json.loads(file.read_text("utf-8")) == served


def test_openapi_refuses_an_unknown_version(app: Flask) -> None:
    result = run(app, "openapi", "--version", "9.9")
    assert (result.exit_code, result.output) == (1, "Error: There is no version 9.9.\n")


def test_command_runs_within_an_application_context(app: Flask) -> None:
    with app.app_context():
        assert create_admin(app, PASSWORD).exit_code == 0
    assert new_client(app).log_in("root", PASSWORD).status_code == 200


def test_missing_tables_are_reported_in_one_line(app: Flask) -> None:
    with own_database() as url, other_app(TEST_DATABASE_URL=url) as other:
        results = [
            create_admin(other, PASSWORD),
            run(other, "seed-demo"),
            run(other, "prune-sessions"),
        ]
    for result in results:
        assert result.exit_code == 1
        assert result.output.startswith("Error: Database error: ")
        assert "flask db upgrade" in result.output
        assert result.output.count("\n") == 1
