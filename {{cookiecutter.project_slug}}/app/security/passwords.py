"""Password hashes: Argon2id, as RFC 9106 recommends."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app


@cache
def _hasher(time_cost: int, memory_cost: int, parallelism: int) -> PasswordHasher:
    return PasswordHasher(time_cost, memory_cost, parallelism)


@cache
def _dummy_hash(hasher: PasswordHasher) -> str:
    return hasher.hash("nobody's password")


def _current() -> PasswordHasher:
    config = current_app.config
    return _hasher(
        config["PASSWORD_TIME_COST"], config["PASSWORD_MEMORY_COST"], config["PASSWORD_PARALLELISM"]
    )


def _bytes(password: str) -> bytes:
    # JSON can carry half a surrogate pair, and a password may hold any character.
    return password.encode("utf-8", "surrogatepass")


def hash_password(password: str) -> str:
    """Return the salted hash of a password, made at the configured cost."""
    return _current().hash(_bytes(password))


def verify(password_hash: str, password: str) -> bool:
    """Return whether a hash was made from this password."""
    try:
        return _current().verify(password_hash, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def verify_nobody(password: str) -> None:
    """Take as long as a real check: the time must not tell unknown names from known ones."""
    verify(_dummy_hash(_current()), password)


def is_outdated(password_hash: str) -> bool:
    """Return whether a hash was made at another cost than the configured one."""
    return _current().check_needs_rehash(password_hash)
