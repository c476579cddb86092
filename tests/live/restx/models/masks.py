"""Models that show a part of themselves, and models that refuse more than they name."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("masks", description="Parts of models", ordered=True)

inner = ns.model("Inner", {"a": fields.Integer, "b": fields.Integer(required=True)})
masked = ns.model(
    "Masked",
    {"name": fields.String(required=True), "age": fields.Integer, "inner": fields.Nested(inner)},
    mask="{name,inner{a}}",
)
strict = ns.model(
    "Strict", {"name": fields.String(required=True), "inner": fields.Nested(inner)}, strict=True
)


@ns.route("/")
class Masks(Resource):
    @ns.marshal_with(masked)
    def get(self):
        """Show one by the mask of its model."""
        return {}

    @ns.marshal_list_with(masked, mask="name,age")
    def put(self):
        """List them by the mask of the operation."""
        return []

    @ns.marshal_with(masked, skip_none=True)
    def patch(self):
        """Leave out what there is not."""
        return {}

    @ns.expect(strict, validate=True)
    @ns.marshal_with(strict, envelope="data")
    def post(self):
        """Show what was sent, in an envelope."""
        return ns.payload

    @ns.marshal_list_with(inner, envelope="items", code=202, description="All that is left")
    def delete(self):
        """Show what is left, in an envelope."""
        return [], 202


ROUTES = {"/masks": ns}
