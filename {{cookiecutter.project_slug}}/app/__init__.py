"""The application: an API for users, their sessions and their posts."""

import os
from pathlib import Path

from dotenv import load_dotenv
from flask import Flask

from app import cli, errors, health, logs
from app.api import versions
{% if cookiecutter.versioning == 'header' %}
from app.api.negotiation import NegotiatingFlask
{% endif %}
from app.config import load_config
from app.extensions import cache, db, init_cors, init_proxies, jwt, limiter, migrate

__all__ = ["create_app", "db"]


def create_app(config_name: str | None = None) -> Flask:
    """Build the application for `development`, `testing` or `production`.

    Without a name, FLASK_CONFIG decides, and production is the default. Raises ConfigError with
    one line that names the variable when a setting is missing, unsafe or can't be read.
    """
    load_dotenv(Path(__file__).parent.parent / ".env")
{% if cookiecutter.versioning == 'header' %}
    app = NegotiatingFlask(__name__, static_folder=None)
{% else %}
    app = Flask(__name__, static_folder=None)
{% endif %}
    app.config.from_object(load_config(config_name, os.environ))

    logs.init_app(app)
    errors.init_app(app)
    init_proxies(app)
    db.init_app(app)
    migrate.init_app(app, db)
    jwt.init_app(app)
    init_cors(app)
    cache.init_app(app)
    limiter.init_app(app)

    health.init_app(app)
    versions.init_app(app)
    cli.init_app(app)
    return app
