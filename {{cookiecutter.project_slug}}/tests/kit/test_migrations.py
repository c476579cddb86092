"""What `flask db migrate` and `flask db revision` write, for tables that exist only here."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, merge, migrate, revision, upgrade
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
{% if cookiecutter.database == 'mysql' %}
    Engine,
{% endif %}
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    UniqueConstraint,
    Uuid,
{% if cookiecutter.database == 'mysql' %}
    event,
{% endif %}
    inspect,
    select,
    text,
)

from app import db
from app.backend.base import Base, UTCDateTime, index_foreign_keys
from app.backend.database import LONG_TEXT, TABLE_OPTIONS, text_type
from tests.kit.things import Kind, kit_app
from tests.support.apps import other_app
from tests.support.database import own_database
from tests.support.processes import PROJECT


class Migrations:
    """A folder of migrations without any revision, and tables in place of the models."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        copytree(PROJECT / "migrations", folder, ignore=ignore_patterns("versions"))
        (folder / "versions").mkdir()
        self.folder = str(folder)
        self.patch = patch

    def models(self, **tables: list[Any]) -> None:
        """Replace the models by tables with an id and these columns and constraints."""
        metadata = MetaData(naming_convention=Base.metadata.naming_convention)
        self.patch.setitem(db.metadatas, None, metadata)
        for name, parts in tables.items():
            Table(name, metadata, Column("id", Integer, primary_key=True), *parts, **TABLE_OPTIONS)

    def sources(self) -> dict[Path, str]:
        return {path: path.read_text("utf-8") for path in Path(self.folder).rglob("versions/*.py")}

    def migrate(self) -> str:
        """Write a migration; return its source, or nothing if the models ask for none."""
        before = self.sources()
        migrate(self.folder)
        new = self.sources().keys() - before.keys()
        return "".join(self.sources()[path] for path in new)

    def assert_pass_ruff(self) -> None:
        """Check the sources by the project's rules for revisions."""
        config = str(PROJECT / "pyproject.toml")
        ruff = (sys.executable, "-m", "ruff", "check", "--no-cache", "--config", config)
        folder = Path(self.folder).parent
        result = subprocess.run(
            (*ruff, "migrations/versions"), cwd=folder, capture_output=True, text=True
        )
        assert result.returncode == 0, f"{result.stdout}{result.stderr}"
        assert result.stdout == "All checks passed!\n"

    def apply(self) -> str:
        """Write a migration and run it up, down and up again."""
        source = self.migrate()
        upgrade(self.folder)
        downgrade(self.folder)
        upgrade(self.folder)
        return source


@pytest.fixture(scope="module")
def without_tables() -> Iterator[Flask]:
    """An application on a database of its own."""
    with own_database() as url, other_app("testing", kit_app, TEST_DATABASE_URL=url) as app:
        yield app


@pytest.fixture
def migrations(
    without_tables: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Migrations]:
    """Migrations of a database without tables."""
    with without_tables.app_context():
        yield Migrations(tmp_path / "migrations", monkeypatch)
        found = MetaData()
        found.reflect(db.engine)
        for table in reversed(found.sorted_tables):
            table.drop(db.engine)


def execute(statement: str) -> None:
    with db.engine.begin() as connection:
        connection.execute(text(statement))


def test_message_of_a_revision_may_be_any_text(migrations: Migrations) -> None:
    messages = {'Widen "email"', r"C:\Users\new", '"""', "a\\", "100 % größer", "two\nlines", ""}
    for message in messages:
        revision(migrations.folder, message)
    written = map(ast.parse, migrations.sources().values())
    assert {ast.get_docstring(source, clean=False) for source in written} == messages
    migrations.assert_pass_ruff()


def test_merge_of_two_heads_passes_ruff(migrations: Migrations) -> None:
    revision(migrations.folder, "One")
    revision(migrations.folder, "Another", head="base", splice=True)
    merge(migrations.folder, "heads", "Merge")
    migrations.assert_pass_ruff()
    upgrade(migrations.folder)


def every_type() -> list[Any]:
    return [
        Column("seen_at", UTCDateTime, nullable=False),
        Column("uid", Uuid, nullable=False),
        Column("price", Numeric(10, 2)),
        Column("day", Date),
        Column("hour", Time),
        Column("kind", Enum(Kind, native_enum=False, length=16)),
        Column("size", Enum("small", "large", name="size")),
        Column("done", Boolean, nullable=False),
        Column("name", text_type(64), unique=True),
        Column("content", LONG_TEXT),
        Column("shelf_id", ForeignKey("shelves.id", ondelete="CASCADE"), index=True),
        CheckConstraint("price >= 0", name="price"),
    ]


def test_columns_of_every_type_go_up_and_down_and_up(migrations: Migrations) -> None:
    migrations.models(shelves=[], books=every_type())
    assert "app." not in migrations.apply()
    migrations.assert_pass_ruff()
    assert migrations.migrate() == ""


