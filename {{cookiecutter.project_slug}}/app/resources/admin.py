"""The admin area: all users with their roles and states."""

from typing import Any

from sqlalchemy.orm import selectinload

from app.accounts import add_user
from app.api.conditional import require_match
from app.api.framework import Resource
from app.api.operation import accepts, accepts_query, requires_role, returns
from app.api.pages import Page, paginate
from app.api.rows import get_or_create_named
from app.backend.base import utcnow
from app.extensions import db
from app.models.user import ADMIN, USER, Role, User
from app.policies.user import editable_user, keep_an_admin, visible_user, visible_users
from app.resources.users import delete_user
from app.schemas.user import AdminUserIn, AdminUserQuery, CreatedUserOut, UserOut
from app.sessions import current_user, end_sessions_of


class AdminUserList(Resource):
    @requires_role(ADMIN)
    @accepts_query(AdminUserQuery)
    @returns(UserOut, many=True)
    def get(self, query: dict[str, Any]) -> Page[User]:
        """List all users, inactive ones included."""
        users = visible_users(current_user()).options(selectinload(User.roles))
        if "role" in query:
            users = users.where(User.roles.any(Role.name == query["role"]))
        if "is_active" in query:
            users = users.where(User.is_active == query["is_active"])
        return paginate(users, User, query)

    @requires_role(ADMIN)
    @accepts(AdminUserIn)
    @returns(CreatedUserOut, status=201, location=".AdminUserItem")
    def post(self, data: dict[str, Any]) -> User:
        """Create an account with the given roles."""
        roles = data.pop("roles", [USER])
        user = add_user(data, roles)
        db.session.commit()
        return user


class AdminUserItem(Resource):
    @requires_role(ADMIN)
    @returns(UserOut)
    def get(self, id: int) -> User:
        """Show any user."""
        return visible_user(current_user(), id)

    @requires_role(ADMIN)
    @accepts(AdminUserIn, partial=True)
    @returns(UserOut)
    def patch(self, id: int, data: dict[str, Any]) -> User:
        """Change a user; new roles, state or password end the user's sessions."""
        user = editable_user(current_user(), id)
        require_match(user, UserOut)
        if data.get("is_active") is False or ADMIN not in data.get("roles", [ADMIN]):
            keep_an_admin(user)
        rights = (user.is_active, set(user.roles))
        if "roles" in data:
            data = {**data, "roles": get_or_create_named(Role, data["roles"])}
        user.update(data)
        if "password" in data or rights != (user.is_active, set(user.roles)):
            end_sessions_of(user)
            # Roles are in another table; this makes two admins who change them at once conflict.
            user.updated_at = utcnow()
        db.session.commit()
        return user

    @requires_role(ADMIN)
    @returns(status=204)
    def delete(self, id: int) -> None:
        """Delete a user with everything that belongs to them."""
        delete_user(id)
