"""Hooks of schemathesis: they give its requests what only the server can know.

Tokens, cursors and ETags can't be made up from a document. Requests that may be valid get real
ones; those that are meant to be invalid stay as they were generated.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
import schemathesis
from schemathesis.auths import AuthContext
from schemathesis.hooks import HookContext

BASE = os.environ["KIT_API_BASE"]
USERNAME = os.environ["KIT_API_USERNAME"]
PASSWORD = os.environ["KIT_API_PASSWORD"]


def log_in() -> dict[str, Any]:
    """Return the tokens of a new session of the admin."""
    account = {"username": USERNAME, "password": PASSWORD}
    response = requests.post(f"{BASE}/auth/login", json=account, timeout=30)
    response.raise_for_status()
    tokens: dict[str, Any] = response.json()
    return tokens


ADMIN = log_in()


@schemathesis.auth(refresh_interval=None)
class Tokens:
    """The admin's access token, or that of a session of its own for what ends or renews one."""

    def get(self, case: schemathesis.Case[Any], ctx: AuthContext) -> str:
        """Return a token that the operation takes."""
        match case.path:
            case "/auth/refresh":
                return str(log_in()["refresh_token"])
            case "/auth/logout":
                return str(log_in()["access_token"])
        return str(ADMIN["access_token"])

    def set(self, case: schemathesis.Case[Any], token: str, ctx: AuthContext) -> None:
        """Send the token."""
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def filter_case(context: HookContext, case: schemathesis.Case[Any]) -> bool:
    """Leave out requests that would change the account of all the others."""
    changes = case.method in {"PUT", "PATCH", "DELETE"} and "/users/" in case.path
    return not (changes and str((case.path_parameters or {}).get("id")) == str(ADMIN["user"]["id"]))


@schemathesis.hook
def before_call(context: HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Give a request that may be valid a real cursor and a real ETag."""
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    headers = {"Authorization": f"Bearer {ADMIN['access_token']}"}
    if (case.query or {}).get("cursor"):
        query = {name: value for name, value in case.query.items() if name != "cursor"}
        page = requests.get(BASE + case.formatted_path, params=query, headers=headers, timeout=30)
        next_page = urlsplit(page.links.get("next", {}).get("url", ""))
        case.query["cursor"] = dict(parse_qsl(next_page.query)).get("cursor", "")
    if "If-Match" in case.headers:
        address = BASE + case.formatted_path.replace("/admin/", "/")
        found = requests.get(address, headers=headers, timeout=30)
        if "ETag" in found.headers:
            case.headers["If-Match"] = found.headers["ETag"]
