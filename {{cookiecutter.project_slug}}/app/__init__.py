"""The application: an API for users, their sessions and their posts."""

import os
from collections.abc import Sequence
from pathlib import Path

from flask import Flask

from app import commands, errors, health, logs
from app.api import mounting
from app.api.authentication import SessionLoader
from app.api.versioning import VersionedFlask
from app.api.versions import Version
from app.backend.settings import load_env_file
from app.config import load_config
from app.extensions import cache, db, init_cors, init_database, init_proxies, jwt, limiter, migrate
from app.routes import VERSIONS
from app.sessions import find_session

__all__ = ["create_app", "db"]


def create_app(
    config_name: str | None = None,
    versions: Sequence[Version] = VERSIONS,
    load_session: SessionLoader = find_session,
) -> Flask:
    """Build the application for `development`, `testing` or `production`.

    Without a name, FLASK_CONFIG decides, and production is the default. Raises ConfigError with
    one line that names the variable when a setting is missing, unsafe or can't be read.
    """
    load_env_file(Path(__file__).parent.parent / ".env")
    app = VersionedFlask(__name__, static_folder=None)
    app.config.from_object(load_config(config_name, os.environ))

    logs.init_app(app)
    errors.init_app(app)
    init_proxies(app)
    init_database(app)
    migrate.init_app(app, db)
    jwt.init_app(app)
    init_cors(app)
    cache.init_app(app)
    limiter.init_app(app)

    health.init_app(app)
    mounting.init_app(app, versions, load_session)
    commands.init_app(app)
    return app
