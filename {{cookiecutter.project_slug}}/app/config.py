"""Settings: one class per environment, read from the environment variables."""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from click import ClickException
from limits import parse_many

from app.backend import cache_store, database, limit_store

LARGEST = 2**31 - 1
SECRET_LENGTH = 32  # bytes; RFC 7518, section 3.2 for HS256
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?")
EXAMPLES = ("change", "example", "secret", "default", "testing", "password", "your-")


class ConfigError(ClickException):
    """A setting that the application can't run with, told in one line."""


class Environment:
    """Typed access to environment variables; an empty one counts as not set."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, "").strip() or default

    def integer(self, name: str, default: int, minimum: int = 0) -> int:
        text = self.text(name, str(default))
        readable = text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST))
        if not readable or not minimum <= int(text) <= LARGEST:
            raise ConfigError(
                f"{name} must be a whole number from {minimum} to {LARGEST}, not {text[:40]!r}."
            )
        return int(text)

    def flag(self, name: str, default: bool) -> bool:
        text = self.text(name, str(default)).lower()
        if text not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
            raise ConfigError(f"{name} must be true or false, not {text!r}.")
        return text in {"true", "1", "yes", "on"}

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of the choices; the first is the default."""
        text = self.text(name, choices[0])
        if text not in choices:
            raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {text!r}.")
        return text

    def items(self, name: str) -> list[str]:
        """The parts of a comma-separated list."""
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def origins(self, name: str) -> list[str]:
        """Origins (RFC 6454), or `*` for all; a pattern would let in more than it seems to."""
        origins = self.items(name)
        for origin in origins:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise ConfigError(
                    f"{name} must be origins such as https://www.example.org, not {origin!r}."
                )
        return origins

    def rate_limits(self, name: str, default: str) -> str:
        """Limits in the notation of Flask-Limiter, such as `5 per minute;20 per hour`."""
        text = self.text(name, default)
        try:
            parse_many(text)
        except ValueError:
            raise ConfigError(
                f"{name} must be limits such as '5 per minute;20 per hour', not {text!r}."
            ) from None
        return text

    def database(self, name: str, environment: str) -> str:
        """The address of an environment's database, in the form that SQLAlchemy wants."""
        try:
            return database.read_address(self.text(name), environment)
        except ValueError as error:
            raise ConfigError(f"{name} {error}.") from None

    def address(self, name: str, default: str, read: Callable[[str], str]) -> str:
        """The address of a store, checked by `read`."""
        try:
            return read(self.text(name, default))
        except ValueError as error:
            raise ConfigError(f"{name} {error}.") from None


class Config:
    """Settings that every environment shares."""

    API_TITLE = {{ cookiecutter.__project_name_py }}
    API_DESCRIPTION = {{ cookiecutter.__project_description_py }}

    ENVIRONMENT = "production"
    DATABASE_VARIABLE = "DATABASE_URL"

    # The cost of a password hash: the second recommendation of RFC 9106, section 4.
    PASSWORD_TIME_COST = 3
    PASSWORD_MEMORY_COST = 65536  # KiB
    PASSWORD_PARALLELISM = 4

    LOG_JSON = True
    DOCS_AT_ROOT = False
    JWT_TOKEN_LOCATION = ("headers",)
    CACHE_NO_NULL_WARNING = True
    SQLALCHEMY_ENGINE_OPTIONS = database.ENGINE_OPTIONS
    # The first request that finds the store away turns the limiter to memory; those that wait for
    # the store at the same moment pass uncounted, where they would fail.
    RATELIMIT_IN_MEMORY_FALLBACK_ENABLED = limit_store.FALLBACK
    RATELIMIT_SWALLOW_ERRORS = limit_store.FALLBACK
    RATELIMIT_STORAGE_OPTIONS = limit_store.OPTIONS
    RATELIMIT_HEADERS_ENABLED = True
{% if cookiecutter.cache_backend == 'redis' %}
    CACHE_OPTIONS = cache_store.OPTIONS
{% endif %}

    def __init__(self, env: Environment) -> None:
        self.SECRET_KEY = env.text("SECRET_KEY")
        self.JWT_SECRET_KEY = env.text("JWT_SECRET_KEY")
        self.JWT_ACCESS_TOKEN_EXPIRES = env.integer("JWT_ACCESS_TOKEN_EXPIRES", 900, 1)
        self.JWT_REFRESH_TOKEN_EXPIRES = env.integer("JWT_REFRESH_TOKEN_EXPIRES", 2592000, 1)
        if self.JWT_REFRESH_TOKEN_EXPIRES < self.JWT_ACCESS_TOKEN_EXPIRES:
            raise ConfigError("JWT_REFRESH_TOKEN_EXPIRES is less than JWT_ACCESS_TOKEN_EXPIRES.")
        self.SQLALCHEMY_DATABASE_URI = env.database(self.DATABASE_VARIABLE, self.ENVIRONMENT)

        self.RATELIMIT_ENABLED = env.flag("RATELIMIT_ENABLED", True)
        self.RATELIMIT_DEFAULT = env.rate_limits("RATELIMIT_DEFAULT", "300 per minute")
        self.RATELIMIT_LOGIN = env.rate_limits("RATELIMIT_LOGIN", "5 per minute;20 per hour")
        self.RATELIMIT_REGISTER = env.rate_limits("RATELIMIT_REGISTER", "10 per hour")
        self.RATELIMIT_STORAGE_URI = env.address(
            "RATELIMIT_STORAGE_URI", limit_store.DEFAULT_ADDRESS, limit_store.read_address
        )
        self.CACHE_TYPE = env.choice("CACHE_TYPE", cache_store.BACKENDS)
{% if cookiecutter.cache_backend == 'simple' %}
        # Where a command leaves word that something was written; relative to instance/.
        self.CACHE_DIR = env.text("CACHE_DIR", "cache")
{% elif cookiecutter.cache_backend == 'redis' %}
        self.CACHE_REDIS_URL = env.address(
            "CACHE_REDIS_URL", "redis://localhost:6379/0", cache_store.read_address
        )
{% elif cookiecutter.cache_backend == 'memcached' %}
        servers = env.items("CACHE_MEMCACHED_SERVERS") or ["localhost:11211"]
        try:
            self.CACHE_MEMCACHED_SERVERS = [cache_store.read_server(server) for server in servers]
        except ValueError as error:
            raise ConfigError(f"CACHE_MEMCACHED_SERVERS {error}.") from None
{% endif %}
        self.CACHE_DEFAULT_TIMEOUT = env.integer("CACHE_DEFAULT_TIMEOUT", 300, 1)

