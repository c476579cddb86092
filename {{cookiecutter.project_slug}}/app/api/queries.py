"""Query parameters that every list understands."""

from marshmallow import Schema, fields, validate

from app.api.fields import MAX_ID, Text, WholeNumber
from app.api.pages import NOT_A_CURSOR


def page_size(default: int = 20) -> WholeNumber:
    """Return the parameter that says how many rows a page has at most."""
    return WholeNumber(load_default=default, validate=validate.Range(1, 100))


class ListQuery(Schema):
    """A page of a list."""

    per_page = page_size()
    cursor = Text(
        load_default="",
        validate=validate.Regexp(r"[A-Za-z0-9_.-]*\Z", error=NOT_A_CURSOR),
        metadata={
            "format": "cursor",
            "pattern": "^[A-Za-z0-9_.-]*$",
            "description": "Where the page begins; taken from a Link header.",
        },
    )
    total = fields.Boolean(
        load_default=False, metadata={"description": "Send `X-Total-Count`; costs an extra query."}
    )


class OffsetQuery(Schema):
    """A page of a list, by its position."""

    limit = page_size()
    offset = WholeNumber(load_default=0, validate=validate.Range(0, MAX_ID))
