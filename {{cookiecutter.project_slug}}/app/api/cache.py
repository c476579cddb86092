"""The response cache: what anonymous callers may see, until something it shows is written.

An entry remembers the generation of each table that its statements read. A commit gives each table
that it wrote to a new generation, which makes the entries that show it unreachable: no resource has
to remember to do so. The generations are read before the rows are, so a slow reader's response is
stored under the old ones.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from sqlalchemy import Engine, Table, event, inspect
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, UOWTransaction

from app.backend import entries
from app.extensions import db

# Larger responses are not kept: a few of them would evict everything else.
LARGEST = 64 * 1024  # bytes
# Entries hold text.
TEXTS = {"application/json", "text/csv", "text/html", "text/plain", "text/xml", "application/xml"}

_tables_read: ContextVar[set[str] | None] = ContextVar("tables_read", default=None)


@dataclass
class Entry:
    """The place of a response in the cache, and the response if it is there."""

    key: str
    generations: dict[str, str] | None
    response: Response | None = None
    tables: set[str] = field(default_factory=set)

    @contextmanager
    def noting_tables(self) -> Iterator[None]:
        """Note the tables that statements read meanwhile."""
        token = _tables_read.set(self.tables)
        try:
            yield
        finally:
            _tables_read.reset(token)

    def keep(self, response: Response) -> Response:
        """Keep a 200 response until one of the noted tables is written to."""
        if self.generations and response.status_code == 200 and len(response.data) <= LARGEST:
            entry = {
                "body": response.get_data(as_text=True),
                "headers": list(response.headers),
                "tables": {table: self.generations[table] for table in self.tables},
            }
            entries.write(self.key, entry)
        response.headers["X-Cache"] = "MISS"
        return response


def is_for_everyone(response: Response, varies: Sequence[str]) -> bool:
    """Return whether a response that a method made itself is text, and the same for all callers.

    `varies` names the request headers that it may depend on.
    """
    if not {name.lower() for name in response.vary} <= {name.lower() for name in varies}:
        return False
    if response.direct_passthrough or response.is_streamed or "Set-Cookie" in response.headers:
        return False
    control = response.cache_control
    return response.mimetype in TEXTS and not control.private and not control.no_store


def look_up(takes_query: bool, varies: Sequence[str]) -> Entry:
    """Find the entry of this request: one for each version, path and normalized query.

    `varies` names the request headers that the response depends on.
    """
    # An operation that takes no query has one entry per path, regardless of the query string.
    query = urlencode(sorted(request.args.items(multi=True))) if takes_query else ""
    parts = [request.blueprint, request.script_root, request.path, query]
    if varies:
        parts += map(request.headers.get, varies)
    key = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
    known = entries.read(key, table_names())
    if known is None:
        return Entry(key, None)
    entry, generations = known
    if not entry:
        return Entry(key, generations)
    response = Response(entry["body"], headers=entry["headers"])
    response.headers["X-Cache"] = "HIT"
    return Entry(key, generations, response)


def set_cache_headers(response: Response) -> Response:
    """Tell intermediary caches who may reuse a response (RFC 9111)."""
    if "Cache-Control" in response.headers:
        if not response.cache_control.no_store:
            response.vary.add("Authorization")
            if "Authorization" in request.headers:
                response.cache_control.public = False
                response.cache_control.private = True
        return response
    response.vary.add("Authorization")
    if request.method not in {"GET", "HEAD"}:
        response.headers["Cache-Control"] = "no-store"
    elif "Authorization" in request.headers:
        response.headers["Cache-Control"] = "private, no-cache"
    else:
        response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    return response


def table_names() -> set[str]:
    """Return the names of all tables that models map."""
    return {table.name for table in db.metadata.tables.values()}


@lru_cache(maxsize=1024)
def tables_in(statement: str) -> frozenset[str]:
    """Return the tables that a statement names: joined ones, subqueries and plain SQL included."""
    return frozenset(
        name
        for name in table_names()
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", statement, re.IGNORECASE)
    )


@event.listens_for(Engine, "before_cursor_execute")
def note_read(connection: object, cursor: object, statement: str, *details: object) -> None:
    """Note the tables that a cached response shows."""
    tables = _tables_read.get()
    if tables is not None:
        tables.update(tables_in(statement))


# On commit, a transaction renews the tables that it wrote to, whether the write came from a
# resource, a command or a bulk statement.


@event.listens_for(db.session, "after_flush")
def note_flush(session: Session, context: UOWTransaction) -> None:
    """Note the tables of the rows that a flush wrote, association tables included."""
    for row in (*session.new, *session.dirty, *session.deleted):
        _touch(session, *_tables_of(inspect(row).mapper), cascades=row in session.deleted)


@event.listens_for(db.session, "do_orm_execute")
def note_statement(state: ORMExecuteState) -> None:
    """Note the table that a statement writes to; plain SQL may write to any."""
    if state.is_select:
        return
    table = getattr(state.statement, "table", None)
    tables = db.metadata.sorted_tables if table is None else [table]
    _touch(state.session, *tables, cascades=state.is_delete)


@event.listens_for(db.session, "after_commit")
def renew_touched(session: Session) -> None:
    """Make the entries unreachable that show what the transaction wrote."""
    # The end of a savepoint decides nothing: its writes show when the whole transaction commits.
    if not session.in_nested_transaction():
        entries.renew(session.info.pop("touched", ()))


@event.listens_for(db.session, "after_rollback")
def forget_touched(session: Session) -> None:
    """Forget what the transaction wrote."""
    if not session.in_nested_transaction():
        session.info.pop("touched", None)


def _tables_of(mapper: Mapper[Any]) -> Iterator[Table]:
    for table in mapper.tables:
        if isinstance(table, Table):
            yield table
    for relationship in mapper.relationships:
        if isinstance(relationship.secondary, Table):
            yield relationship.secondary


def _touch(session: Session, *tables: Table, cascades: bool) -> None:
    reached = {table.name for table in tables}
    if cascades:
        # The database deletes or changes the rows that refer to a deleted one, and so on.
        for table in db.metadata.sorted_tables:
            if any(key.ondelete and key.column.table.name in reached for key in table.foreign_keys):
                reached.add(table.name)
    session.info.setdefault("touched", set()).update(reached)
