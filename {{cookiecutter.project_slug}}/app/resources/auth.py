"""Registration, login, and sessions."""

from typing import Any

from app.accounts import account_key, add_user
from app.api.framework import Resource
from app.api.operation import (
    accepts,
    ignores_credentials,
    limited,
    may_fail,
    requires_any_token,
    requires_refresh_token,
    returns,
)
from app.backend.clients import client_network
from app.extensions import db
from app.models.user import User
from app.schemas.auth import LoginIn, TokensOut
from app.schemas.user import CreatedUserOut, UserIn
from app.sessions import end_session, log_in, rotate_session


class Register(Resource):
    @ignores_credentials
    @limited("RATELIMIT_REGISTER")
    @accepts(UserIn)
    @returns(CreatedUserOut, status=201, location=".UserItem")
    def post(self, data: dict[str, Any]) -> User:
        """Create an account."""
        user = add_user(data)
        db.session.commit()
        return user


class Login(Resource):
    @ignores_credentials
    @may_fail(401)
    @limited("RATELIMIT_LOGIN", client_network, account_key("username"))
    @accepts(LoginIn)
    @returns(TokensOut)
    def post(self, data: dict[str, str]) -> dict[str, Any]:
        """Exchange a name and a password for a pair of tokens."""
        return log_in(**data)


class Refresh(Resource):
    @requires_refresh_token
    @returns(TokensOut)
    def post(self) -> dict[str, Any]:
        """Exchange a refresh token for a new pair of tokens; each works once."""
        return rotate_session()


class Logout(Resource):
    @requires_any_token
    @returns(status=204)
    def post(self) -> None:
        """End this session; both of its tokens stop working at once."""
        end_session()
