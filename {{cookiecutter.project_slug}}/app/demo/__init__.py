"""What `flask seed-demo` adds: some users, and for each of them the rows of every module here."""

import secrets
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import or_, select

from app.accounts import add_user
from app.extensions import db
from app.models.user import ADMIN, ROLES, USER, User

ACCOUNTS = {"admin": ROLES, "alice": (USER,), "bob": (USER,)}
SUBJECTS = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]


def add_demo_data() -> Iterator[str]:
    """Add an admin and two users with rows of their own; yield a line about each account.

    Accounts that exist stay as they are.
    """
    for name, roles in ACCOUNTS.items():
        email = f"{name}@example.com"
        taken = or_(User.username_key == name, User.email_key == email)
        if db.session.scalar(select(User.id).where(taken)):
            yield f"{name} exists already."
            continue
        password = secrets.token_urlsafe(12)
        user = add_user({"username": name, "email": email, "password": password}, roles)
        if ADMIN not in roles:
            for subject in SUBJECTS:
                db.session.add_all(subject.rows_of(user))
        db.session.commit()
        yield f"{name} added. The password is {password}"
