"""Fields that are lists of others."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("lists", description="Lists")

part = ns.model("Part", {"name": fields.String(required=True), "size": fields.Integer(min=1)})

lists = ns.model(
    "Lists",
    {
        "words": fields.List(fields.String),
        "described": fields.List(fields.String(description="A word"), description="Words"),
        "bounded": fields.List(fields.Integer(min=0), min_items=1, max_items=3, unique=True),
        "bounded_later": fields.List(fields.Integer, min_items=lambda: 2, max_items=lambda: 4),
        "required": fields.List(fields.Float, required=True, readonly=True),
        "default": fields.List(fields.String, default=[]),
        "example": fields.List(fields.String, example=["one", "two"], title="Pair"),
        "colors": fields.List(fields.String(enum=["red", "green"])),
        "parts": fields.List(fields.Nested(part)),
        "parts_described": fields.List(fields.Nested(part, description="A part"), min_items=1),
        "matrix": fields.List(fields.List(fields.Integer(max=9)), description="Rows"),
        "matrix_of_parts": fields.List(fields.List(fields.Nested(part))),
        "dates": fields.List(fields.DateTime),
        "mails": fields.List(fields.DateTime(dt_format="rfc822")),
        "amounts": fields.List(fields.Fixed(decimals=2, min=0)),
        "anything": fields.List(fields.Raw),
        "nullable": fields.List(fields.String, nullable=True),
    },
)


@ns.route("/")
class Lists(Resource):
    @ns.expect(lists)
    @ns.marshal_with(lists)
    def post(self):
        """Show what was sent."""
        return ns.payload


ROUTES = {"/lists": ns}
