"""What servers and the flask command load: an application that works, or one line of reason."""

from app import create_app
from app.backend.settings import ConfigError
from app.health import require_database

try:
    app = create_app()
    require_database(app)
except ConfigError as error:
    raise SystemExit(f"Error: {error}") from None
