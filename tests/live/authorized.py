"""Hooks of schemathesis: they send a user's token, and no ETag, since made-up ones never match."""

from __future__ import annotations

import os
from typing import Any

import schemathesis
from schemathesis.auths import AuthContext
from schemathesis.hooks import HookContext

CREDENTIALS = os.environ["KIT_API_CREDENTIALS"]


@schemathesis.auth(refresh_interval=None)
class Credentials:
    """A scheme and the token of a user."""

    def get(self, case: schemathesis.Case[Any], ctx: AuthContext) -> str:
        """Return what goes into the header."""
        return CREDENTIALS

    def set(self, case: schemathesis.Case[Any], credentials: str, ctx: AuthContext) -> None:
        """Send it."""
        case.headers["Authorization"] = credentials


@schemathesis.hook
def before_call(context: HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Leave the precondition out."""
    case.headers.pop("If-Match", None)
