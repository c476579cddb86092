"""Settings: one class per environment, read from the environment variables."""

import re
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar
{% if cookiecutter.limiter_backend == 'memcached' %}
from urllib.parse import urlsplit
{% endif %}

from click import ClickException
from limits import parse_many
{% if cookiecutter.limiter_backend != 'memory' %}
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
{% endif %}
{% if cookiecutter.cache_backend == 'memcached' %}
from pymemcache.client.base import normalize_server_spec
{% elif cookiecutter.cache_backend == 'redis' %}
from redis import Redis
{% endif %}
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

API_TITLE = {{ cookiecutter.__project_name_py }}
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

    def database(self, name: str, default: str) -> str:
        """A database address, in the form that SQLAlchemy wants."""
        text = self.text(name, default)
        if not text:
            raise ConfigError(f"{name} is not set.")
{% if cookiecutter.database == 'postgresql' %}
        # What hosting platforms hand out names no driver.
        for scheme in ("postgres://", "postgresql://"):
            if text.startswith(scheme):
                text = "postgresql+psycopg://" + text.removeprefix(scheme)
{% elif cookiecutter.database == 'mysql' %}
        # What hosting platforms hand out names no driver.
        for scheme in ("mysql://", "mariadb://", "mariadb+pymysql://"):
            if text.startswith(scheme):
                text = "mysql+pymysql://" + text.removeprefix(scheme)
{% endif %}
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise ConfigError(f"{name} is not a database address that can be read.") from None
{% if cookiecutter.database == 'sqlite' %}
        if url.get_backend_name() != "sqlite":
            raise ConfigError(f"{name} must begin with sqlite:///, not {url.drivername}://.")
{% elif cookiecutter.database == 'postgresql' %}
        if url.drivername != "postgresql+psycopg":
            raise ConfigError(f"{name} must begin with postgresql://, not {url.drivername}://.")
        if not url.database:
            raise ConfigError(f"{name} names no database.")
{% elif cookiecutter.database == 'mysql' %}
        if url.drivername != "mysql+pymysql":
            raise ConfigError(f"{name} must begin with mysql://, not {url.drivername}://.")
        if not url.database:
            raise ConfigError(f"{name} names no database.")
{% endif %}
        try:
            # As SQLAlchemy will read them; the driver tries its own parameters when it connects.
            url.get_dialect()().create_connect_args(url)
        except (ArgumentError, TypeError, ValueError):
            raise ConfigError(f"{name} has a part that can't be read.") from None
        return text

{% if cookiecutter.limiter_backend != 'memory' %}

def check_storage(address: str) -> None:
    """Refuse what the limiter could not use; no connection is made."""
    try:
        storage_from_string(address)
    except (ConfigurationError, ValueError):
        raise ConfigError("RATELIMIT_STORAGE_URI is not an address that can be read.") from None
{% if cookiecutter.limiter_backend == 'memcached' %}
    parts = urlsplit(address)
    if not parts.netloc and not parts.path:
        raise ConfigError("RATELIMIT_STORAGE_URI names no server.")
{% endif %}

{% endif %}

