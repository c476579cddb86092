"""Logins and tokens."""

from marshmallow import Schema, fields

from app.schemas.fields import Text
from app.schemas.user import UserOut


class LoginIn(Schema):
    """A name and a password; what is no possible name is wrong, not invalid."""

    username = Text(required=True, metadata={"example": "ada"})
    password = fields.String(
        required=True,
        load_only=True,
        metadata={"format": "password", "example": "correct horse battery"},
    )


class TokensOut(Schema):
    """A pair of tokens and whose they are."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type = fields.String(required=True, metadata={"example": "Bearer"})
    expires_in = fields.Integer(
        required=True, metadata={"description": "Life of the access token, in seconds."}
    )
    user = fields.Nested(UserOut, required=True)
