"""Models within models."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("nested", description="Models within models")

street = ns.model("Street", {"name": fields.String(required=True), "number": fields.Integer})
city = ns.model("City", {"name": fields.String, "main": fields.Nested(street)})

node = ns.model("Node", {"name": fields.String(required=True)})
node["children"] = fields.List(fields.Nested(node), description="The nodes below")
node["twin"] = fields.Nested(node, allow_null=True)

nested = ns.model(
    "NestedModels",
    {
        "plain": fields.Nested(street),
        "described": fields.Nested(street, title="Street", description="Where they live"),
        "deeper": fields.Nested(city),
        "required": fields.Nested(street, required=True),
        "readonly": fields.Nested(street, readonly=True, required=True),
        "as_list": fields.Nested(street, as_list=True),
        "as_list_described": fields.Nested(street, as_list=True, description="Streets"),
        "allow_null": fields.Nested(street, allow_null=True),
        "allow_null_described": fields.Nested(street, allow_null=True, description="Or none"),
        "skip_none": fields.Nested(street, skip_none=True),
        "default": fields.Nested(street, default={}),
        "example": fields.Nested(street, example={"name": "High Street", "number": 1}),
        "nullable": fields.Nested(street, nullable=True),
        "nullable_described": fields.Nested(street, nullable=True, description="Or null"),
        "nullable_list": fields.Nested(street, nullable=True, as_list=True),
        "tree": fields.Nested(node),
    },
)


@ns.route("/")
class NestedModels(Resource):
    @ns.expect(nested)
    @ns.marshal_with(nested)
    def post(self):
        """Show what was sent."""
        return ns.payload


ROUTES = {"/nested": ns}
