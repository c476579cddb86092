"""Fields without a type, and fields of a project's own."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("raw", description="Anything")


class Money(fields.Raw):
    """An amount with its currency."""

    __schema_type__ = "string"
    __schema_format__ = "money"
    __schema_example__ = "12.50 EUR"

    def format(self, value):
        return f"{value} EUR"


class Point(fields.Raw):
    """A place on the map, of which the schema says more."""

    __schema_type__ = "array"

    def schema(self):
        return {**super().schema(), "items": {"type": "number"}, "minItems": 2, "maxItems": 2}


class Either(fields.Raw):
    """A number or a word."""

    __schema_type__ = None

    def schema(self):
        return {**super().schema(), "oneOf": [{"type": "number"}, {"type": "string"}]}


raw = ns.model(
    "Anything",
    {
        "raw": fields.Raw,
        "described": fields.Raw(title="Whatever", description="It may be anything"),
        "required": fields.Raw(required=True),
        "example": fields.Raw(example={"any": ["thing"]}, readonly=True),
        "default": fields.Raw(default={}),
        "money": Money(description="What it costs"),
        "point": Point(required=True),
        "either": Either(description="A number or a word"),
    },
)


@ns.route("/")
class Raw(Resource):
    @ns.expect(raw)
    @ns.marshal_with(raw)
    def post(self):
        """Show what was sent."""
        return ns.payload


ROUTES = {"/raw": ns}
