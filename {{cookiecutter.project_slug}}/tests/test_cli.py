"""The commands, as an operator types them."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, update

from app import db
from app.backend.base import utcnow
from app.models.session import Session
from tests.factories import PASSWORD, client_of, make_user
from tests.support.answers import ids
from tests.support.apps import other_app
from tests.support.client import Client, new_client
from tests.support.database import own_database


def run(app: Flask, *args: str, typed: str = "") -> Result:
    return app.test_cli_runner().invoke(args=args, input=typed)


def create_admin(app: Flask, typed: str, name: str = "root", email: str = "r@x.org") -> Result:
    options = ("--username", name, "--email", email, "--password-stdin")
    return run(app, "create-admin", *options, typed=typed)


def test_admin_is_asked_for_everything(app: Flask, client: Client) -> None:
    typed = f"root\nroot@example.com\n{PASSWORD}\n{PASSWORD}\n"
    result = run(app, "create-admin", typed=typed)
    assert result.exit_code == 0, result.output
    assert "Admin root created." in result.output
    assert PASSWORD not in result.output
    assert client.log_in("root", PASSWORD).json["user"]["roles"] == ["admin", "user"]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nmore\n"])
def test_password_of_an_admin_may_come_from_standard_input(
    app: Flask, client: Client, end: str
) -> None:
    result = create_admin(app, PASSWORD + end)
    assert (result.exit_code, result.output) == (0, "Admin root created.\n")
    assert client.log_in("root", PASSWORD).status_code == 200


def test_password_may_begin_and_end_with_blanks(app: Flask, client: Client) -> None:
    create_admin(app, f"  {PASSWORD}  \n")
    assert client.log_in("root", PASSWORD).status_code == 401
    assert client.log_in("root", f"  {PASSWORD}  ").status_code == 200


def test_password_from_standard_input_must_be_utf_8(app: Flask) -> None:
    result = app.test_cli_runner().invoke(
        args=("create-admin", "--username", "root", "--email", "r@x.org", "--password-stdin"),
        input=b"p\xe9ssword\n",
    )
    assert (result.exit_code, result.output) == (1, "Error: The password must be in UTF-8.\n")


def test_passwords_that_differ_make_no_admin(app: Flask, client: Client) -> None:
    result = run(app, "create-admin", typed=f"root\nroot@example.com\n{PASSWORD}\nother\n")
    assert result.exit_code == 1
    assert client.log_in("root", PASSWORD).status_code == 401


@pytest.mark.parametrize(
    ("name", "email"), [("ada", "new@x.org"), ("ADA", "new@x.org"), ("new", "ADA@x.org")]
)
def test_admin_must_not_take_what_is_taken(app: Flask, name: str, email: str) -> None:
    make_user(app, "ada", email="ada@x.org")
    result = create_admin(app, PASSWORD, name, email)
    assert result.exit_code == 1
    assert result.output == "Error: The username or the e-mail address is taken.\n"


@pytest.mark.parametrize(
    ("name", "email", "password", "faults"),
    [
        ("x", "r@example.com", PASSWORD, ["username"]),
        ("a b c", "r@example.com", PASSWORD, ["username"]),
        ("root", "nobody", PASSWORD, ["email"]),
        ("root", "r@example.com", "short", ["password"]),
        ("root", "r@example.com", "", ["password"]),
        ("x", "nobody", "short", ["username", "email", "password"]),
    ],
)
def test_admin_must_be_valid(
    app: Flask, name: str, email: str, password: str, faults: list[str]
) -> None:
    result = create_admin(app, password, name, email)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    fields = ("username", "email", "password")
    assert [field for field in fields if f"{field}: " in result.output] == faults


def test_demo_can_be_added_twice(app: Flask, client: Client) -> None:
    first = run(app, "seed-demo")
    assert first.output.startswith("alice added, with 12 posts. The password is ")
    before = ids(client.get("/posts?per_page=100"))
    assert len(before) == 18
    second = run(app, "seed-demo")
    assert second.output == "alice is there already.\nbob is there already.\n"
    assert ids(client.get("/posts?per_page=100")) == before


def test_demo_users_can_log_in(app: Flask, client: Client) -> None:
    password = run(app, "seed-demo").output.splitlines()[0].rpartition(" ")[2]
    assert client.log_in("alice", password).json["user"]["roles"] == ["user"]
    assert len(ids(client.get("/posts?published=false"))) == 3


def test_demo_leaves_a_renamed_user_alone(app: Flask) -> None:
    make_user(app, "Alice", email="somebody@example.com")
    make_user(app, "robert", email="bob@example.com")
    result = run(app, "seed-demo")
    assert result.output == "alice is there already.\nbob is there already.\n"


def test_pruning_deletes_only_sessions_that_have_expired(app: Flask) -> None:
    user = make_user(app)
    old, new = client_of(app, user), client_of(app, user)
    past = utcnow() - timedelta(seconds=1)
    with app.app_context():
        first = db.session.scalar(select(Session.id).order_by(Session.created_at).limit(1))
        db.session.execute(update(Session).where(Session.id == first).values(expires_at=past))
        db.session.commit()
    assert old.get("/users/me").status_code == 401
    assert run(app, "prune-sessions").output == "1 expired sessions deleted.\n"
    assert run(app, "prune-sessions").output == "0 expired sessions deleted.\n"
    assert new.get("/users/me").status_code == 200


def test_document_is_the_one_that_is_served(app: Flask, client: Client, tmp_path: Path) -> None:
    served = client.get("/openapi.json").json
    assert json.loads(run(app, "openapi").output) == served
    file = tmp_path / "openapi.json"
    assert run(app, "openapi", "--version", "1.0", "--output", str(file)).exit_code == 0
    assert json.loads(file.read_text("utf-8")) == served


def test_document_of_an_unknown_version_is_refused(app: Flask) -> None:
    result = run(app, "openapi", "--version", "9.9")
    assert (result.exit_code, result.output) == (1, "Error: There is no version 9.9.\n")


def test_commands_can_run_in_a_context_that_is_there(app: Flask) -> None:
    with app.app_context():
        assert create_admin(app, PASSWORD).exit_code == 0
    assert new_client(app).log_in("root", PASSWORD).status_code == 200


def test_database_without_tables_is_told_in_one_line(app: Flask) -> None:
    with own_database() as url, other_app(TEST_DATABASE_URL=url) as other:
        results = [
            create_admin(other, PASSWORD),
            run(other, "seed-demo"),
            run(other, "prune-sessions"),
        ]
    for result in results:
        assert result.exit_code == 1
        assert result.output.startswith("Error: The database refused: ")
        assert "flask db upgrade" in result.output
        assert result.output.count("\n") == 1
