"""Runs the migrations, one starter at a time: several may come at once, and the first does it."""

import logging
from typing import Any, Literal

from alembic import context
{% if cookiecutter.database == 'sqlite' %}
from sqlalchemy import Connection
{% elif cookiecutter.database == 'postgresql' %}
from sqlalchemy import Connection, text
{% elif cookiecutter.database == 'mysql' %}
from sqlalchemy import Connection, NullPool, create_engine, text
{% endif %}

{% if cookiecutter.cache_backend != 'simple' %}
from app.api.cache import table_names
from app.backend import entries
{% endif %}
from app.backend.base import UTCDateTime
from app.extensions import db

log = logging.getLogger("alembic.env")
{% if cookiecutter.database == 'postgresql' %}

LOCK = 7305126  # any number that nothing else in this database locks
{% elif cookiecutter.database == 'mysql' %}

LOCK_SECONDS = 300
{% endif %}


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Write our column type as the plain one it stands for: a migration must not change with it."""
    if kind == "type" and isinstance(item, UTCDateTime):
{% if cookiecutter.database == 'postgresql' %}
        return "sa.DateTime(timezone=True)"
{% elif cookiecutter.database == 'mysql' %}
        autogen_context.imports.add("from sqlalchemy.dialects import mysql")
        return "mysql.DATETIME(fsp=6)"
{% else %}
        return "sa.DateTime()"
{% endif %}
    return False


def skip_empty(migration: object, revision: object, directives: list[Any]) -> None:
    """Write no migration when the models ask for none."""
    if directives[0].upgrade_ops and directives[0].upgrade_ops.is_empty():
        options = context.config.cmd_opts
        if options and getattr(options, "autogenerate", False):
            directives.clear()
            log.info("The models ask for no migration.")


def migrate(connection: Connection) -> None:
    """Bring the database to the asked revision."""
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        compare_type=True,
        # Without the second one, CHECK constraints are not compared.
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        render_item=render_item,
        process_revision_directives=skip_empty,
{% if cookiecutter.database == 'sqlite' %}
        # SQLite changes a table by making it anew; batch_alter_table() needs
        # table_kwargs={"sqlite_autoincrement": True}, or ids of deleted rows are used again.
        render_as_batch=True,
        transactional_ddl=True,
{% endif %}
    )
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    """Connect, wait for the lock, migrate."""
{% if cookiecutter.database == 'mysql' %}
    # A request gives up after some seconds; a migration, and the wait for one, may take longer.
    with create_engine(db.engine.url, poolclass=NullPool).connect() as connection:
{% else %}
    with db.engine.connect() as connection:
{% endif %}
{% if cookiecutter.database == 'sqlite' %}
        # Making a table anew must not delete what refers to it.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.commit()
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            migrate(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise RuntimeError(f"Rows refer to what is not there: {broken}")
            connection.commit()
        finally:
            # Whoever gets this connection next needs references checked; in a transaction, the
            # setting would not change.
            connection.rollback()
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
{% elif cookiecutter.database == 'postgresql' %}
        # Held until the transaction ends, so that who waited sees what was done.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        migrate(connection)
        connection.commit()
{% elif cookiecutter.database == 'mysql' %}
        name = f"migrations-{connection.engine.url.database}"[:64]
        taken = connection.scalar(
            text("SELECT GET_LOCK(:name, :seconds)"), {"name": name, "seconds": LOCK_SECONDS}
        )
        if not taken:
            raise RuntimeError("Another migration has been running for too long.")
        # The lock ends with the connection.
        migrate(connection)
        connection.commit()
{% endif %}
{% if cookiecutter.cache_backend != 'simple' %}
    # The cache may hold what the rows, or the code that showed them, were before.
    entries.renew(table_names())
{% endif %}


def run_offline() -> None:
    """Write the SQL for somebody else to run."""
    context.configure(
        dialect_name=db.engine.dialect.name, target_metadata=db.metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run()
