"""The server cache: what anonymous callers may see, until something it shows is written.

An entry's key holds the generation of each table that it shows. A commit that touched a table
gives the table a new generation, so that every entry made before can't be reached any more; no
resource has to remember to do it. The generation is read before the rows are: what a slow reader
stores after somebody else's commit, it stores under the old one.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from app.api import generations
from app.api.contract import View, operation_of, record
from app.extensions import attempt, cache, db
from app.models.base import Base

# What is larger is read anew: a few such pages would drive out everything else.
LARGEST = 256 * 1024  # bytes

# The tables that some entry may show; what else is written concerns nobody here.
shown_tables: set[str] = set()


def cached(*models: type[Base]) -> Callable[[View], View]:
    """Keep a view's 200 responses to anonymous callers, until one of the tables is written to."""
    tables = sorted(model.__tablename__ for model in models)
    shown_tables.update(tables)

    def decorate(view: View) -> View:
        takes_query = operation_of(view).query is not None

        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Response:
            if "Authorization" in request.headers:
                response: Response = view(*args, **kwargs)
                return response
            # What takes no parameters is one entry, whatever a caller appends.
            query = sorted(request.args.items(multi=True)) if takes_query else []
            key = _key(tables, urlencode(query))
            entry = key and attempt(cache.get, key)
            if entry:
                response = Response(entry["body"], headers=entry["headers"])
                response.headers["X-Cache"] = "HIT"
                return response
            response = view(*args, **kwargs)
            if key and response.status_code == 200 and len(response.data) <= LARGEST:
                body = response.get_data(as_text=True)
                attempt(cache.set, key, {"body": body, "headers": list(response.headers)})
            response.headers["X-Cache"] = "MISS"
            return response

        record(wrapper, cached=True)
        return wrapper

    return decorate


def set_cache_headers(response: Response) -> Response:
    """Tell caches on the way whom a response is for (RFC 9111)."""
    if "Cache-Control" in response.headers:
        return response
    response.vary.add("Authorization")
    if request.method not in {"GET", "HEAD"}:
        response.headers["Cache-Control"] = "no-store"
    elif "Authorization" in request.headers:
        response.headers["Cache-Control"] = "private, no-cache"
    else:
        response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    return response


def _key(tables: list[str], query: str) -> str | None:
    """The key of this request's entry, or None while the generations can't be told."""
    known = generations.read(tables)
    if known is None:
        return None
    parts = (request.blueprint, request.script_root, request.path, query, *known)
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


# What a transaction touched is renewed when it commits, whoever wrote: view, command, bulk.


@event.listens_for(db.session, "after_flush")
def _note_flush(session: Session, context: UOWTransaction) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        _touch(session, row.__tablename__, cascades=row in session.deleted)


@event.listens_for(db.session, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    if state.is_select:
        return
    table = getattr(state.statement, "table", None)
    if table is not None:
        _touch(state.session, table.name, cascades=state.is_delete)
    else:
        # A statement in plain text may have written anything.
        _touch(state.session, *db.metadata.tables)


def _touch(session: Session, *tables: str, cascades: bool = False) -> None:
    touched: set[str] = session.info.setdefault("touched", set())
    touched.update(tables)
    if not cascades:
        return
    # What refers to a deleted row is deleted or changed by the database, and so on from there.
    reached = set(tables)
    for table in db.metadata.sorted_tables:
        if any(key.ondelete and key.column.table.name in reached for key in table.foreign_keys):
            reached.add(table.name)
    touched |= reached


@event.listens_for(db.session, "after_commit")
def _renew_touched(session: Session) -> None:
    # The end of a savepoint decides nothing: its writes show when the whole transaction commits.
    if not session.in_nested_transaction():
        generations.renew(session.info.pop("touched", set()) & shown_tables)


@event.listens_for(db.session, "after_rollback")
def _forget_touched(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("touched", None)