def test_columns_are_added_to_a_table_and_removed(migrations: Migrations) -> None:
    migrations.models(shelves=[], books=[])
    migrations.apply()
    migrations.models(shelves=[], books=every_type())
    migrations.apply()
    assert migrations.migrate() == ""
    migrations.models(shelves=[], books=[])
    migrations.apply()
    assert migrations.migrate() == ""
    migrations.assert_pass_ruff()


def test_table_of_a_removed_model_is_dropped(migrations: Migrations) -> None:
    migrations.models(shelves=[], books=every_type())
    migrations.apply()
    migrations.models(shelves=[])
    migrations.apply()
    migrations.assert_pass_ruff()
    assert "books" not in inspect(db.engine).get_table_names()


def test_tables_that_refer_to_each_other_are_dropped_in_order(migrations: Migrations) -> None:
    # Each refers to the one before it; Alembic finds removed tables in any order.
    names = [f"table{number}" for number in range(6)]
    chain: dict[str, list[Any]] = {names[0]: []}
    for before, name in pairwise(names):
        chain[name] = [Column("before", ForeignKey(f"{before}.id"), index=True)]
    migrations.models(**chain)
    migrations.apply()
    migrations.models()
    migrations.apply()
    assert migrations.migrate() == ""


def test_index_of_a_foreign_key_gives_way_to_another(migrations: Migrations) -> None:
    for columns in (["shelf_id"], ["shelf_id", "id"]):
        index = Index(f"ix_books_{len(columns)}", *columns)
        migrations.models(shelves=[], books=[Column("shelf_id", ForeignKey("shelves.id")), index])
        migrations.apply()
    (found,) = inspect(db.engine).get_indexes("books")
    assert found["column_names"] == ["shelf_id", "id"]


def test_every_foreign_key_of_a_model_has_an_index() -> None:
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    books = Table(
        "books",
        metadata,
        Column("id", Integer),
        *(Column(name, ForeignKey("shelves.id")) for name in ("plain", "named", "single")),
        Index("ix_books_named", "named", "id"),
        UniqueConstraint("single"),
    )
    index_foreign_keys(books)
    assert {index.name for index in books.indexes} == {"ix_books_plain", "ix_books_named"}


def test_enum_of_a_model_is_text_with_room_for_new_words(app: Flask) -> None:
    with app.app_context():
        columns = inspect(db.engine).get_columns("kit_things")
    (kind,) = (column["type"] for column in columns if column["name"] == "kind")
    assert isinstance(kind, String)
    assert kind.length == 64


def test_tables_of_other_programs_stay(migrations: Migrations) -> None:
    migrations.models(shelves=[])
    migrations.apply()
    execute("CREATE TABLE spatial_ref_sys (id INTEGER PRIMARY KEY)")
    assert migrations.migrate() == ""


def test_changed_table_never_gives_out_an_id_again(migrations: Migrations) -> None:
    migrations.models(books=[Column("name", text_type(64))])
    migrations.apply()
    books = db.metadata.tables["books"]
    with db.engine.begin() as connection:
        connection.execute(books.insert(), [{"name": "first"}, {"name": "second"}])
    execute("DELETE FROM books WHERE name = 'second'")
    migrations.models(books=[Column("name", text_type(80), nullable=False)])
    migrations.apply()
    with db.engine.begin() as connection:
        connection.execute(books.insert(), {"name": "third"})
        assert connection.execute(select(books)).all() == [(1, "first"), (3, "third")]


def test_likely_rename_is_pointed_out(
    migrations: Migrations, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = (
        [Column(name, text_type(64), nullable=False), Index(f"ix_books_{name}", name)]
        for name in ("name", "title")
    )
    migrations.models(books=old)
    migrations.apply()
    assert "RENAME COLUMN" not in caplog.text
    migrations.models(books=[*new, Column("pages", Integer)])
    migrations.migrate()
    (warning,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "op.execute('ALTER TABLE books RENAME COLUMN name TO title')" in warning.getMessage()
{% if cookiecutter.database == 'sqlite' %}


def test_database_in_memory_checks_references_after_a_migration() -> None:
    with other_app("testing", kit_app, TEST_DATABASE_URL="sqlite://") as app, app.app_context():
        upgrade()
        assert db.session.scalar(text("PRAGMA foreign_keys")) == 1
{% elif cookiecutter.database == 'mysql' %}


def test_migration_may_take_longer_than_a_request(migrations: Migrations) -> None:
    connections: list[dict[str, Any]] = []

    def note(dialect: Any, record: Any, arguments: Any, parameters: dict[str, Any]) -> None:
        connections.append(parameters)

    event.listen(Engine, "do_connect", note)
    try:
        upgrade(migrations.folder)
    finally:
        event.remove(Engine, "do_connect", note)
    (connection,) = connections
    assert {"read_timeout", "write_timeout"}.isdisjoint(connection)
{% endif %}
