"""Password hashes: Argon2id, as RFC 9106 recommends."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError
from flask import current_app
from werkzeug.exceptions import ServiceUnavailable

log = logging.getLogger(__name__)

BUSY = "Passwords can't be checked at the moment"
LONGEST_WAIT = 5.0  # seconds


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


@cache
def _slots(count: int) -> BoundedSemaphore:
    return BoundedSemaphore(count)


@contextmanager
def hashing() -> Iterator[PasswordHasher]:
    """Provide the hasher, to as many threads at once as memory allows; raise 503 for others.

    Raises 503 as well if Argon2 can't work, which says nothing about the password.
    """
    slots = _slots(current_app.config["PASSWORD_HASHES_AT_ONCE"])
    if not slots.acquire(timeout=LONGEST_WAIT):
        log.warning("No password could be hashed for %s seconds", LONGEST_WAIT)
        raise ServiceUnavailable(BUSY)
    try:
        yield _current()
    except VerifyMismatchError:
        raise
    except Argon2Error as error:
        log.error("Argon2 failed: %s", error)
        raise ServiceUnavailable(BUSY) from error
    finally:
        slots.release()


def _bytes(password: str) -> bytes:
    # JSON can carry half a surrogate pair, and a password may hold any character.
    return password.encode("utf-8", "surrogatepass")


def hash_password(password: str) -> str:
    """Return the salted hash of a password, made at the configured cost."""
    with hashing() as hasher:
        return hasher.hash(_bytes(password))


def verify(password_hash: str, password: str) -> bool:
    """Return whether a hash was made from this password."""
    try:
        with hashing() as hasher:
            return hasher.verify(password_hash, _bytes(password))
    except (VerifyMismatchError, InvalidHashError):
        return False


def verify_nobody(password: str) -> None:
    """Take as long as a real check: the time must not tell unknown names from known ones."""
    with hashing() as hasher, suppress(VerifyMismatchError):
        hasher.verify(_dummy_hash(hasher), _bytes(password))


def is_outdated(password_hash: str) -> bool:
    """Return whether a hash was made at another cost than the configured one."""
    return _current().check_needs_rehash(password_hash)
