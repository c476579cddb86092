"""Registration, password checks and account changes, for resources and commands."""

import hashlib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from flask import request
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import HTTPException, Unauthorized

from app.api.requests import read_body
from app.api.rows import get_or_create_named
from app.backend.clients import client_network
from app.extensions import db
from app.models.user import USER, Role, User
from app.security import passwords

WRONG_CREDENTIALS = "Invalid credentials"


def add_user(data: dict[str, Any], roles: Iterable[str] = (USER,)) -> User:
    """Add a user with these roles to the database session."""
    user = User(**data)
    user.roles = get_or_create_named(Role, roles)
    db.session.add(user)
    return user


def check_credentials(password: str, **account: str) -> User:
    """Return the active user with this `username` or `email`; any refusal is the same 401.

    It takes the same time for unknown names as for wrong passwords.
    """
    ((column, name),) = account.items()
    named = select(User).filter_by(**{f"{column}_key": name.lower()})
    user = db.session.scalars(named.options(joinedload(User.roles))).unique().one_or_none()
    # Some databases ignore trailing spaces; the limit by account does not.
    if user is None or getattr(user, column).lower() != name.lower():
        passwords.verify_nobody(password)
        raise Unauthorized(WRONG_CREDENTIALS)
    if not user.verify_password(password) or not user.is_active:
        raise Unauthorized(WRONG_CREDENTIALS)
    return user


def renew_hash(user: User, password: str) -> None:
    """Hash a password at the current cost, but leave `version` and `updated_at` alone."""
    renewed = (
        update(User)
        .where(User.id == user.id, User.password_hash == user.password_hash)
        .values(password_hash=passwords.hash_password(password), updated_at=User.updated_at)
    )
    db.session.execute(renewed)


def account_key(*path: str) -> Callable[[], str]:
    """Return a function that returns a key for the account that a login names.

    `path` leads to the name in the body: `account_key("user", "email")`. Logins without one are
    counted by the client's address; the account doesn't have to exist.
    """
    return partial(_account_key, path)


def _account_key(path: Iterable[str]) -> str:
    try:
        read_body()
        name = request.get_json(silent=True)
    except (HTTPException, RecursionError):  # broken, too large or too deep: refused later
        name = None
    for member in path:
        name = name.get(member) if isinstance(name, dict) else None
    counted = name if isinstance(name, str) else client_network()
    # Some stores refuse long keys, and keys with spaces or control characters.
    digest = hashlib.sha256(counted.lower().encode("utf-8", "replace")).hexdigest()
    return f"account-{digest}"
