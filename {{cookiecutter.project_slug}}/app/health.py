"""What operators ask: is it alive, can it work, how is it doing."""

{% if not cookiecutter.__in_process %}
import os
{% endif %}
import time
from collections.abc import Callable

from flask import Flask, Response, current_app, g, jsonify, request
{% if cookiecutter.__in_process %}
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
{% else %}
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
{% endif %}
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.config import ConfigError
from app.errors import problem
from app.extensions import attempt, cache, db, limiter

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
REQUESTS = Counter("http_requests_total", "Requests answered.", ["method", "endpoint", "status"])
SECONDS = Histogram(
    "http_request_duration_seconds", "Time until the response.", ["method", "endpoint"]
)


def init_app(app: Flask) -> None:
    """Add the three addresses, outside of versions, limits and access control."""
    for view in (healthz, readyz, metrics):
        app.add_url_rule(f"/{view.__name__}", view_func=limiter.exempt(view))
    app.after_request(measure)


def healthz() -> Response:
    """Say that the process answers."""
    return jsonify(status="ok")


def readyz() -> Response:
    """Try the database and the stores; 503 with the names of those that fail."""
    failing = {name: ["Does not answer."] for name, answers in PARTS.items() if not answers()}
    if failing:
        return problem(503, f"Not ready: {', '.join(failing)}", failing)
    return jsonify(status="ok", checks=dict.fromkeys(PARTS, "ok"))


def metrics() -> Response:
{% if cookiecutter.__in_process %}
    """Give Prometheus the counts of this process."""
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
{% else %}
    """Give Prometheus the counts of this process, or of all workers where there are several."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
{% endif %}


def measure(response: Response) -> Response:
    """Count a request under names that are few: a client can make up any address and method."""
    endpoint = request.endpoint or "none"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(method, endpoint, response.status_code).inc()
    SECONDS.labels(method, endpoint).observe(time.perf_counter() - g.started)
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
            raise ConfigError(
                f"{app.config['DATABASE_VARIABLE']}: no connection to {where}: {reason}"
            ) from None
{% if cookiecutter.__in_process %}
        # A server's worker is a fork of this process, and must not use its connection.
{% else %}
        # A server's workers are forks of this process, and must not share a connection.
{% endif %}
        db.engine.dispose()


def _database_answers() -> bool:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        return False
    return True


def _cache_answers() -> bool:
    if current_app.config["CACHE_TYPE"] == "NullCache":
        return True
    return bool(attempt(cache.set, "readyz", "ok", timeout=10))


def _limiter_answers() -> bool:
    return not limiter.enabled or limiter.storage.check()


PARTS: dict[str, Callable[[], bool]] = {
    "database": _database_answers,
    "cache": _cache_answers,
    "limiter": _limiter_answers,
}
