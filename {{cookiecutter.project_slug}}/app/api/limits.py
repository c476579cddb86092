"""Rate limits of single operations, on top of the default limits of every address."""

from collections.abc import Callable
from functools import cache

from flask import current_app, request

from app.api.operation import Limit
from app.backend.settings import ConfigError
from app.extensions import limiter


@cache
def limit_check(limit: Limit) -> Callable[[], None]:
    """Return a function that counts the current request and raises 429 beyond the limit.

    Raises ConfigError for a setting that doesn't exist.
    """
    if limit.setting not in current_app.config:
        raise ConfigError(f"{limit.setting} limits an operation, but is not a setting.")

    def check() -> None: ...

    # Flask-Limiter tells the functions that it guards apart by their names.
    check.__qualname__ = repr(limit)

    def configured() -> str:
        return str(current_app.config[limit.setting])

    guard = limiter.shared_limit(
        configured, scope=limit.setting, key_func=limit.key, override_defaults=False
    )
    return guard(check)


@limiter.request_filter
def is_preflight() -> bool:
    """Leave OPTIONS requests uncounted."""
    return request.method == "OPTIONS"
