"""Versions of the API: each a plain table from path to resource, mounted as a blueprint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Flask, Response, request
from werkzeug.http import http_date
from werkzeug.routing import IntegerConverter, Map

from app.api import document
from app.api.caching import set_cache_headers
from app.api.conditional import answer_conditions
from app.api.contract import authenticate
from app.api.framework import Resource, mount
{% if cookiecutter.versioning == 'header' %}
from app.api.negotiation import BASE, CHOSEN, offer_versions
{% endif %}
from app.resources import admin, auth, posts, users
from app.schemas.fields import MAX_ID


class IdConverter(IntegerConverter):
    """An id in a path, in the one way to write it."""

    regex = "[1-9][0-9]*"

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=MAX_ID)


ID = "<id:id>"

v1: dict[str, type[Resource]] = {
    "/auth/register": auth.Register,
    "/auth/login": auth.Login,
    "/auth/refresh": auth.Refresh,
    "/auth/logout": auth.Logout,
    "/users": users.UserList,
    "/users/me": users.Me,
    f"/users/{ID}": users.UserItem,
    f"/users/{ID}/posts": users.UserPostList,
    "/posts": posts.PostList,
    f"/posts/{ID}": posts.PostItem,
    "/admin/users": admin.AdminUserList,
    f"/admin/users/{ID}": admin.AdminUserItem,
}


@dataclass(frozen=True)
class Version:
    """A version: its number, its table, and, when it is on its way out, the dates of that."""

    number: str
    routes: Mapping[str, type[Resource]]
    deprecated: datetime | None = None
    sunset: datetime | None = None
    successor: str | None = None

    @property
    def name(self) -> str:
        """The name of its blueprint: `v1` for 1.0, `v1_1` for 1.1."""
        return "v" + self.number.removesuffix(".0").replace(".", "_")

    @property
    def prefix(self) -> str:
{% if cookiecutter.versioning == 'url' %}
        """Where its addresses begin: `/api/v1` for 1.0, `/api/v1.1` for 1.1."""
        return "/api/v" + self.number.removesuffix(".0")
{% else %}
        """Where its rules stand in the routing table; no client sees it."""
        return f"{BASE}/{self.number}"
{% endif %}


VERSIONS = [Version("1.0", v1)]


def init_app(app: Flask, versions: Sequence[Version] = VERSIONS) -> None:
    """Mount the versions side by side; a request is answered by the one that it names."""
    app.url_map.merge_slashes = False
    app.url_map.converters["id"] = IdConverter
{% if cookiecutter.versioning == 'header' %}
    offer_versions(app, [version.number for version in versions])
{% endif %}
    for version in versions:
        blueprint = Blueprint(version.name, __name__, url_prefix=version.prefix)
        blueprint.before_request(authenticate)
        mount(blueprint, version.routes)
        if app.config["API_DOCS_ENABLED"]:
            document.mount(blueprint, version)
        app.register_blueprint(blueprint)

    def complete(response: Response) -> Response:
        """Add what every response of the API carries, errors and cached ones included."""
        response = answer_conditions(response)
        response.headers["X-Content-Type-Options"] = "nosniff"
{% if cookiecutter.versioning == 'url' %}
        for version in versions:
            if request.path.startswith(f"{version.prefix}/"):
                response.headers["API-Version"] = version.number
                response.headers.extend(retirement(version))
                return set_cache_headers(response)
        return response
{% else %}
        number = request.environ.get(CHOSEN)
        if not number:
            return response
        response.vary.add("Accept")
        response.headers["API-Version"] = number
        for version in versions:
            if version.number == number:
                response.headers.extend(retirement(version))
        return set_cache_headers(response)
{% endif %}

    app.after_request(complete)


def retirement(version: Version) -> dict[str, str]:
    """Deprecation (RFC 9745), Sunset (RFC 8594) and the way to the successor, where they apply."""
    headers = {}
    if version.deprecated:
        headers["Deprecation"] = f"@{int(version.deprecated.timestamp())}"
    if version.sunset:
        headers["Sunset"] = http_date(version.sunset)
    if version.successor:
        headers["Link"] = f'<{version.successor}>; rel="successor-version"'
    return headers
