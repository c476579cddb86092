"""SQL statements: count them, or hold concurrent calls at one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from app import db

Call = Callable[[], TestResponse]


@contextmanager
def watched(app: Flask, see: Callable[[str], None]) -> Iterator[None]:
    """Show each statement before the database gets it."""

    def listen(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        see(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", listen)


def statements_of(app: Flask, call: Call) -> list[str]:
    """The first word of each statement that a successful call takes."""
    seen: list[str] = []
    with watched(app, lambda statement: seen.append(statement.split()[0])):
        response = call()
    assert response.status_code < 400, response.text
    return seen


def race(app: Flask, *calls: Call, to: str | tuple[str, ...]) -> list[TestResponse]:
    """Make calls in threads; hold each at a statement that begins with `to` until all are there."""
    barrier = Barrier(len(calls), timeout=10)
    met: list[str] = []

    def meet(statement: str) -> None:
        if statement.startswith(to):
            with suppress(BrokenBarrierError):
                barrier.wait()
                met.append(statement)

    def run(call: Call) -> TestResponse:
        try:
            return call()
        finally:
            # A call that ends before the barrier must not keep the others waiting.
            barrier.abort()

    with watched(app, meet), ThreadPoolExecutor(len(calls)) as threads:
        answers = list(threads.map(run, calls))
    assert met, f"the callers did not meet before {to}"
    return answers


def apart(call: Call) -> TestResponse:
    """Make a call in a thread: requests within one another would share a database session."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call).result()