{% if cookiecutter.versioning == 'header' %}
        self.API_DEFAULT_VERSION = env.text("API_DEFAULT_VERSION", "1.0")
{% endif %}
        self.API_DOCS_ENABLED = env.flag("API_DOCS_ENABLED", True)
        self.TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0)
        self.CORS_ORIGINS = env.origins("CORS_ORIGINS")
        self.LOG_LEVEL = env.choice("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL"))
        self.MAX_CONTENT_LENGTH = env.integer("MAX_CONTENT_LENGTH", 1024 * 1024, 1)
        self.finish()

    def finish(self) -> None:
        """Make up or refuse what only this environment does."""


class DevelopmentConfig(Config):
    """A developer's own machine."""

{% if cookiecutter.__redis or cookiecutter.__memcached %}
    # One machine may run production beside it; in a store that both use, their keys differ.
{% endif %}
{% if cookiecutter.cache_backend != 'simple' %}
    CACHE_KEY_PREFIX = "{{ cookiecutter.project_slug }}-dev:"
{% endif %}
{% if cookiecutter.limiter_backend != 'memory' %}
    RATELIMIT_KEY_PREFIX = "{{ cookiecutter.project_slug }}-dev"
{% endif %}
    ENVIRONMENT = "development"
    DATABASE_VARIABLE = "DEV_DATABASE_URL"
    LOG_JSON = False
    # `/` leads to the docs page.
    DOCS_AT_ROOT = True

    def finish(self) -> None:
        """Make up the secrets that are not set, anew at each start."""
        self.SECRET_KEY = self.SECRET_KEY or secrets.token_urlsafe(48)
        self.JWT_SECRET_KEY = self.JWT_SECRET_KEY or secrets.token_urlsafe(48)


class TestingConfig(DevelopmentConfig):
    """The test suite: password hashes that cost little, limits that tests set for themselves."""

    ENVIRONMENT = "testing"
    DATABASE_VARIABLE = "TEST_DATABASE_URL"
    TESTING = True
    PASSWORD_TIME_COST = 1
    PASSWORD_MEMORY_COST = 8
    PASSWORD_PARALLELISM = 1

    def __init__(self, env: Environment) -> None:
        super().__init__(env)
{% if cookiecutter.__redis or cookiecutter.__memcached %}
        # One run must not see what another leaves in a store that both use.
{% endif %}
{% if cookiecutter.cache_backend != 'simple' %}
        self.CACHE_KEY_PREFIX = f"test-{secrets.token_hex(4)}:"
{% endif %}
{% if cookiecutter.limiter_backend != 'memory' %}
        self.RATELIMIT_KEY_PREFIX = f"test-{secrets.token_hex(4)}"
{% endif %}
        self.RATELIMIT_DEFAULT = self.RATELIMIT_LOGIN = self.RATELIMIT_REGISTER = "10000 per hour"


class ProductionConfig(Config):
    """Where strangers call."""

{% if cookiecutter.cache_backend != 'simple' %}
    CACHE_KEY_PREFIX = "{{ cookiecutter.project_slug }}:"
{% endif %}
{% if cookiecutter.limiter_backend != 'memory' %}
    RATELIMIT_KEY_PREFIX = "{{ cookiecutter.project_slug }}"
{% endif %}
{% if cookiecutter.__redis or cookiecutter.__memcached %}

{% endif %}
    def finish(self) -> None:
        """Refuse secrets that are missing, short or known."""
        for name in ("SECRET_KEY", "JWT_SECRET_KEY"):
            value: str = getattr(self, name)
            if not value:
                fault = "is not set"
            elif len(value.encode()) < SECRET_LENGTH:
                fault = f"is shorter than {SECRET_LENGTH} bytes"
            elif any(word in value.lower() for word in EXAMPLES) or len(set(value)) < 10:
                fault = "looks like an example"
            else:
                continue
            raise ConfigError(
                f"{name} {fault}. Make one with: "
                'python -c "import secrets; print(secrets.token_urlsafe(48))"'
            )


CONFIGS: dict[str, type[Config]] = {
    "development": DevelopmentConfig,
    "testing": TestingConfig,
    "production": ProductionConfig,
}


def load_config(name: str | None, environ: Mapping[str, str]) -> Config:
    """The settings of an environment; without a name, of FLASK_CONFIG's, or of production."""
    env = Environment(environ)
    name = name or env.text("FLASK_CONFIG", "production")
    if name not in CONFIGS:
        raise ConfigError(f"FLASK_CONFIG must be one of {', '.join(CONFIGS)}, not {name!r}.")
    return CONFIGS[name](env)
