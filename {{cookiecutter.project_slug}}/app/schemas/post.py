"""Posts."""

from marshmallow import Schema, fields, validate

from app.api.fields import MAX_ID, Flag, Id, Shown, Sort, Text, Time, WholeNumber
from app.api.queries import ListQuery
from app.schemas.user import AuthorOut


class PostIn(Schema):
    """A post as its author writes it."""

    title = Text(
        required=True, validate=validate.Length(5, 255), metadata={"examples": ["Hello, world"]}
    )
    content = Text(
        required=True,
        validate=validate.Length(1, 100_000),
        metadata={"examples": ["A first post."]},
    )
    published = Flag(
        description="Whether everybody may read it; a post is a draft by default.", examples=[True]
    )


class PostOut(Schema):
    """A post with its author."""

    id = Id()
    title = Shown("Hello, world")
    content = Shown("A first post.")
    published = fields.Boolean(required=True, metadata={"examples": [True]})
    created_at = Time()
    updated_at = Time()
    user = fields.Nested(AuthorOut, required=True)


class UserPostQuery(ListQuery):
    """Posts of one user."""

    published = fields.Boolean(load_default=True)
    sort = Sort("created_at", "updated_at", default="-created_at")


class PostQuery(UserPostQuery):
    """Posts of all users."""

    user_id = WholeNumber(validate=validate.Range(1, MAX_ID))