class Config:
    """Settings that every environment shares."""

    DATABASE_VARIABLE = "DATABASE_URL"
{% if cookiecutter.database == 'sqlite' %}
    DATABASE_DEFAULT = "sqlite:///app.db"
{% else %}
    DATABASE_DEFAULT = ""
{% endif %}

    # The cost of a password hash: the second recommendation of RFC 9106, section 4.
    PASSWORD_TIME_COST = 3
    PASSWORD_MEMORY_COST = 65536  # KiB
    PASSWORD_PARALLELISM = 4

    LOG_JSON = True
    JWT_TOKEN_LOCATION = ("headers",)
    CACHE_NO_NULL_WARNING = True
{% if cookiecutter.database == 'sqlite' %}
    SQLALCHEMY_ENGINE_OPTIONS: ClassVar[dict[str, Any]] = {
        # Logs of errors would hold what people wrote, their addresses and password hashes.
        "hide_parameters": True,
        "connect_args": {"timeout": 15},
    }
{% elif cookiecutter.database == 'postgresql' %}
    SQLALCHEMY_ENGINE_OPTIONS: ClassVar[dict[str, Any]] = {
        # Logs of errors would hold what people wrote, their addresses and password hashes.
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_recycle": 1800,
        "connect_args": {
            "connect_timeout": 3,
            # A server that vanished without a word is noticed within seconds.
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 15000,  # milliseconds
            # Prepared statements don't survive a pooler such as PgBouncer.
            "prepare_threshold": None,
        },
    }
{% elif cookiecutter.database == 'mysql' %}
    SQLALCHEMY_ENGINE_OPTIONS: ClassVar[dict[str, Any]] = {
        # Logs of errors would hold what people wrote, their addresses and password hashes.
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_recycle": 1800,
        # A repeated look at the same rows must see what others committed meanwhile.
        "isolation_level": "READ COMMITTED",
        "connect_args": {
            "connect_timeout": 3,
            "read_timeout": 30,
            "write_timeout": 30,
            "charset": "utf8mb4",
        },
    }
{% endif %}
{% if cookiecutter.limiter_backend != 'memory' %}
    RATELIMIT_IN_MEMORY_FALLBACK_ENABLED = True
    # The first request that finds the store away turns the limiter to memory; those that wait for
    # the store at the same moment pass uncounted, where they would fail.
    RATELIMIT_SWALLOW_ERRORS = True
{% endif %}
    RATELIMIT_HEADERS_ENABLED = True
{% if cookiecutter.limiter_backend == 'redis' %}
    RATELIMIT_STORAGE_OPTIONS: ClassVar = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
{% elif cookiecutter.limiter_backend == 'memcached' %}
    RATELIMIT_STORAGE_OPTIONS: ClassVar = {"connect_timeout": 0.5, "timeout": 0.5}
{% endif %}
{% if cookiecutter.cache_backend == 'redis' %}
    CACHE_OPTIONS: ClassVar = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
{% endif %}

    def __init__(self, env: Environment) -> None:
        self.SECRET_KEY = env.text("SECRET_KEY")
        self.JWT_SECRET_KEY = env.text("JWT_SECRET_KEY")
        self.JWT_ACCESS_TOKEN_EXPIRES = env.integer("JWT_ACCESS_TOKEN_EXPIRES", 900, 1)
        self.JWT_REFRESH_TOKEN_EXPIRES = env.integer("JWT_REFRESH_TOKEN_EXPIRES", 2592000, 1)
        if self.JWT_REFRESH_TOKEN_EXPIRES < self.JWT_ACCESS_TOKEN_EXPIRES:
            raise ConfigError("JWT_REFRESH_TOKEN_EXPIRES is less than JWT_ACCESS_TOKEN_EXPIRES.")
        self.SQLALCHEMY_DATABASE_URI = env.database(self.DATABASE_VARIABLE, self.DATABASE_DEFAULT)

        self.RATELIMIT_ENABLED = env.flag("RATELIMIT_ENABLED", True)
        self.RATELIMIT_DEFAULT = env.rate_limits("RATELIMIT_DEFAULT", "300 per minute")
        self.RATELIMIT_LOGIN = env.rate_limits("RATELIMIT_LOGIN", "5 per minute;20 per hour")
        self.RATELIMIT_REGISTER = env.rate_limits("RATELIMIT_REGISTER", "10 per hour")
{% if cookiecutter.limiter_backend == 'memory' %}
        self.RATELIMIT_STORAGE_URI = env.choice("RATELIMIT_STORAGE_URI", ("memory://",))
{% elif cookiecutter.limiter_backend == 'redis' %}
        self.RATELIMIT_STORAGE_URI = env.text("RATELIMIT_STORAGE_URI", "redis://localhost:6379/1")
        if not self.RATELIMIT_STORAGE_URI.startswith(("redis://", "rediss://", "redis+unix://")):
            raise ConfigError("RATELIMIT_STORAGE_URI must begin with redis:// or rediss://.")
        check_storage(self.RATELIMIT_STORAGE_URI)
{% elif cookiecutter.limiter_backend == 'memcached' %}
        self.RATELIMIT_STORAGE_URI = env.text(
            "RATELIMIT_STORAGE_URI", "memcached://localhost:11211"
        )
        if not self.RATELIMIT_STORAGE_URI.startswith("memcached://"):
            raise ConfigError("RATELIMIT_STORAGE_URI must begin with memcached://.")
        check_storage(self.RATELIMIT_STORAGE_URI)
{% endif %}

