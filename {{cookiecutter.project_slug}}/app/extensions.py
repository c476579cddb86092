"""Flask extensions, made here and bound to the application by create_app()."""

import logging
import re
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, current_app
from flask_cors import CORS
from flask_jwt_extended import JWTManager
from flask_limiter import HeaderNames, Limiter
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from werkzeug.middleware.proxy_fix import ProxyFix

from app.backend.base import Base
from app.backend.clients import client_network
from app.backend.entries import cache

__all__ = ["cache", "db", "init_cors", "init_database", "init_proxies", "jwt", "limiter", "migrate"]

log = logging.getLogger(__name__)

# Committed objects stay readable while the response is built, without another query.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()
jwt = JWTManager()
# The limiter would put Retry-After on every response that it counted.
LIMITER_RETRY_AFTER = "X-RateLimit-Retry-After"
limiter = Limiter(
    client_network,
    header_name_mapping={HeaderNames.RETRY_AFTER: LIMITER_RETRY_AFTER},
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


def init_database(app: Flask) -> None:
    """Bind the database, and let no connection that dies after the response change it."""
    db.init_app(app)

    @app.teardown_appcontext
    def close(error: BaseException | None) -> None:
        close_session()


def roll_back() -> None:
    """Undo what the session has not committed, even if its connection is lost."""
    _end(db.session.rollback)


def close_session() -> None:
    """Give the session's connection back, even if it is lost."""
    _end(db.session.remove)


def _end(end: Callable[[], None]) -> None:
    try:
        end()
    except Exception as failure:  # each driver has errors of its own
        log.warning("A database connection was lost: %s", str(failure).partition("\n")[0])
        db.session.registry.clear()


def init_cors(app: Flask) -> None:
    """Allow browsers of other origins to call, if CORS_ORIGINS names any."""
    origins = app.config["CORS_ORIGINS"]
    if not origins:
        return
    CORS(
        app,
        # Flask-CORS would take the brackets of an IPv6 address for a regular expression.
        origins=[re.compile(rf"{re.escape(o)}\Z", re.I) if "[" in o else o for o in origins],
        # Where every origin may call, one answer for all of them can be cached.
        send_wildcard=True,
        vary_header=False,
        expose_headers=EXPOSED_HEADERS,
        max_age=600,
    )

    def vary(response: Response) -> Response:
        """Keep caches from giving one origin the permission, or the refusal, of another."""
        response.vary.add("Origin")
        return response

    if "*" not in origins:
        app.after_request(vary)


def init_proxies(app: Flask) -> None:
    """Take the client's address from the configured number of proxies, and from no more.

    The path below which they serve is a setting: many proxies pass on an X-Forwarded-Prefix that
    a client made up.
    """
    if root := app.config["APPLICATION_ROOT"].rstrip("/"):
        app.wsgi_app = Below(app.wsgi_app, root)  # type: ignore[method-assign]
    if count := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]


class Below:
    """Serves below a path, whether proxies strip it or not, unless the server sees to that."""

    def __init__(self, application: WSGIApplication, root: str) -> None:
        self.application = application
        self.root = root

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.setdefault("SCRIPT_NAME", ""):
            path = environ["PATH_INFO"]
            if f"{path}/".startswith(f"{self.root}/"):
                environ["PATH_INFO"] = path.removeprefix(self.root)
            environ["SCRIPT_NAME"] = self.root
        return self.application(environ, start_response)
