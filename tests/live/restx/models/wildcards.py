"""Fields for properties whose names aren't known."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("wildcards", description="Properties of any name")

part = ns.model("WildPart", {"name": fields.String(required=True)})

words = ns.model("Words", {"*": fields.Wildcard(fields.String, description="Words by name")})
counted = ns.model(
    "Counted",
    {
        "total": fields.Integer(required=True),
        "count_*": fields.Wildcard(fields.Integer(min=0, description="How many")),
        "part_?": fields.Wildcard(fields.Nested(part)),
        "*": fields.Wildcard(fields.List(fields.String)),
    },
)


@ns.route("/words")
class Words(Resource):
    @ns.expect(words)
    @ns.marshal_with(words)
    def post(self):
        """Show what was sent."""
        return ns.payload


@ns.route("/counted")
class Counted(Resource):
    @ns.expect(counted)
    @ns.marshal_with(counted, skip_none=True)
    def post(self):
        """Show what was sent, and count it."""
        return ns.payload


ROUTES = {"/wildcards": ns}
