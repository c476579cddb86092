"""Users, as they come in and go out."""

from marshmallow import Schema, fields, validate

from app.models.user import ROLES
from app.schemas.fields import Flag, Text


def username() -> Text:
    return Text(
        required=True,
        validate=[
            validate.Length(3, 64),
            # Not `$`, which in Python lets a line break at the end pass.
            validate.Regexp(r"^[A-Za-z0-9._-]+\Z", error="May hold letters, digits and . _ -"),
        ],
        metadata={"example": "ada", "pattern": "^[A-Za-z0-9._-]+$"},
    )


def password() -> fields.String:
    # Any characters, since only a hash of them is stored.
    return fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(8, 128),
        metadata={"format": "password", "example": "correct horse battery"},
    )


class UserIn(Schema):
    """What a user may say about themself."""

    username = username()
    email = fields.Email(
        required=True,
        validate=[
            validate.Length(max=255),
            # Every database folds the case of these, and of no others, in the same way.
            validate.Regexp(r"^[!-~]+\Z", error="May hold ASCII characters only."),
        ],
        metadata={"example": "ada@example.com", "pattern": "^[!-~]+$"},
    )
    password = password()


class AdminUserIn(UserIn):
    """What an admin may say about a user."""

    roles = fields.List(
        Text(validate=validate.Length(1, 64), metadata={"enum": list(ROLES)}),
        validate=validate.Length(max=20),
        metadata={"example": ["user"]},
    )
    is_active = Flag()


class PublicUserOut(Schema):
    """A user, as everybody may see them."""

    id = fields.Integer(required=True)
    username = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True, format="iso")


class UserOut(PublicUserOut):
    """A user, as they and admins may see them."""

    email = fields.Email(required=True)
    is_active = fields.Boolean(required=True)
    roles = fields.List(fields.Pluck("RoleOut", "name"), required=True)
    updated_at = fields.AwareDateTime(required=True, format="iso")


class RoleOut(Schema):
    """A role, by its name."""

    name = fields.String(required=True)


class AuthorOut(Schema):
    """The author of a post."""

    id = fields.Integer(required=True)
    username = fields.String(required=True)


class CreatedUserOut(Schema):
    """The answer to a registration."""

    message = fields.String(required=True)
    user = fields.Nested(UserOut, required=True)
