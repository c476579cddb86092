"""Posts, as they come in and go out."""

from marshmallow import Schema, fields, validate

from app.schemas.fields import Flag, Text
from app.schemas.user import AuthorOut


class PostIn(Schema):
    """What an author writes."""

    title = Text(
        required=True, validate=validate.Length(5, 255), metadata={"example": "Hello, world"}
    )
    content = Text(
        required=True, validate=validate.Length(1, 100_000), metadata={"example": "A first post."}
    )
    published = Flag()


class PostOut(Schema):
    """A post with its author."""

    id = fields.Integer(required=True)
    title = fields.String(required=True)
    content = fields.String(required=True)
    published = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True, format="iso")
    updated_at = fields.AwareDateTime(required=True, format="iso")
    user = fields.Nested(AuthorOut, required=True)
