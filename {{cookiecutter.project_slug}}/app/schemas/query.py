"""Query parameters of lists."""

from marshmallow import Schema, fields, validate

from app.schemas.fields import MAX_ID, Sort, Text, WholeNumber


class ListQuery(Schema):
    """What every list understands."""

    per_page = WholeNumber(load_default=20, validate=validate.Range(1, 100))
    cursor = Text(
        load_default="",
        validate=validate.Regexp(r"[A-Za-z0-9_-]*\Z", error="Not a cursor of this list."),
        metadata={
            "format": "cursor",
            "pattern": "^[A-Za-z0-9_-]*$",
            "description": "Where the page begins; taken from a Link header.",
        },
    )
    total = fields.Boolean(
        load_default=False, metadata={"description": "Ask for X-Total-Count, which costs a query."}
    )


class UserQuery(ListQuery):
    """Active users."""

    role = Text(metadata={"description": "Only users with this role; for admins."})
    sort = Sort("id", "username", "created_at", default="id")


class AdminUserQuery(ListQuery):
    """Users, for admins."""

    role = Text()
    is_active = fields.Boolean()
    sort = Sort("id", "username", "created_at", "updated_at", default="id")


class UserPostQuery(ListQuery):
    """Posts of one user."""

    published = fields.Boolean(load_default=True)
    sort = Sort("id", "created_at", "updated_at", "title", default="-created_at")


class PostQuery(UserPostQuery):
    """Posts of everybody."""

    user_id = WholeNumber(validate=validate.Range(1, MAX_ID))
