"""The addresses of the API: a table for each version."""

from app.api.framework import Route
from app.api.versions import Version
from app.resources import (
    admin,
    auth,
    posts,
    users,
)

v1: dict[str, Route] = {
    "/auth/register": auth.Register,
    "/auth/login": auth.Login,
    "/auth/refresh": auth.Refresh,
    "/auth/logout": auth.Logout,
    "/users": users.UserList,
    "/users/me": users.Me,
    "/users/<id:id>": users.UserItem,
    "/users/<id:id>/posts": posts.UserPostList,
    "/posts": posts.PostList,
    "/posts/<id:id>": posts.PostItem,
    "/admin/users": admin.AdminUserList,
    "/admin/users/<id:id>": admin.AdminUserItem,
}

VERSIONS = [Version("1.0", v1)]
