"""Versions of the API: each is a plain table of paths, mounted as a blueprint."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from marshmallow import Schema
from werkzeug.http import http_date

from app.api.framework import Route
from app.api.versioning import base_of, prefix_of
from app.errors import PROBLEM_TYPE

BEARER = "Bearer"


@dataclass(frozen=True)
class Version:
    """A version: its number, its table and, when it is being retired, the dates of that.

    `scheme` is the authentication scheme of its `Authorization` header. `errors` is a schema that
    dumps a problem's members; its output replaces problem documents, as `application/json`.
    """

    number: str
    routes: Mapping[str, Route]
    deprecated: datetime | None = None
    sunset: datetime | None = None
    successor: str | None = None
    scheme: str = BEARER
    errors: type[Schema] | None = None

    @property
    def name(self) -> str:
        """The name of its blueprint: `v1` for 1.0, `v1_1` for 1.1."""
        return "v" + self.number.removesuffix(".0").replace(".", "_")

    @property
    def prefix(self) -> str:
        """Where its rules begin in the routing table."""
        return prefix_of(self.number)

    @property
    def base(self) -> str:
        """Where its addresses begin, as a client writes them."""
        return base_of(self.number)

    @property
    def error_type(self) -> str:
        """The media type of its errors."""
        return "application/json" if self.errors else PROBLEM_TYPE

    def retirement(self, root: str) -> dict[str, str]:
        """Return Deprecation (RFC 9745), Sunset (RFC 8594) and the successor, where they apply.

        `root` goes before a successor at a path of this application.
        """
        headers = {}
        if self.deprecated:
            headers["Deprecation"] = f"@{int(self.deprecated.timestamp())}"
        if self.sunset:
            headers["Sunset"] = http_date(self.sunset)
        if self.successor:
            address = f"{root if self.successor.startswith('/') else ''}{self.successor}"
            headers["Link"] = f'<{address}>; rel="successor-version"'
        return headers
