"""Logins and tokens."""

from marshmallow import Schema, fields

from app.api.fields import Shown, Text
from app.schemas.user import UserOut

JWT = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"


class LoginIn(Schema):
    """A name and a password; an impossible name gets the same 401 as an unknown one."""

    username = Text(required=True, metadata={"examples": ["ada"]})
    password = fields.String(
        required=True,
        load_only=True,
        metadata={"format": "password", "examples": ["correct horse battery"]},
    )


class TokensOut(Schema):
    """A pair of tokens and the user they belong to."""

    access_token = Shown(JWT)
    refresh_token = Shown(JWT)
    token_type = Shown("Bearer")
    expires_in = fields.Integer(
        required=True,
        metadata={"description": "Lifetime of the access token, in seconds.", "examples": [900]},
    )
    user = fields.Nested(UserOut, required=True)
