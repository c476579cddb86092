"""Flask extensions, made here and bound to the application by create_app()."""

import logging
from collections.abc import Callable
{% if cookiecutter.database == 'sqlite' %}
from contextlib import suppress
from sqlite3 import OperationalError
{% endif %}
from typing import Any

from flask import Flask, Response, current_app
from flask_caching import Cache
from flask_cors import CORS
from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
{% if cookiecutter.database == 'sqlite' %}
from sqlalchemy import Engine, event
{% endif %}
from werkzeug.middleware.proxy_fix import ProxyFix

from app.models.base import Base

log = logging.getLogger(__name__)

# What a request committed stays readable while its response is built, without another query.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()
jwt = JWTManager()
cache = Cache(with_jinja2_ext=False)
limiter = Limiter(
    get_remote_address,
    # Read at each request: the limiter outlives one application, and each has its own setting.
    default_limits=[lambda: str(current_app.config["RATELIMIT_DEFAULT"])],
)

EXPOSED_HEADERS = [
    "API-Version",
    "Deprecation",
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "Sunset",
    "WWW-Authenticate",
    "X-Cache",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
    "X-Total-Count",
]


def init_cors(app: Flask) -> None:
    """Answer browsers of other origins, if CORS_ORIGINS names any."""
    origins = app.config["CORS_ORIGINS"]
    if not origins:
        return
    CORS(
        app,
        origins=origins,
        # One answer for all where all are let in, rather than each caller's own name.
        send_wildcard=True,
        vary_header=False,
        expose_headers=EXPOSED_HEADERS,
        max_age=600,
    )

    def vary(response: Response) -> Response:
        """Keep caches from giving one origin what another was told, a missing permission too."""
        response.vary.add("Origin")
        return response

    if "*" not in origins:
        app.after_request(vary)


def init_proxies(app: Flask) -> None:
    """Take the client's address from the configured number of proxies, and from no more."""
    if count := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]


def attempt(operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The result of a cache operation, or None: requests go on without the cache."""
    try:
        return operation(*args, **kwargs)
    except Exception as error:  # each backend has errors of its own
        log.warning("The cache does not answer: %s", error)
        return None
{% if cookiecutter.database == 'sqlite' %}


@event.listens_for(Engine, "connect")
def set_up_sqlite(connection: Any, record: object) -> None:
    """Check references, and let readers go on while one connection writes."""
    connection.execute("PRAGMA foreign_keys = ON")
    # Who opens a new file at the same moment as another is refused without waiting; the other one
    # makes the change, which the file keeps.
    with suppress(OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
{% endif %}
