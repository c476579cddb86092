"""Accounts and profiles: registration, login, changes, following."""

from typing import Any

from flask import request
from sqlalchemy import delete

from app.accounts import account_key, add_user
from app.api.framework import Resource
from app.api.operation import (
    accepts,
    cached,
    ignores_credentials,
    limited,
    may_fail,
    requires_login,
    returns,
)
from app.api.rows import insert_once
from app.backend.clients import client_network
from app.extensions import db
from app.models.user import User, follows
from app.policies.profile import visible_profile
from app.schemas.profile import AccountIn, AccountOut, EmailLoginIn, ProfileOut
from app.sessions import (
    begin_session,
    current_user,
    current_user_or_none,
    end_sessions_of,
    log_in,
)


class Register(Resource):
    @ignores_credentials
    @limited("RATELIMIT_REGISTER")
    @accepts(AccountIn, envelope="user")
    @returns(AccountOut, envelope="user", status=201)
    def post(self, data: dict[str, Any]) -> dict[str, Any] | None:
        """Create an account, and log in."""
        user = add_user(data)
        db.session.commit()
        return begin_session(user)


class Login(Resource):
    @ignores_credentials
    @may_fail(401)
    @limited("RATELIMIT_LOGIN", client_network, account_key("user", "email"))
    @accepts(EmailLoginIn, envelope="user")
    @returns(AccountOut, envelope="user")
    def post(self, data: dict[str, str]) -> dict[str, Any]:
        """Exchange an e-mail address and a password for a token."""
        return log_in(**data)


@requires_login
@returns(AccountOut, envelope="user")
class Account(Resource):
    def get(self) -> dict[str, Any]:
        """Show the caller's own account."""
        return {"access_token": request.headers["Authorization"].split()[1], "user": current_user()}

    @accepts(AccountIn, partial=True, envelope="user")
    def put(self, data: dict[str, Any]) -> dict[str, Any]:
        """Change the given fields of the account; a new password ends its other sessions."""
        user = current_user()
        user.update(data)
        if "password" in data:
            end_sessions_of(user, keep_current=True)
        db.session.commit()
        return self.get()


class Profile(Resource):
    @cached
    @returns(ProfileOut, envelope="profile")
    def get(self, username: str) -> User:
        """Show a profile."""
        return visible_profile(current_user_or_none(), username)


@returns(ProfileOut, envelope="profile")
class Follow(Resource):
    def post(self, username: str) -> User:
        """Follow a user; a second time changes nothing."""
        user = visible_profile(current_user(), username)
        insert_once(follows, follower_id=current_user().id, followed_id=user.id)
        db.session.commit()
        return visible_profile(current_user(), username)

    def delete(self, username: str) -> User:
        """Stop following a user; a second time changes nothing."""
        viewer = current_user()
        user = visible_profile(viewer, username)
        db.session.execute(delete(follows).filter_by(follower_id=viewer.id, followed_id=user.id))
        db.session.commit()
        return visible_profile(viewer, username)
