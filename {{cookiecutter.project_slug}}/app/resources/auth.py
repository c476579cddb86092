"""Registration, login, and what becomes of the session."""

from typing import Any

from flask import url_for
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import Unauthorized

from app.api.contract import (
    accepts,
    ignores_credentials,
    may_fail,
    requires_any_token,
    requires_refresh_token,
    returns,
)
from app.api.framework import Resource
from app.api.limits import limited
from app.extensions import db
from app.models.user import USER, Role, User
from app.schemas.auth import LoginIn, TokensOut
from app.schemas.user import CreatedUserOut, UserIn
from app.security import passwords
from app.security.tokens import begin_session, end_session, rotate_session


def roles_named(*names: str) -> list[Role]:
    """The roles of these names, in their order as they are shown."""
    return list(db.session.scalars(select(Role).where(Role.name.in_(names)).order_by(Role.name)))


def register(data: dict[str, Any]) -> tuple[User, dict[str, str]]:
    """Store a new user, with the role that everybody has; the user and the headers to send."""
    user = User(**data)
    user.roles = roles_named(USER)
    db.session.add(user)
    db.session.commit()
    return user, {"Location": url_for(".UserItem", id=user.id)}


def authenticated(username: str, password: str) -> User:
    """The active user with this name and password, or 401."""
    named = select(User).where(User.username_key == username.lower())
    user = db.session.scalars(named.options(joinedload(User.roles))).unique().one_or_none()
{% if cookiecutter.database == 'mysql' %}
    # The database takes spaces at the end for nothing; the limit by account does not.
    if user is None or user.username.lower() != username.lower():
{% else %}
    if user is None:
{% endif %}
        passwords.verify_nobody(password)
        raise Unauthorized("Invalid credentials")
    if not user.verify_password(password) or not user.is_active:
        raise Unauthorized("Invalid credentials")
    return user


def renew_hash(user: User, password: str) -> None:
    """Hash the same password at today's cost: no change that other writers have to notice."""
    renewed = (
        update(User)
        .where(User.id == user.id, User.password_hash == user.password_hash)
        .values(password_hash=passwords.hash_password(password), updated_at=User.updated_at)
    )
    db.session.execute(renewed)


class Register(Resource):
    @ignores_credentials
    @limited("RATELIMIT_REGISTER")
    @accepts(UserIn)
    @returns(CreatedUserOut, status=201)
    def post(self, data: dict[str, Any]) -> Any:
        """Make an account."""
        user, headers = register(data)
        return {"message": "User created successfully", "user": user}, headers


class Login(Resource):
    @ignores_credentials
    @may_fail(401)
    @limited("RATELIMIT_LOGIN", by_account=True)
    @accepts(LoginIn)
    @returns(TokensOut)
    def post(self, data: dict[str, str]) -> Any:
        """Trade a name and a password for a pair of tokens."""
        while True:
            user = authenticated(**data)
            if passwords.is_outdated(user.password_hash):
                renew_hash(user, data["password"])
            if tokens := begin_session(user):
                return tokens
            # The password was changed, or hashed anew, since it was read.
            db.session.rollback()


class Refresh(Resource):
    @requires_refresh_token
    @returns(TokensOut)
    def post(self) -> Any:
        """Trade a refresh token for a new pair; it works once."""
        return rotate_session()


class Logout(Resource):
    @requires_any_token
    @returns(status=204)
    def post(self) -> None:
        """End this session; both of its tokens die at once."""
        end_session()
