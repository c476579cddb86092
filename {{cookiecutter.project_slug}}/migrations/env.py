"""Runs migrations, one process at a time, and decides what `flask db migrate` writes."""

import logging
import re
from collections.abc import Mapping
from functools import cache
from graphlib import TopologicalSorter
from itertools import product
from pathlib import Path
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from flask import current_app
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.api.cache import table_names
from app.backend import database, entries
from app.backend.base import UTCDateTime
from app.backend.migrations import CONFIGURE_OPTIONS, TIME_CODE, TIME_IMPORTS, adjust, migrating
from app.backend.settings import ConfigError
from app.extensions import db
from app.health import require_database

log = logging.getLogger("alembic.env")


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Render UTCDateTime as its plain type: migrations must not depend on application code."""
    if kind == "type" and isinstance(item, UTCDateTime):
        autogen_context.imports.update(TIME_IMPORTS)
        return TIME_CODE
    return False


@cache
def tables_in_revisions() -> set[str]:
    """Return the names of all tables that revisions create or rename."""
    versions = Path(context.script.dir, "versions").glob("*.py")
    source = "\n".join(file.read_text("utf-8") for file in versions)
    return set(re.findall(r"(?:create|rename)_table\(\s*[\"'](\w+)", source)) | set(
        re.findall(r"rename_table\(\s*[\"']\w+[\"'],\s*[\"'](\w+)", source)
    )


def include_name(name: str | None, kind: str, parents: Mapping[Any, str | None]) -> bool:
    """Ignore tables that are somebody else's: neither models nor revisions have ever named them."""
    return kind != "table" or name in table_names() or name in tables_in_revisions()


def revise(
    migration: MigrationContext, revision: object, directives: list[ops.MigrationScript]
) -> None:
    """Fit the operations to the database, warn of lost data, and write no empty migration."""
    (script,) = directives
    if not script.upgrade_ops or not migration.connection:
        return
    warn_of_renames(migration, script.upgrade_ops)
    drop_in_order(script.upgrade_ops)
    script.downgrade_ops = downgrade = script.upgrade_ops.reverse()
    adjust(script.upgrade_ops, downgrade, migration.connection, db.metadata)
    options = context.config.cmd_opts
    if script.upgrade_ops.is_empty() and getattr(options, "autogenerate", False):
        directives.clear()
        log.info("The models match the database; no migration was written.")


def drop_in_order(operations: ops.OpContainer) -> None:
    """Drop tables at the end, and each before those that it refers to."""
    drops = {op.table_name: op for op in operations.ops if isinstance(op, ops.DropTableOp)}
    order = TopologicalSorter[str](dict.fromkeys(drops, ()))
    for name, drop in drops.items():
        for key in drop.to_table().foreign_keys:
            if (referred := key.target_fullname.rpartition(".")[0]) != name:
                order.add(referred, name)
    others = [op for op in operations.ops if not isinstance(op, ops.DropTableOp)]
    operations.ops = [*others, *(drops[name] for name in order.static_order() if name in drops)]


def warn_of_renames(migration: MigrationContext, operations: ops.OpContainer) -> None:
    """Warn where a table loses a column and gets one of the same type: it may be a rename."""
    quote = migration.dialect.identifier_preparer.quote
    for changes in operations.ops:
        for lost, added in product(getattr(changes, "ops", ()), repeat=2):
            if not isinstance(lost, ops.DropColumnOp) or not isinstance(added, ops.AddColumnOp):
                continue
            if migration.impl.compare_type(lost.to_column(), added.column):
                continue
            table, old, new = map(quote, (lost.table_name, lost.column_name, added.column.name))
            log.warning(
                "The migration drops %s.%s with its values and adds %s, which has the same type. "
                "To rename the column instead, replace the two operations by op.execute(%r), and "
                "those in downgrade() by its reverse.",
                table,
                old,
                new,
                f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}",
            )


def migrate(connection: Connection) -> None:
    """Migrate the database to the requested revision."""
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        compare_type=True,
        # Without the second one, CHECK constraints are not compared.
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        include_name=include_name,
        render_item=render_item,
        process_revision_directives=revise,
        **CONFIGURE_OPTIONS,
    )
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    """Migrate, alone in this database, and renew the cache."""
    require_database(current_app)
    try:
        with migrating(db.engine) as connection:
            migrate(connection)
    except DBAPIError as error:
        # What an operator has to mend needs no traceback; a broken migration does.
        if not database.is_denied(error) and not database.is_outage(error):
            raise
        variable = current_app.config["VARIABLES"]["SQLALCHEMY_DATABASE_URI"]
        reason = str(error.orig).partition("\n")[0]
        raise ConfigError(f"{variable}: the database refuses to migrate: {reason}") from None
    # Cached responses may show old rows, or come from old code.
    entries.renew(table_names())


def run_offline() -> None:
    """Write the SQL instead of running it."""
    context.configure(
        dialect_name=db.engine.dialect.name, target_metadata=db.metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run()
