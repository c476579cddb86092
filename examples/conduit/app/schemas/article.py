"""Articles, their tags and comments."""

from marshmallow import Schema, fields, validate

from app.api.fields import Id, Shown, Text, Time
from app.api.queries import OffsetQuery, page_size
from app.api.schemas import CamelCase
from app.schemas.profile import ProfileOut

TITLE, DESCRIPTION, BODY = "How to train your dragon", "Ever wonder how?", "With both hands."
TAGS = {"examples": [["dragons", "training"]]}


def written(longest: int, example: str) -> Text:
    """Return the field of a text that has to be written."""
    length = validate.Length(1, longest)
    return Text(required=True, validate=length, metadata={"examples": [example]})


class ArticleIn(CamelCase):
    """An article as its author writes it."""

    title = written(255, TITLE)
    description = written(1000, DESCRIPTION)
    body = written(100_000, BODY)
    tag_list = fields.List(
        Text(validate=validate.Length(1, 64)), validate=validate.Length(max=20), metadata=TAGS
    )


class ListedArticleOut(CamelCase):
    """An article in a list, as the caller sees it."""

    slug = Shown("how-to-train-your-dragon-5eb63bbb")
    title = Shown(TITLE)
    description = Shown(DESCRIPTION)
    tag_list = fields.List(fields.String(), required=True, metadata=TAGS)
    created_at, updated_at = Time(), Time()
    favorited = fields.Boolean(required=True, metadata={"examples": [False]})
    favorites_count = fields.Integer(required=True, metadata={"minimum": 0, "examples": [0]})
    author = fields.Nested(ProfileOut, required=True)


class ArticleOut(ListedArticleOut):
    """An article with its body."""

    body = Shown(BODY)


class ArticleQuery(OffsetQuery):
    """Articles with a tag, by an author, or among the favorites of a user."""

    tag = Text()
    author = Text(metadata={"description": "A username."})
    favorited = Text(metadata={"description": "A username."})


class CommentIn(Schema):
    """A comment as its author writes it."""

    body = written(10_000, BODY)


class CommentOut(CamelCase):
    """A comment with its author, as the caller sees them."""

    id = Id()
    created_at, updated_at = Time(), Time()
    body = Shown(BODY)
    author = fields.Nested(ProfileOut, required=True)


class CommentQuery(OffsetQuery):
    """Comments; without a limit, as many as a page can have."""

    limit = page_size(100)


class TagsOut(Schema):
    """The tags in use."""

    tags = fields.List(fields.String(), required=True, metadata=TAGS)
