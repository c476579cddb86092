"""Users, as everybody sees them and as they see themselves."""

from typing import Any

from marshmallow import Schema
from werkzeug.exceptions import Forbidden

from app.api.caching import cached
from app.api.conditional import unless_changed
from app.api.contract import accepts, ignores_credentials, may_fail, requires_login, returns
from app.api.framework import Resource
from app.api.limits import limited
from app.api.pagination import Page, paginate
from app.extensions import db
from app.models.post import Post
from app.models.user import Role, User
from app.resources.auth import register
from app.schemas.post import PostOut
from app.schemas.query import UserPostQuery, UserQuery
from app.schemas.user import PublicUserOut, UserIn, UserOut
from app.security import policies
from app.security.tokens import caller, end_sessions_of, known_caller


def representation(user: User) -> type[Schema]:
    """The fields of a user that this caller may see."""
    return UserOut if policies.can_manage(caller(), user) else PublicUserOut


def delete_user(id: int) -> None:
    """Delete a user whom the caller may manage; the database deletes what is theirs."""
    user = policies.editable_user(known_caller(), id)
    unless_changed(user, UserOut)
    policies.keep_an_admin(user)
    db.session.delete(user)
    db.session.commit()


class UserList(Resource):
    @cached(User)
    @may_fail(403)
    @accepts(UserQuery, location="query")
    @returns(PublicUserOut, many=True)
    def get(self, query: dict[str, Any]) -> Page[User]:
        """List active users."""
        users = policies.visible_users(None)
        if "role" in query:
            if not policies.may_list_roles(caller()):
                raise Forbidden("Only an admin may filter by role")
            users = users.where(User.roles.any(Role.name == query["role"]))
        return paginate(users, User, query)

    @ignores_credentials
    @limited("RATELIMIT_REGISTER")
    @accepts(UserIn)
    @returns(UserOut, status=201)
    def post(self, data: dict[str, Any]) -> Any:
        """Make an account: another door to the registration."""
        return register(data)


class Me(Resource):
    @requires_login
    @returns(UserOut)
    def get(self) -> User:
        """Show the caller."""
        return known_caller()


class UserItem(Resource):
    @cached(User)
    @returns(PublicUserOut, UserOut, choose=representation)
    def get(self, id: int) -> User:
        """Show a user; e-mail and roles only to the user and to admins."""
        return policies.one_or_404(policies.visible_users(caller()), User, id)

    @requires_login
    @may_fail(403)
    @accepts(UserIn, partial=True)
    @returns(UserOut)
    def patch(self, data: dict[str, Any], id: int) -> User:
        """Change the given fields of a user; a new password ends the user's other sessions."""
        user = policies.editable_user(known_caller(), id)
        unless_changed(user, UserOut)
        user.update(data)
        if "password" in data:
            end_sessions_of(user, but_this=True)
        db.session.commit()
        return user

    put = patch

    @requires_login
    @may_fail(403)
    @returns(status=204)
    def delete(self, id: int) -> None:
        """Delete a user and the user's posts."""
        delete_user(id)


class UserPostList(Resource):
    @cached(Post, User)
    @accepts(UserPostQuery, location="query")
    @returns(PostOut, many=True)
    def get(self, query: dict[str, Any], id: int) -> Page[Post]:
        """List a user's published posts, or those drafts of theirs that the caller may see."""
        policies.one_or_404(policies.visible_users(caller()), User, id)
        posts = policies.listed_posts(caller(), published=query["published"])
        return paginate(posts.where(Post.user_id == id), Post, query)
