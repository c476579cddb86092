"""Removes what a test stored, so that the next one finds what migrations left and nothing else."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    delete,
    exists,
    inspect,
    select,
    true,
    tuple_,
)

from app import db
from app.backend import entries


@contextmanager
def cleaning(app: Flask) -> Iterator[Callable[[], None]]:
    """Provide a function that deletes the rows added since then, from every table.

    It runs after every test, so one query on a connection of its own finds the tables in question.
    """
    with app.app_context():
        engine = db.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        present = inspect(connection).get_table_names()
        tables = [table for table in reversed(db.metadata.sorted_tables) if table.name in present]
        added = {table: _added_rows(connection, table) for table in tables}
        has_rows = select(*(exists().select_from(table).where(added[table]) for table in tables))

        def clean_up() -> None:
            found = connection.execute(has_rows).one()
            filled = [table for table, has in zip(tables, found, strict=True) if has]
            for table in filled:
                if not _deleted_by_cascade(table, filled):
                    connection.execute(delete(table).where(added[table]))
            if filled:
                with app.app_context():
                    entries.renew(table.name for table in filled)

        yield clean_up


def _added_rows(connection: Connection, table: Table) -> ColumnElement[bool]:
    """Return the condition for rows that the table doesn't have yet."""
    key = list(table.primary_key) or list(table.c)
    rows = [tuple(row) for row in connection.execute(select(*key))]
    return tuple_(*key).not_in(rows) if rows else true()


def _deleted_by_cascade(table: Table, filled: Iterable[Table]) -> bool:
    """Return whether each of its rows refers to one that is deleted, and is deleted by that."""
    return any(
        key.ondelete == "CASCADE" and not key.parent.nullable and key.column.table in filled
        for key in table.foreign_keys
        if key.column.table is not table
    )
