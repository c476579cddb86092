"""Structured logs: one line per event, with the id of the request that it belongs to."""

import logging
import re
import sys
import threading
import time
import uuid
from copy import copy
from logging.config import dictConfig
from typing import Any

from click import unstyle
from flask import Flask, Response, g, has_request_context, request

log = logging.getLogger(__name__)

ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def init_app(app: Flask) -> None:
    """Configure logging, and give each request an id and a line."""
    dictConfig(configuration(app.config["LOG_LEVEL"], as_json=app.config["LOG_JSON"]))
    app.before_request(begin_request)
    app.after_request(finish_request)


def configuration(level: str, *, as_json: bool) -> dict[str, Any]:
    """Return what configures logging, that of servers included."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request": {"()": RequestId}, "plain": {"()": Plain}},
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                "datefmt": "%Y-%m-%dT%H:%M:%S%z",
            },
            "text": {
                "()": TextFormatter,
                "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            },
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json" if as_json else "text",
                "filters": ["request"],
            }
        },
        "loggers": {
            "alembic.runtime.plugins": {"level": "WARNING"},
            # gunicorn would write its own format.
            "gunicorn.error": {"handlers": [], "propagate": True},
            "werkzeug": {"filters": ["plain"]},
        },
        "root": {"level": level, "handlers": ["stderr"]},
    }


def log_uncaught() -> None:
    """Log warnings, and exceptions that nothing catches, in place of printing them."""

    def report(error: BaseException | None, place: str) -> None:
        if isinstance(error, Exception):
            log.critical("Uncaught exception in %s", place, exc_info=error)

    sys.excepthook = lambda kind, error, trace: report(error, "the process")
    threading.excepthook = lambda caught: report(caught.exc_value, "a thread")
    sys.unraisablehook = lambda caught: report(caught.exc_value, repr(caught.object))
    logging.captureWarnings(True)


class RequestId(logging.Filter):
    """Adds the request's id to every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = g.get("request_id") if has_request_context() else None
        return True


class Plain(logging.Filter):
    """Drops the development server's own lines of requests, and its colors and line breaks."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = " ".join(unstyle(str(record.msg)).split())
        return not record.msg.endswith('"%s" %s %s')


class TextFormatter(logging.Formatter):
    """Text lines; what a client sends is escaped where it would end a line and forge another."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, and the lines of its traceback."""
        arguments = record.args
        if isinstance(arguments, tuple):
            record = copy(record)
            record.args = tuple(printable(a) if isinstance(a, str) else a for a in arguments)
        return super().format(record)


def printable(text: str) -> str:
    """Escape line breaks and control characters, those of terminals included."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def begin_request() -> None:
    """Accept a well-formed X-Request-ID or generate one, and reset the per-request state."""
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if ACCEPTABLE_ID.fullmatch(given) else uuid.uuid4().hex
    g.started = time.perf_counter()
    g.session = g.user_id = g.plan = None


def finish_request(response: Response) -> Response:
    """Log the request, but not its query, body or headers, which may hold secrets."""
    response.headers["X-Request-ID"] = g.request_id
    milliseconds = (time.perf_counter() - g.started) * 1000
    log.info(
        "%s %s %s",
        request.method,
        request.path,
        response.status_code,
        extra={
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "duration_ms": round(milliseconds, 1),
            "address": request.remote_addr,
            "user_id": g.user_id,
        },
    )
    return response
