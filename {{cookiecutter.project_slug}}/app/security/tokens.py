"""Sessions and their tokens.

A login makes a session: a row that both of its tokens name, so that ending the row ends them at
once. The refresh token is good for one use, which gives a new pair; a second use means that two
parties hold it, and since nobody can tell which one is the thief, the session ends for both
(RFC 9700, section 4.14.2). The row is found with its user and roles in the one query that a
request with a token makes.
"""

from datetime import timedelta
from functools import cache
from typing import Any, cast

from flask import Response, current_app, g
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

from app.errors import problem
from app.extensions import db, jwt
from app.models.base import utcnow
from app.models.session import Session, new_id
from app.models.user import User
from app.schemas.fields import UNSTORABLE


def caller() -> User | None:
    """The user whose token came with this request."""
    session: Session | None = g.session
    return session.user if session else None


def known_caller() -> User:
    """The caller of an operation that requires a login."""
    session: Session = g.session
    return session.user


def begin_session(user: User) -> dict[str, Any] | None:
    """Log a user in: a new session and its first pair of tokens; None if the password has changed.

{% if cookiecutter.database == 'sqlite' %}
    Who changes a password ends the user's sessions. The insert compares the password with the one
    that was read, and nobody else writes meanwhile, so that a session of an old one either is there
    to be ended or does not begin.
{% else %}
    Who changes a password ends the user's sessions. The insert locks the user's row and compares
    the password with the one that was read, so that a session of an old one either is there to be
    ended or does not begin.
{% endif %}
    """
    session_id, refresh_id, now = new_id(), new_id(), utcnow()
    row = {
        "id": session_id,
        "refresh_id": refresh_id,
        "created_at": now,
        "expires_at": now + _lifetime(),
    }
    columns = [literal(value, Session.__table__.c[name].type) for name, value in row.items()]
    unchanged = (
        select(User.id, *columns)
        .where(User.id == user.id, User.password_hash == user.password_hash)
        .where(User.is_active == true())
{% if cookiecutter.database == 'postgresql' %}
        .with_for_update(key_share=True)
{% elif cookiecutter.database == 'mysql' %}
        .with_for_update()
{% endif %}
    )
    begun = insert(Session).from_select(["user_id", *row], unchanged)
    result = db.session.execute(begun.execution_options(preserve_rowcount=True))
    if not cast(CursorResult[Any], result).rowcount:
        return None
    db.session.commit()
    return _token_pair(user, session_id, refresh_id)


def rotate_session() -> dict[str, Any]:
    """Trade the request's refresh token for a new pair; if it was used before, end the session."""
    session: Session = g.session
    refresh_id = new_id()
    # The comparison is part of the update: of two that come at once, one finds its token used.
    rotation = (
        update(Session)
        .where(Session.id == session.id, Session.refresh_id == get_jwt()["jti"])
        .values(refresh_id=refresh_id, expires_at=utcnow() + _lifetime())
    )
    if not cast(CursorResult[Any], db.session.execute(rotation)).rowcount:
        end_session()
        raise Unauthorized("Token has been revoked")
    db.session.commit()
    return _token_pair(session.user, session.id, refresh_id)


def end_session() -> None:
    """End the session of this request; its tokens are dead when this returns."""
    db.session.execute(delete(Session).where(Session.id == g.session.id))
    db.session.commit()


def end_sessions_of(user: User, *, but_this: bool = False) -> None:
    """End a user's sessions, this request's own excepted if asked, with the next commit."""
    ended = delete(Session).where(Session.user_id == user.id)
    if but_this:
        ended = ended.where(Session.id != g.session.id)
    db.session.execute(ended)


def prune_sessions() -> int:
    """Delete the sessions whose tokens have all expired; their number."""
    expired = delete(Session).where(Session.expires_at <= utcnow())
    pruned = cast(CursorResult[Any], db.session.execute(expired))
    db.session.commit()
    return pruned.rowcount


def _lifetime() -> timedelta:
    return timedelta(seconds=current_app.config["JWT_REFRESH_TOKEN_EXPIRES"])


def _token_pair(user: User, session_id: str, refresh_id: str) -> dict[str, Any]:
    # RFC 7519, section 4.1.2: the subject is a string.
    subject = str(user.id)
    claims = {"sid": session_id}
    return {
        "access_token": create_access_token(subject, additional_claims=claims),
        "refresh_token": create_refresh_token(
            subject, additional_claims={**claims, "jti": refresh_id}
        ),
        "token_type": "Bearer",
        "expires_in": current_app.config["JWT_ACCESS_TOKEN_EXPIRES"],
        "user": user,
    }


@jwt.user_lookup_loader
def find_session(header: dict[str, Any], claims: dict[str, Any]) -> Session | None:
    """The live session of a token, with its active user and the user's roles."""
    ids = (claims.get("sid"), claims.get("jti"))
    if not all(isinstance(id, str) and not UNSTORABLE.search(id) for id in ids):
        return None
    parameters = {"sid": claims["sid"], "now": utcnow()}
    return db.session.scalars(_live_session(), parameters).unique().one_or_none()


@cache
def _live_session() -> Select[Session]:
    # Every request with a token asks this; to build it again would take as long as the answer.
    return (
        select(Session)
        .join(Session.user)
        .where(Session.id == bindparam("sid"), Session.expires_at > bindparam("now"))
        .where(User.is_active == true())
        .options(contains_eager(Session.user).joinedload(User.roles))
        # Another request may have left the same rows in this database session.
        .execution_options(populate_existing=True)
    )


@jwt.unauthorized_loader
def refuse_missing(reason: str) -> Response:
    """Answer a request without the token it needs."""
    return problem(401, "Missing or malformed token")


@jwt.invalid_token_loader
def refuse_invalid(reason: str) -> Response:
    """Answer a token that can't be read, was altered, or is of the wrong kind."""
    return problem(401, "Invalid token")


@jwt.expired_token_loader
def refuse_expired(header: dict[str, Any], claims: dict[str, Any]) -> Response:
    """Answer a token that is too old."""
    return problem(401, "Token has expired")


@jwt.user_lookup_error_loader
def refuse_revoked(header: dict[str, Any], claims: dict[str, Any]) -> Response:
    """Answer a token whose session has ended, or whose user may no longer log in."""
    return problem(401, "Token has been revoked")
