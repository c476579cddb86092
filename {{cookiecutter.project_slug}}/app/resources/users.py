"""Users: registration, public profiles and the caller's own account."""

from typing import Any

from marshmallow import Schema
from werkzeug.exceptions import Forbidden

from app.accounts import add_user
from app.api.conditional import require_match
from app.api.framework import Resource
from app.api.operation import (
    accepts,
    accepts_query,
    cached,
    ignores_credentials,
    limited,
    may_fail,
    requires_login,
    returns,
)
from app.api.pages import Page, paginate
from app.extensions import db
from app.models.user import Role, User
from app.policies.user import (
    can_filter_by_role,
    can_manage,
    editable_user,
    keep_an_admin,
    visible_user,
    visible_users,
)
from app.schemas.user import PublicUserOut, UserIn, UserOut, UserQuery
from app.sessions import current_user, current_user_or_none, end_sessions_of

ROLES_ARE_PRIVATE = "Only an admin may filter by role"


def schema_for(user: User) -> type[Schema]:
    """Return the schema with the fields of a user that the caller may see."""
    return UserOut if can_manage(current_user_or_none(), user) else PublicUserOut


def delete_user(id: int) -> None:
    """Delete a user whom the caller may change; what belongs to them goes by cascade."""
    user = editable_user(current_user(), id)
    require_match(user, UserOut)
    keep_an_admin(user)
    db.session.delete(user)
    db.session.commit()


class UserList(Resource):
    @cached
    @may_fail(403)
    @accepts_query(UserQuery)
    @returns(PublicUserOut, many=True)
    def get(self, query: dict[str, Any]) -> Page[User]:
        """List active users."""
        users = visible_users(None)
        if "role" in query:
            if not can_filter_by_role(current_user_or_none()):
                raise Forbidden(ROLES_ARE_PRIVATE)
            users = users.where(User.roles.any(Role.name == query["role"]))
        return paginate(users, User, query)

    @ignores_credentials
    @limited("RATELIMIT_REGISTER")
    @accepts(UserIn)
    @returns(UserOut, status=201, location=".UserItem")
    def post(self, data: dict[str, Any]) -> User:
        """Create an account, like `/auth/register`, but return only the user."""
        user = add_user(data)
        db.session.commit()
        return user


class Me(Resource):
    @requires_login
    @returns(UserOut)
    def get(self) -> User:
        """Show the caller's own user."""
        return current_user()


class UserItem(Resource):
    @cached
    @returns(PublicUserOut, UserOut, choose=schema_for)
    def get(self, id: int) -> User:
        """Show a user; e-mail address and roles only to the user and to admins."""
        return visible_user(current_user_or_none(), id)

    @requires_login
    @may_fail(403)
    @accepts(UserIn, partial=True)
    @returns(UserOut)
    def patch(self, id: int, data: dict[str, Any]) -> User:
        """Change the given fields of a user; a new password ends the user's other sessions."""
        user = editable_user(current_user(), id)
        require_match(user, UserOut)
        user.update(data)
        if "password" in data:
            end_sessions_of(user, keep_current=True)
        db.session.commit()
        return user

    put = patch

    @requires_login
    @may_fail(403)
    @returns(status=204)
    def delete(self, id: int) -> None:
        """Delete a user with everything that belongs to them."""
        delete_user(id)
