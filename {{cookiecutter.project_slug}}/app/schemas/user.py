"""Users."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from app.api.fields import Flag, Id, Shown, Sort, Text, Time
from app.api.queries import ListQuery
from app.models.user import ROLES, USER

CREATED = "User created successfully"


class UserIn(Schema):
    """An account as its user writes it."""

    username = Text(
        required=True,
        validate=[
            validate.Length(3, 64),
            # Not `$`, which also matches before a line break at the end.
            validate.Regexp(r"^[A-Za-z0-9._-]+\Z", error="Use only letters, digits and . _ -"),
        ],
        metadata={"examples": ["ada"], "pattern": "^[A-Za-z0-9._-]+$"},
    )
    email = fields.Email(
        required=True,
        validate=[
            validate.Length(max=255),
            # Python and all databases agree on the lower case of ASCII characters alone.
            validate.Regexp(r"^[!-~]+\Z", error="Must contain only ASCII characters."),
        ],
        metadata={"examples": ["ada@example.com"], "pattern": "^[!-~]+$"},
    )
    # Any characters, since only a hash of them is stored.
    password = fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(8, 128),
        metadata={"format": "password", "examples": ["correct horse battery"]},
    )


def known_roles(names: list[str]) -> None:
    """Raise ValidationError for names of roles that don't exist."""
    if unknown := sorted(set(names) - set(ROLES)):
        raise ValidationError([f"Unknown role: {name}." for name in unknown])


class AdminUserIn(UserIn):
    """An account as an admin writes it."""

    roles = fields.List(
        Text(validate=validate.Length(1, 64), metadata={"enum": list(ROLES)}),
        validate=[validate.Length(max=20), known_roles],
        metadata={"examples": [[USER]]},
    )
    is_active = Flag(examples=[True])


class PublicUserOut(Schema):
    """A user as everybody may see them."""

    id = Id()
    username = Shown("ada")
    created_at = Time()


class RoleOut(Schema):
    """A role, by its name."""

    name = fields.String(required=True)


class UserOut(PublicUserOut):
    """A user as they themselves and admins may see them."""

    email = fields.Email(required=True, metadata={"examples": ["ada@example.com"]})
    is_active = fields.Boolean(required=True, metadata={"examples": [True]})
    roles = fields.List(
        fields.Pluck(RoleOut, "name"), required=True, metadata={"examples": [[USER]]}
    )
    updated_at = Time()


class AuthorOut(Schema):
    """A user as the author of something."""

    id = Id()
    username = Shown("ada")


class CreatedUserOut(Schema):
    """The response to a registration, made from the new user."""

    message = fields.Constant(
        CREATED, required=True, metadata={"type": "string", "examples": [CREATED]}
    )
    user = fields.Nested(UserOut, required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return obj if attr == "user" else super().get_attribute(obj, attr, default)


class UserQuery(ListQuery):
    """Active users."""

    role = Text(metadata={"description": "Only users who hold this role; for admins."})
    sort = Sort("id", "username", "created_at", default="id")


class AdminUserQuery(ListQuery):
    """Users, for admins."""

    role = Text()
    is_active = fields.Boolean()
    sort = Sort("id", "username", "created_at", "updated_at", default="id")
