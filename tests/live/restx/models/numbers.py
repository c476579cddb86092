"""Fields that are numbers or truth values, with every keyword."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("numbers", description="Numbers")

numbers = ns.model(
    "Numbers",
    {
        "integer": fields.Integer,
        "described": fields.Integer(title="Age", description="In years", example=42),
        "zero": fields.Integer(default=0, example=0),
        "bounded": fields.Integer(min=1, max=10, required=True),
        "bounded_later": fields.Integer(min=lambda: 2, max=lambda: 3),
        "exclusive": fields.Integer(min=0, exclusiveMin=True, max=9, exclusiveMax=True),
        "exclusive_of_nothing": fields.Integer(exclusiveMin=True),
        "inclusive": fields.Integer(min=0, exclusiveMin=False, max=9, exclusiveMax=False),
        "even": fields.Integer(multiple=2, readonly=True),
        "float": fields.Float(description="A double", min=-1.5, max=1.5, multiple=0.25),
        "half": fields.Float(default=0.5, example=0.25),
        "fixed": fields.Fixed(decimals=2, description="An amount", min=0, max=100),
        "fixed_default": fields.Fixed(default=1, example=1.5),
        "arbitrary": fields.Arbitrary(description="Any precision", multiple=3),
        "true": fields.Boolean(default=True, description="Whether it is so"),
        "false": fields.Boolean(default=False, example=False),
        "nullable": fields.Integer(nullable=True, min=1),
        "maybe": fields.Boolean(nullable=True, required=True),
    },
)


@ns.route("/")
class Numbers(Resource):
    @ns.expect(numbers)
    @ns.marshal_with(numbers)
    def post(self):
        """Show what was sent."""
        return ns.payload


ROUTES = {"/numbers": ns}
