"""Posts, as they come in and go out."""

from marshmallow import Schema, fields, validate

from app.schemas.fields import Flag, Id, Text, Time
from app.schemas.user import AuthorOut


class PostIn(Schema):
    """What an author writes."""

    title = Text(
        required=True, validate=validate.Length(5, 255), metadata={"examples": ["Hello, world"]}
    )
    content = Text(
        required=True,
        validate=validate.Length(1, 100_000),
        metadata={"examples": ["A first post."]},
    )
    published = Flag(
        description="Whether everybody may read it; a draft by default.", examples=[True]
    )


class PostOut(Schema):
    """A post with its author."""

    id = Id()
    title = fields.String(required=True, metadata={"examples": ["Hello, world"]})
    content = fields.String(required=True, metadata={"examples": ["A first post."]})
    published = fields.Boolean(required=True, metadata={"examples": [True]})
    created_at = Time()
    updated_at = Time()
    user = fields.Nested(AuthorOut, required=True)
