"""Articles, their tags and comments."""

from marshmallow import Schema, fields, validate

from app.api.fields import Id, Text, Time
from app.api.queries import OffsetQuery
from app.api.schemas import CamelCase
from app.schemas.profile import ProfileOut

TITLE = {"examples": ["How to train your dragon"]}
DESCRIPTION = {"examples": ["Ever wonder how?"]}
BODY = {"examples": ["With both hands."]}
TAGS = {"examples": [["dragons", "training"]]}


class ArticleIn(CamelCase):
    """An article as its author writes it."""

    title = Text(required=True, validate=validate.Length(1, 255), metadata=TITLE)
    description = Text(required=True, validate=validate.Length(1, 1000), metadata=DESCRIPTION)
    body = Text(required=True, validate=validate.Length(1, 100_000), metadata=BODY)
    tag_list = fields.List(
        Text(validate=validate.Length(1, 64)), validate=validate.Length(max=20), metadata=TAGS
    )


class ListedArticleOut(CamelCase):
    """An article in a list, as the caller sees it."""

    slug = fields.String(required=True, metadata={"examples": ["how-to-train-your-dragon-5eb63b"]})
    title = fields.String(required=True, metadata=TITLE)
    description = fields.String(required=True, metadata=DESCRIPTION)
    tag_list = fields.List(fields.String(), required=True, metadata=TAGS)
    created_at, updated_at = Time(), Time()
    favorited = fields.Boolean(required=True, metadata={"examples": [False]})
    favorites_count = fields.Integer(required=True, metadata={"minimum": 0, "examples": [0]})
    author = fields.Nested(ProfileOut, required=True)


class ArticleOut(ListedArticleOut):
    """An article with its body."""

    body = fields.String(required=True, metadata=BODY)


class ArticleQuery(OffsetQuery):
    """Articles with a tag, by an author, or among the favorites of a user."""

    tag = Text()
    author = Text(metadata={"description": "A username."})
    favorited = Text(metadata={"description": "A username."})


class CommentIn(Schema):
    """A comment as its author writes it."""

    body = Text(required=True, validate=validate.Length(1, 10_000), metadata=BODY)


class CommentOut(CamelCase):
    """A comment with its author, as the caller sees them."""

    id = Id()
    created_at, updated_at = Time(), Time()
    body = fields.String(required=True, metadata=BODY)
    author = fields.Nested(ProfileOut, required=True)


class TagsOut(Schema):
    """The tags in use."""

    tags = fields.List(fields.String(), required=True, metadata=TAGS)
