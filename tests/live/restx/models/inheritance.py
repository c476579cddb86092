"""Models made of others."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("inheritance", description="Models made of others")


class Circle:
    """Has a radius."""


class Square:
    """Has a side."""


shape = ns.model(
    "Shape",
    {
        "kind": fields.String(discriminator=True, description="The name of the model"),
        "area": fields.Float(min=0, required=True),
    },
)
circle = ns.inherit("Circle", shape, {"radius": fields.Float(required=True, min=0)})
square = ns.inherit("Square", shape, {"side": fields.Float(required=True, description="Of four")})
colored = ns.model("Colored", {"color": fields.String(enum=["red", "green"])})
disc = ns.inherit("Disc", circle, {"thickness": fields.Float(required=True)})
button = ns.inherit("Button", disc, colored, {"label": fields.String(max_length=9)})
copied = ns.clone("Copied", colored, {"copy_of": fields.Integer(required=True)})
twice = copied.clone("CopiedTwice", {"copies": fields.List(fields.Nested(copied))})
ns.add_model(twice.name, twice)

drawing = ns.model(
    "Drawing",
    {
        "frame": fields.Nested(square),
        "button": fields.Nested(button, allow_null=True),
        "shape": fields.Polymorph({Circle: circle, Square: square}),
        "described": fields.Polymorph({Circle: circle, Square: square}, description="Any shape"),
        "required": fields.Polymorph({Circle: circle, Square: square}, required=True),
        "shapes": fields.List(
            fields.Polymorph({Circle: circle, Square: square}), description="All of them"
        ),
        "copied": fields.Nested(twice),
    },
)


@ns.route("/")
class Drawings(Resource):
    @ns.expect(drawing)
    @ns.marshal_with(drawing)
    def post(self):
        """Show what was sent."""
        return ns.payload


@ns.route("/buttons")
class Buttons(Resource):
    @ns.expect(button)
    @ns.marshal_list_with(button)
    def post(self):
        """Show what was sent, in a list."""
        return [ns.payload]


ROUTES = {"/inheritance": ns}
