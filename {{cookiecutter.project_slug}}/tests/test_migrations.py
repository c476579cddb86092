"""Migrations: they match the models, and can be run repeatedly and concurrently."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, inspect, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from app import db
from app.backend.base import utcnow
from app.models.session import Session
from app.models.user import ADMIN, USER, Role, User
from tests.factories import ADA, PASSWORD, make_user
from tests.support.apps import other_app, production
from tests.support.client import new_client
from tests.support.database import own_database, unwritable_database
from tests.support.processes import start_together


def role_names() -> set[str]:
    return set(db.session.scalars(select(Role.name)))


def register(app: Flask) -> list[str]:
    """Register Ada, log in, and return the names of her roles."""
    client = new_client(app)
    assert client.post("/users", json=ADA).status_code == 201
    roles: list[str] = client.log_in("ada", PASSWORD).json["user"]["roles"]
    return roles


def test_models_and_migrations_agree(app: Flask, tmp_path: Path) -> None:
    # In a process of its own, which doesn't know the tables of tests/kit.
    command = production(app.config["SQLALCHEMY_DATABASE_URI"]), ("flask", "db", "check")
    ((status, output),) = start_together(tmp_path, command)
    assert status == 0, output


def test_database_goes_down_to_nothing_and_up_again() -> None:
    with own_database() as url, other_app(TEST_DATABASE_URL=url) as other:
        for _ in range(2):
            with other.app_context():
                upgrade()
                assert {ADMIN, USER} <= role_names()
            assert register(other) == [USER]
            with other.app_context():
                downgrade(revision="base")
                assert inspect(db.engine).get_table_names() == ["alembic_version"]


def test_role_that_may_create_nothing_is_refused_in_one_line() -> None:
    with unwritable_database() as url, other_app(TEST_DATABASE_URL=url) as other:
        result = other.test_cli_runner().invoke(args=["db", "upgrade"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: TEST_DATABASE_URL: ")
    assert result.output.count("\n") == 1


def test_tables_made_without_migrations_are_empty_and_work() -> None:
    with own_database() as url, other_app(TEST_DATABASE_URL=url) as other:
        with other.app_context():
            db.create_all()
            for table in db.metadata.sorted_tables:
                assert db.session.scalar(select(func.count()).select_from(table)) == 0, table.name
        assert register(other) == [USER]


def test_concurrent_upgrades_all_succeed(tmp_path: Path) -> None:
    with own_database() as url:
        starter = production(url), ("flask", "db", "upgrade")
        for status, output in start_together(tmp_path, *[starter] * 4):
            assert status == 0, output
        with other_app(TEST_DATABASE_URL=url) as other, other.app_context():
            assert {ADMIN, USER} <= role_names()


def test_first_migration_can_be_written_as_sql(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    # Later revisions may need to inspect existing tables, which --sql can't.
    with app.app_context():
        scripts = ScriptDirectory.from_config(app.extensions["migrate"].migrate.get_config())
        upgrade(revision=scripts.get_base(), sql=True)
    assert "CREATE TABLE users" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("constraint", "name", "email"),
    [("username", "ADA", "other@example.com"), ("email", "other", "Ada@Example.com")],
)
def test_database_refuses_a_name_taken_in_another_case(
    app: Flask, constraint: str, name: str, email: str
) -> None:
    make_user(app, "ada", email="ada@example.com")
    with app.app_context():
        db.session.add(User(username=name, email=email, password=PASSWORD))
        with pytest.raises(IntegrityError, match=f"{constraint}_key"):
            db.session.commit()


@pytest.mark.parametrize("column", ["username", "email"])
def test_database_refuses_a_name_without_its_folded_form(app: Flask, column: str) -> None:
    make_user(app)
    with app.app_context(), pytest.raises(DatabaseError, match=f"{column}_key_folded"):
        db.session.execute(update(User).values({column: "ADA"}))


def test_database_refuses_a_session_of_a_missing_user(app: Flask) -> None:
    with app.app_context():
        db.session.add(Session(user_id=0, expires_at=utcnow()))
        with pytest.raises(IntegrityError):
            db.session.commit()
