"""Profiles, and the caller's own account."""

from typing import Any

from marshmallow import Schema, fields, validate

from app.api.fields import Shown, Text
from app.schemas.auth import JWT, LoginIn
from app.schemas.user import UserIn


class EmailLoginIn(LoginIn):
    """An e-mail address and a password."""

    class Meta:
        exclude = ("username",)

    email = Text(required=True, metadata={"examples": ["ada@example.com"]})


class AccountIn(UserIn):
    """An account with what its profile shows."""

    bio = Text(validate=validate.Length(max=1000), metadata={"examples": ["I count."]})
    image = Text(
        validate=[validate.Length(max=2000), validate.Regexp(r"(https?://[!-~]+)?\Z")],
        metadata={"examples": ["https://example.com/ada.png"], "pattern": "^(https?://[!-~]+)?$"},
    )


class ProfileOut(Schema):
    """A user as everybody may see them, and whether the caller follows them."""

    username = Shown("ada")
    bio = Shown("I count.")
    image = Shown("https://example.com/ada.png")
    following = fields.Boolean(required=True, metadata={"examples": [False]})


class AccountOut(ProfileOut):
    """The caller's own account, made from its tokens."""

    class Meta:
        exclude = ("following",)

    email = Shown("ada@example.com")
    token = Shown(JWT)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return obj["access_token"] if attr == "token" else getattr(obj["user"], attr)