{% if cookiecutter.cache_backend == 'simple' %}
        self.CACHE_TYPE = env.choice("CACHE_TYPE", ("SimpleCache", "NullCache"))
        # Where a command leaves word that something was written; relative to instance/.
        self.CACHE_DIR = env.text("CACHE_DIR", "cache")
{% elif cookiecutter.cache_backend == 'redis' %}
        self.CACHE_TYPE = env.choice("CACHE_TYPE", ("RedisCache", "NullCache"))
        self.CACHE_REDIS_URL = env.text("CACHE_REDIS_URL", "redis://localhost:6379/0")
        if not self.CACHE_REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
            raise ConfigError("CACHE_REDIS_URL must begin with redis:// or rediss://.")
        try:
            Redis.from_url(self.CACHE_REDIS_URL)
        except ValueError:
            raise ConfigError("CACHE_REDIS_URL is not an address that can be read.") from None
{% elif cookiecutter.cache_backend == 'memcached' %}
        backend = "app.api.memcached.MemcachedCache"
        self.CACHE_TYPE = env.choice("CACHE_TYPE", (backend, "NullCache"))
        self.CACHE_MEMCACHED_SERVERS = env.items("CACHE_MEMCACHED_SERVERS") or ["localhost:11211"]
        for server in self.CACHE_MEMCACHED_SERVERS:
            try:
                normalize_server_spec(server)
            except ValueError:
                raise ConfigError(
                    f"CACHE_MEMCACHED_SERVERS must be like localhost:11211, not {server!r}."
                ) from None
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
    DATABASE_VARIABLE = "DEV_DATABASE_URL"
{% if cookiecutter.database == 'sqlite' %}
    DATABASE_DEFAULT = "sqlite:///app-dev.db"
{% elif cookiecutter.database == 'postgresql' %}
    DATABASE_DEFAULT = "postgresql+psycopg://app@localhost:5432/app_dev"
{% elif cookiecutter.database == 'mysql' %}
    DATABASE_DEFAULT = "mysql+pymysql://app@localhost:3306/app_dev"
{% endif %}
    LOG_JSON = False

    def finish(self) -> None:
        """Make up the secrets that are not set, anew at each start."""
        self.SECRET_KEY = self.SECRET_KEY or secrets.token_urlsafe(48)
        self.JWT_SECRET_KEY = self.JWT_SECRET_KEY or secrets.token_urlsafe(48)


class TestingConfig(DevelopmentConfig):
    """The test suite: password hashes that cost little, limits that tests set for themselves."""

    DATABASE_VARIABLE = "TEST_DATABASE_URL"
{% if cookiecutter.database == 'sqlite' %}
    DATABASE_DEFAULT = "sqlite://"
{% elif cookiecutter.database == 'postgresql' %}
    DATABASE_DEFAULT = "postgresql+psycopg://app@localhost:5432/app_test"
{% elif cookiecutter.database == 'mysql' %}
    DATABASE_DEFAULT = "mysql+pymysql://app@localhost:3306/app_test"
{% endif %}
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
        """Refuse secrets that are missing, short or known{{ ', and a database in memory' if cookiecutter.database == 'sqlite' }}."""
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
{% if cookiecutter.database == 'sqlite' %}
        url = make_url(self.SQLALCHEMY_DATABASE_URI)
        if url.database in {None, "", ":memory:"} or url.query.get("mode") == "memory":
            # It belongs to one process, and migrations are another.
            raise ConfigError("DATABASE_URL must name a file: no migration reaches memory.")
{% endif %}


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
