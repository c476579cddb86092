"""Sessions and their tokens.

A login begins a session: a row that both of its tokens name, so deleting the row ends them at once.
A refresh token works once and returns a new pair. A second use means that two parties hold it;
since nobody can tell which one is the thief, the session ends for both (RFC 9700, section 4.14.2).
Authenticating a request takes one query, which loads the session with its user and their roles.
"""

from datetime import timedelta
from functools import cache
from typing import Any, cast

from flask import current_app, g
from flask_jwt_extended import create_access_token, create_refresh_token, get_jwt
from sqlalchemy import (
    CursorResult,
    Select,
    bindparam,
    delete,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.orm import contains_eager
from werkzeug.exceptions import Unauthorized

from app.accounts import check_credentials, renew_hash
from app.api.authentication import UNAUTHENTICATED
from app.api.fields import UNSTORABLE
from app.api.versions import BEARER
from app.backend.base import utcnow
from app.backend.database import lock_row
from app.extensions import db
from app.models.session import Session, new_id
from app.models.user import User
from app.security import passwords

PRUNED_AT_ONCE = 1000


def current_user() -> User:
    """Return the caller of an operation that requires a login."""
    session: Session = g.session
    return session.user


def current_user_or_none() -> User | None:
    """Return the caller, or None for an anonymous request."""
    return current_user() if g.session else None


def log_in(password: str, **account: str) -> dict[str, Any]:
    """Begin a session of the user with this `username` or `email`, and return its tokens."""
    while True:
        user = check_credentials(password, **account)
        if passwords.is_outdated(user.password_hash):
            renew_hash(user, password)
        if tokens := begin_session(user):
            return tokens
        # Another request has changed or rehashed the password since it was read.
        db.session.rollback()


def begin_session(user: User) -> dict[str, Any] | None:
    """Begin a session of a stored user; return its tokens, or None for a password that has changed.

    A new password ends the user's sessions. The insert locks the user's row and compares the hash
    with the one that was checked, so a login with the old password either has begun its session,
    which is then ended, or begins none.
    """
    session_id, refresh_id, now = new_id(), new_id(), utcnow()
    row = {
        "id": session_id,
        "refresh_id": refresh_id,
        "created_at": now,
        "expires_at": now + _lifetime(),
    }
    columns = [literal(value, Session.__table__.c[name].type) for name, value in row.items()]
    unchanged = lock_row(
        select(User.id, *columns)
        .where(User.id == user.id, User.password_hash == user.password_hash)
        .where(User.is_active == true())
    )
    begun = insert(Session).from_select(["user_id", *row], unchanged)
    result = db.session.execute(begun.execution_options(preserve_rowcount=True))
    if not cast(CursorResult[Any], result).rowcount:
        return None
    db.session.commit()
    return _token_pair(user, session_id, refresh_id)


def rotate_session() -> dict[str, Any]:
    """Exchange the request's refresh token for a new pair; a used one ends the session."""
    session: Session = g.session
    refresh_id = new_id()
    # The update compares the token itself: of two concurrent requests, one finds it used.
    rotation = (
        update(Session)
        .where(Session.id == session.id, Session.refresh_id == get_jwt()["jti"])
        .values(refresh_id=refresh_id, expires_at=utcnow() + _lifetime())
    )
    if not cast(CursorResult[Any], db.session.execute(rotation)).rowcount:
        end_session()
        raise Unauthorized(UNAUTHENTICATED["revoked"])
    db.session.commit()
    return _token_pair(session.user, session.id, refresh_id)


def end_session() -> None:
    """End the current session; both of its tokens stop working."""
    db.session.execute(delete(Session).where(Session.id == g.session.id))
    db.session.commit()


def end_sessions_of(user: User, *, keep_current: bool = False) -> None:
    """End a user's sessions, with or without the current one; takes effect with the commit."""
    ended = delete(Session).where(Session.user_id == user.id)
    if keep_current:
        ended = ended.where(Session.id != g.session.id)
    db.session.execute(ended)


def prune_sessions() -> int:
    """Delete the sessions whose tokens have all expired, and return their number."""
    pruned = 0
    expired = select(Session.id).where(Session.expires_at <= utcnow()).limit(PRUNED_AT_ONCE)
    # One statement for all of them might not end in time.
    while ids := db.session.scalars(expired).all():
        db.session.execute(delete(Session).where(Session.id.in_(ids)))
        db.session.commit()
        pruned += len(ids)
    return pruned


def _lifetime() -> timedelta:
    return timedelta(seconds=current_app.config["JWT_REFRESH_TOKEN_EXPIRES"])


def _token_pair(user: User, session_id: str, refresh_id: str) -> dict[str, Any]:
    plan = g.get("plan")
    # RFC 7519, section 4.1.2: the subject is a string.
    subject = str(user.id)
    claims = {"sid": session_id}
    return {
        "access_token": create_access_token(subject, additional_claims=claims),
        "refresh_token": create_refresh_token(
            subject, additional_claims={**claims, "jti": refresh_id}
        ),
        "token_type": plan.scheme if plan else BEARER,
        "expires_in": current_app.config["JWT_ACCESS_TOKEN_EXPIRES"],
        "user": user,
    }


def find_session(claims: dict[str, Any]) -> Session | None:
    """Return the live session of a token, with its active user and the user's roles."""
    ids = (claims.get("sid"), claims.get("jti"))
    if not all(isinstance(id, str) and not UNSTORABLE.search(id) for id in ids):
        return None
    parameters = {"sid": claims["sid"], "now": utcnow()}
    return db.session.scalars(_live_session(), parameters).unique().one_or_none()


@cache
def _live_session() -> Select[Session]:
    # Every request with a token runs this statement, and building it takes as long as running it.
    return (
        select(Session)
        .join(Session.user)
        .where(Session.id == bindparam("sid"), Session.expires_at > bindparam("now"))
        .where(User.is_active == true())
        .options(contains_eager(Session.user).joinedload(User.roles))
        # An earlier request may have left the same rows in this database session.
        .execution_options(populate_existing=True)
    )
