"""Endpoints for operators: liveness, readiness and metrics."""

import logging
import time
from collections.abc import Callable

from flask import Flask, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from app.backend import database
from app.backend.entries import store_answers
from app.backend.metrics import collect_metrics, record_request
from app.backend.settings import ConfigError
from app.errors import problem
from app.extensions import db, limiter

log = logging.getLogger(__name__)

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def init_app(app: Flask) -> None:
    """Add the three addresses, outside of versions, limits and authentication."""
    for view in (healthz, readyz, metrics):
        app.add_url_rule(f"/{view.__name__}", view_func=limiter.exempt(view))
    app.after_request(measure)


def healthz() -> Response:
    """Say that the process lives."""
    return jsonify(status="ok")


def readyz() -> Response:
    """Try the database and the stores; return 503 with the names of those that fail."""
    failing = {name: ["Does not answer."] for name, answers in PARTS.items() if not answers()}
    if failing:
        return problem(503, f"Not ready: {', '.join(failing)}", failing)
    return jsonify(status="ok", checks=dict.fromkeys(PARTS, "ok"))


def metrics() -> Response:
    """Send the counts of all processes to Prometheus."""
    try:
        text = collect_metrics()
    except (OSError, ValueError) as error:  # their folder is gone, or can't be read
        log.warning("Metrics can't be read: %s", error)
        return problem(503, "The metrics can't be read")
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def measure(response: Response) -> Response:
    """Count and time a request; few label values, since clients can send any path and method."""
    method = request.method if request.method in METHODS else "other"
    seconds = time.perf_counter() - g.started
    record_request(method, request.endpoint or "none", response.status_code, seconds)
    return response


def require_database(app: Flask) -> None:
    """Raise ConfigError, with the variable and the reason, if the database can't be reached."""
    with app.app_context():
        try:
            with db.engine.connect():
                pass
        except Exception as error:  # the driver has errors of its own for parameters
            reason = str(getattr(error, "orig", error)).strip().replace("\n", " ")
            where = db.engine.url.render_as_string(hide_password=True)
            variable = app.config["VARIABLES"]["SQLALCHEMY_DATABASE_URI"]
            raise ConfigError(f"{variable}: no connection to {where}: {reason}") from None


def _database_answers() -> bool:
    try:
        database.probe(db.session.connection())
    except SQLAlchemyError:
        db.session.rollback()
        return False
    return True


def _limiter_answers() -> bool:
    return not limiter.enabled or limiter.storage.check()


PARTS: dict[str, Callable[[], bool]] = {
    "database": _database_answers,
    "cache": store_answers,
    "limiter": _limiter_answers,
}
