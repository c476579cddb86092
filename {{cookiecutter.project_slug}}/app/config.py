"""Settings: one class per environment.

A setting declared with a call, such as `settings.flag(True)`, is read from the environment variable
of the same name, unless the call names another. To add one, add a line here and in `.env.example`.
"""

from collections.abc import Mapping

from app.backend import cache_store, database, limit_store, settings
from app.backend.settings import ConfigError


class Config(database.DatabaseSettings, cache_store.CacheSettings, limit_store.LimitSettings):
    """Settings shared by all environments; the defaults are for production."""

    ENVIRONMENT = "production"

    API_TITLE = {{ cookiecutter.__project_name_py }}
    API_DESCRIPTION = {{ cookiecutter.__project_description_py }}
    API_DOCS_ENABLED = settings.flag(True)
{% if cookiecutter.versioning == 'header' %}
    API_DEFAULT_VERSION = settings.text("1.0")
{% endif %}

    SECRET_KEY = settings.secret()
    JWT_SECRET_KEY = settings.secret()
    JWT_ACCESS_TOKEN_EXPIRES = settings.whole_number(15 * 60, minimum=1)  # seconds
    JWT_REFRESH_TOKEN_EXPIRES = settings.whole_number(30 * 24 * 60 * 60, minimum=1)  # seconds
    JWT_TOKEN_LOCATION = ("headers",)

    SQLALCHEMY_DATABASE_URI = database.address("DATABASE_URL", ENVIRONMENT)

    RATELIMIT_DEFAULT = settings.rate_limits("300 per minute")
    RATELIMIT_LOGIN = settings.rate_limits("5 per minute;20 per hour")
    RATELIMIT_REGISTER = settings.rate_limits("10 per hour")

    # The cost of a password hash, from OWASP's Password Storage Cheat Sheet. A login renews a hash
    # that was made at another cost.
    PASSWORD_TIME_COST = 2
    PASSWORD_MEMORY_COST = 19456  # KiB
    PASSWORD_PARALLELISM = 1
    # How many hashes a process computes at once; each needs that memory, and a core.
    PASSWORD_HASHES_AT_ONCE = settings.whole_number(4, minimum=1)

    APPLICATION_ROOT = settings.path("/")
    TRUSTED_PROXIES = settings.whole_number(0)
    CORS_ORIGINS = settings.origins()
    MAX_CONTENT_LENGTH = settings.whole_number(1024 * 1024, minimum=1)  # bytes
    LOG_LEVEL = settings.log_level()
    LOG_JSON = True
    # Whether `/` leads to the docs page.
    DOCS_AT_ROOT = False

    def check(self) -> None:
        """Refuse settings that don't go together."""
        if self.JWT_REFRESH_TOKEN_EXPIRES < self.JWT_ACCESS_TOKEN_EXPIRES:
            raise ConfigError("JWT_REFRESH_TOKEN_EXPIRES is less than JWT_ACCESS_TOKEN_EXPIRES.")


class ProductionConfig(Config):
    """A public server."""


class DevelopmentConfig(Config):
    """A developer's own machine."""

    ENVIRONMENT = "development"

    SECRET_KEY = settings.optional_secret()
    JWT_SECRET_KEY = settings.optional_secret()
    SQLALCHEMY_DATABASE_URI = database.address("DEV_DATABASE_URL", ENVIRONMENT)
    LOG_JSON = False
    DOCS_AT_ROOT = True


class TestingConfig(DevelopmentConfig):
    """The test suite: password hashes that cost little, limits that no test reaches by accident."""

    ENVIRONMENT = "testing"
    TESTING = True

    SQLALCHEMY_DATABASE_URI = database.address("TEST_DATABASE_URL", ENVIRONMENT)
    RATELIMIT_DEFAULT = settings.rate_limits("10000 per hour")
    RATELIMIT_LOGIN = settings.rate_limits("10000 per hour")
    RATELIMIT_REGISTER = settings.rate_limits("10000 per hour")
    PASSWORD_TIME_COST = 1
    PASSWORD_MEMORY_COST = 8
    PASSWORD_PARALLELISM = 1


ENVIRONMENTS = {
    config.ENVIRONMENT: config for config in (ProductionConfig, DevelopmentConfig, TestingConfig)
}


def load_config(name: str | None, environ: Mapping[str, str]) -> Config:
    """Return the settings of the named environment; without a name, of FLASK_CONFIG's."""
    name = name or environ.get("FLASK_CONFIG", "").strip() or "production"
    if name not in ENVIRONMENTS:
        raise ConfigError(f"FLASK_CONFIG must be one of {', '.join(ENVIRONMENTS)}, not {name!r}.")
    return ENVIRONMENTS[name](environ)
