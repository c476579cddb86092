"""Migrations: they make just what the models say, whoever starts them and however often."""

from pathlib import Path
{% if cookiecutter.database == 'mysql' %}
from typing import Any
{% endif %}

import pytest
{% if cookiecutter.database == 'sqlite' %}
from alembic.migration import MigrationContext
from alembic.operations import Operations
{% endif %}
from flask import Flask
from flask_migrate import check, downgrade, upgrade
{% if cookiecutter.database == 'sqlite' %}
from sqlalchemy import String, inspect, select, text, update
{% elif cookiecutter.database == 'mysql' %}
from sqlalchemy import Engine, event, inspect, select, text, update
{% else %}
from sqlalchemy import inspect, select, text, update
{% endif %}
from sqlalchemy.exc import DatabaseError, IntegrityError

from app import db
from app.models.user import ROLES, Role, User
from tests.support.apps import other_app, production
from tests.support.client import new_client
from tests.support.database import own_database
from tests.factories import PASSWORD, make_user
from tests.support.processes import start_together

TABLES = {"alembic_version", "posts", "roles", "sessions", "user_roles", "users"}


def role_names() -> list[str]:
    return list(db.session.scalars(select(Role.name).order_by(Role.name)))


def test_models_and_migrations_agree(app: Flask) -> None:
    with app.app_context():
        check()


def test_roles_are_there_from_the_start(app: Flask) -> None:
    with app.app_context():
        assert role_names() == sorted(ROLES)


def test_a_database_goes_down_to_nothing_and_up_again(app: Flask) -> None:
    with own_database() as url, other_app(TEST_DATABASE_URL=url) as other:
        for _ in range(2):
            with other.app_context():
                upgrade()
                assert set(inspect(db.engine).get_table_names()) == TABLES
            assert new_client(other).log_in(make_user(other).username, PASSWORD).status_code == 200
            with other.app_context():
                downgrade(revision="base")
                assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}


def test_tables_made_without_migrations_work_too(app: Flask) -> None:
    with own_database() as url, other_app(TEST_DATABASE_URL=url) as other:
        with other.app_context():
            db.create_all()
        user = make_user(other, roles=("admin",))
        response = new_client(other).log_in(user.username, PASSWORD)
        assert response.json["user"]["roles"] == ["admin"]


def test_several_starters_at_once_all_succeed(app: Flask, tmp_path: Path) -> None:
    with own_database() as url:
        starter = (production(url), ("flask", "db", "upgrade"))
        for status, output in start_together(tmp_path, *[starter] * 4):
            assert status == 0, output
        with other_app(TEST_DATABASE_URL=url) as other, other.app_context():
            assert role_names() == sorted(ROLES)


{% if cookiecutter.database == 'sqlite' %}
def test_table_made_anew_keeps_its_rows_and_constraints(app: Flask) -> None:
    with own_database() as url, other_app(TEST_DATABASE_URL=url) as other:
        with other.app_context():
            upgrade()
        user = make_user(other)
        with other.app_context():
            with db.engine.begin() as connection:
                operations = Operations(MigrationContext.configure(connection))
                with operations.batch_alter_table("users", recreate="always") as users:
                    users.alter_column("username", type_=String(80))
            assert db.session.get_one(User, user.id).username == user.username
            with pytest.raises(IntegrityError):
                make_user(other, user.username.upper())


def test_database_in_memory_can_be_migrated_and_checks_references() -> None:
    with other_app(TEST_DATABASE_URL="sqlite://") as other, other.app_context():
        upgrade()
        assert role_names() == sorted(ROLES)
        with pytest.raises(IntegrityError):
            db.session.execute(text("INSERT INTO user_roles (user_id, role_id) VALUES (0, 0)"))


{% endif %}
{% if cookiecutter.database == 'mysql' %}
def test_migration_may_take_longer_than_a_request(app: Flask) -> None:
    connections: list[dict[str, Any]] = []

    def note(dialect: Any, record: Any, arguments: Any, parameters: dict[str, Any]) -> None:
        connections.append(parameters)

    event.listen(Engine, "do_connect", note)
    try:
        with app.app_context():
            upgrade()
    finally:
        event.remove(Engine, "do_connect", note)
    (connection,) = connections
    assert {"read_timeout", "write_timeout"}.isdisjoint(connection)


{% endif %}
def test_migrations_can_be_written_as_sql(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    with app.app_context():
        upgrade(sql=True)
    assert "CREATE TABLE users" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("constraint", "name", "email"),
    [("username", "ADA", "other@example.com"), ("email", "other", "Ada@Example.com")],
)
def test_the_database_itself_refuses_a_name_taken_in_another_case(
    app: Flask, constraint: str, name: str, email: str
) -> None:
    make_user(app, "ada", email="ada@example.com")
    with app.app_context():
        db.session.add(User(username=name, email=email, password=PASSWORD))
        with pytest.raises(IntegrityError, match=f"{constraint}_key"):
            db.session.commit()
        db.session.rollback()


@pytest.mark.parametrize("column", ["username", "email"])
def test_the_database_itself_refuses_a_name_without_its_folded_form(
    app: Flask, column: str
) -> None:
    make_user(app)
    with app.app_context(), pytest.raises(DatabaseError, match=f"{column}_key_folded"):
        db.session.execute(update(User).values({column: "ADA"}))


def test_the_database_itself_refuses_a_post_of_nobody(app: Flask) -> None:
    with app.app_context(), pytest.raises(IntegrityError):
        db.session.execute(
            text(
                "INSERT INTO posts"
                " (user_id, title, content, published, created_at, updated_at, version)"
                " VALUES (0, 'title', 'text', {{ 'false' if cookiecutter.database == 'postgresql' else '0' }}, '2026-01-01', '2026-01-01', 1)"
            )
        )
