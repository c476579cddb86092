"""Entry point for WSGI servers and the flask command; exits with one line if it can't start."""

from app import create_app, db, logs
from app.backend.settings import ConfigError
from app.commands import is_command
from app.health import require_database

try:
    app = create_app()
    if app.config["LOG_JSON"]:
        logs.log_uncaught()
    if not is_command():
        require_database(app)
        with app.app_context():
            # A server's workers are forks of this process and must not use its connection.
            db.engine.dispose()
except ConfigError as error:
    raise SystemExit(f"Error: {error}") from None
