"""Fields that are moments and days."""

from datetime import UTC, date, datetime

from flask_restx import Namespace, Resource, fields

ns = Namespace("dates", description="Time")

dates = ns.model(
    "Dates",
    {
        "moment": fields.DateTime,
        "iso": fields.DateTime(dt_format="iso8601", description="As in ISO 8601"),
        "mail": fields.DateTime(dt_format="rfc822", description="As in RFC 822"),
        "since": fields.DateTime(min=datetime(2020, 1, 1, tzinfo=UTC)),
        "until": fields.DateTime(max="2030-01-01T00:00:00+00:00", exclusiveMax=True),
        "between": fields.DateTime(
            min=lambda: datetime(2021, 1, 1, tzinfo=UTC), max="2022-01-01T00:00:00+00:00"
        ),
        "default": fields.DateTime(default=datetime(2026, 1, 1, tzinfo=UTC)),
        "example": fields.DateTime(example="2026-11-27T09:00:00+00:00"),
        "day": fields.Date,
        "days": fields.Date(min=date(2020, 1, 1), max="2030-12-31", description="A decade"),
        "birthday": fields.Date(required=True, default=date(2000, 2, 29), readonly=True),
        "nullable": fields.DateTime(nullable=True),
    },
)


@ns.route("/")
class Dates(Resource):
    @ns.expect(dates)
    @ns.marshal_with(dates)
    def post(self):
        """Show what was sent."""
        return ns.payload


ROUTES = {"/dates": ns}
