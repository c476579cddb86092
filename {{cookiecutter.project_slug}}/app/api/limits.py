"""Tight limits for the doors that strangers try."""

import hashlib
from collections.abc import Callable

from flask import current_app, request
from flask_limiter.util import get_remote_address
from werkzeug.exceptions import HTTPException

from app.api.contract import View, read_body
from app.extensions import limiter


def account() -> str:
    """The account that a login is for, known or not, as a key that any store can hold.

    Who names none is counted by address.
    """
    try:
        read_body()
        body = request.get_json(silent=True)
    except (HTTPException, RecursionError):  # broken, too large or too deep: the view refuses it
        body = None
    name = body.get("username") if isinstance(body, dict) else None
    whose = name if isinstance(name, str) else get_remote_address()
    digest = hashlib.sha256(whose.lower().encode("utf-8", "replace")).hexdigest()
    return f"account-{digest}"


def limited(setting: str, *, by_account: bool = False) -> Callable[[View], View]:
    """Count calls by address, and by account if asked, against a setting's limits.

    All addresses and versions that name the same setting share one count.
    """

    def configured() -> str:
        return str(current_app.config[setting])

    def decorate(method: View) -> View:
        keys = [get_remote_address, account] if by_account else [get_remote_address]
        for key in keys:
            method = limiter.shared_limit(configured, scope=setting, key_func=key)(method)
        return method

    return decorate
