"""The admin area: every user, with roles and state."""

from typing import Any

from flask import url_for
from sqlalchemy.orm import selectinload

from app.api.conditional import unless_changed
from app.api.contract import accepts, requires_admin, returns
from app.api.framework import Resource
from app.api.pagination import Page, paginate
from app.extensions import db
from app.models.base import utcnow
from app.models.user import ADMIN, USER, Role, User
from app.resources.auth import roles_named
from app.resources.users import delete_user
from app.schemas.query import AdminUserQuery
from app.schemas.user import AdminUserIn, CreatedUserOut, UserOut
from app.security import policies
from app.security.tokens import end_sessions_of, known_caller


class AdminUserList(Resource):
    @requires_admin
    @accepts(AdminUserQuery, location="query")
    @returns(UserOut, many=True)
    def get(self, query: dict[str, Any]) -> Page[User]:
        """List every user."""
        users = policies.visible_users(known_caller()).options(selectinload(User.roles))
        if "role" in query:
            users = users.where(User.roles.any(Role.name == query["role"]))
        if "is_active" in query:
            users = users.where(User.is_active == query["is_active"])
        return paginate(users, User, query)

    @requires_admin
    @accepts(AdminUserIn)
    @returns(CreatedUserOut, status=201)
    def post(self, data: dict[str, Any]) -> Any:
        """Make an account, with the roles it is to have."""
        user = User(**{**data, "roles": roles_named(*data.get("roles", [USER]))})
        db.session.add(user)
        db.session.commit()
        location = {"Location": url_for(".AdminUserItem", id=user.id)}
        return {"message": "User created successfully", "user": user}, location


class AdminUserItem(Resource):
    @requires_admin
    @returns(UserOut)
    def get(self, id: int) -> User:
        """Show any user."""
        return policies.one_or_404(policies.visible_users(known_caller()), User, id)

    @requires_admin
    @accepts(AdminUserIn, partial=True)
    @returns(UserOut)
    def patch(self, data: dict[str, Any], id: int) -> User:
        """Change a user; new roles, a new state or a new password end the user's sessions."""
        user = policies.editable_user(known_caller(), id)
        unless_changed(user, UserOut)
        if data.get("is_active") is False or ADMIN not in data.get("roles", [ADMIN]):
            policies.keep_an_admin(user)
        rights = (user.is_active, set(user.roles))
        if "roles" in data:
            data = {**data, "roles": roles_named(*data["roles"])}
        user.update(data)
        if "password" in data or rights != (user.is_active, set(user.roles)):
            end_sessions_of(user)
            # Roles are stored elsewhere; this makes two admins who change them notice each other.
            user.updated_at = utcnow()
        db.session.commit()
        return user

    @requires_admin
    @returns(status=204)
    def delete(self, id: int) -> None:
        """Delete a user and the user's posts."""
        delete_user(id)
