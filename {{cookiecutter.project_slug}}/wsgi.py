"""Entry point for WSGI servers and the flask command; exits with one line if it can't start."""

from app import create_app
from app.backend.settings import ConfigError
from app.health import require_database

try:
    app = create_app()
    require_database(app)
except ConfigError as error:
    raise SystemExit(f"Error: {error}") from None
