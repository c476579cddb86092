"""Query parameters that every list understands."""

from marshmallow import Schema, fields, validate

from app.api.fields import Text, WholeNumber


class ListQuery(Schema):
    """A page of a list."""

    per_page = WholeNumber(load_default=20, validate=validate.Range(1, 100))
    cursor = Text(
        load_default="",
        validate=validate.Regexp(r"[A-Za-z0-9_.-]*\Z", error="Not a cursor of this list."),
        metadata={
            "format": "cursor",
            "pattern": "^[A-Za-z0-9_.-]*$",
            "description": "Where the page begins; taken from a Link header.",
        },
    )
    total = fields.Boolean(
        load_default=False, metadata={"description": "Ask for X-Total-Count, which costs a query."}
    )
