"""Structured logs: one line per event, with the id of the request that it belongs to."""

import logging
import re
import time
import uuid
from logging.config import dictConfig

from flask import Flask, Response, g, has_request_context, request

log = logging.getLogger(__name__)

ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def init_app(app: Flask) -> None:
    """Configure logging, and give each request an id and a line."""
    dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request": {"()": RequestId}},
            "formatters": {
                "json": {
                    "()": "pythonjsonlogger.json.JsonFormatter",
                    "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
                    "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                    "datefmt": "%Y-%m-%dT%H:%M:%S%z",
                },
                "text": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "json" if app.config["LOG_JSON"] else "text",
                    "filters": ["request"],
                }
            },
            "loggers": {"alembic.runtime.plugins": {"level": "WARNING"}},
            "root": {"level": app.config["LOG_LEVEL"], "handlers": ["stderr"]},
        }
    )
    app.before_request(begin_request)
    app.after_request(finish_request)


class RequestId(logging.Filter):
    """Adds the request's id to every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = g.get("request_id") if has_request_context() else None
        return True


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
