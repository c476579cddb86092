"""Fields that are text, with every keyword."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("strings", description="Text")

strings = ns.model(
    "Strings",
    {
        "bare": fields.String,
        "plain": fields.String(),
        "titled": fields.String(title="A title", description="A description"),
        "required": fields.String(required=True),
        "optional": fields.String(required=False),
        "readonly": fields.String(readonly=True),
        "example": fields.String(example="For example"),
        "default": fields.String(default="by default"),
        "empty": fields.String(default="", example=""),
        "called": fields.String(default=lambda: "made"),
        "bounded": fields.String(min_length=2, max_length=5, pattern="^[a-z]+$"),
        "bounded_later": fields.String(min_length=lambda: 3, max_length=lambda: 4),
        "chosen": fields.String(enum=["red", "green"]),
        "chosen_later": fields.String(enum=lambda: ["north", "south"]),
        "chosen_with_example": fields.String(enum=("up", "down"), example="down"),
        "nullable": fields.String(nullable=True),
        "nullable_choice": fields.String(nullable=True, enum=["on", "off"]),
        "renamed": fields.String(attribute="other"),
        "computed": fields.String(attribute=lambda each: each.other),
        "formatted": fields.FormattedString("Hello {plain}", description="A greeting"),
        "formatted_bounded": fields.FormattedString("{plain}!", min_length=1, pattern="!$"),
        "address": fields.Url("strings_strings", description="Where it is"),
        "absolute": fields.Url(absolute=True, scheme="https", example="https://example.com/"),
        "class_name": fields.ClassName(description="What made it"),
        "dashed": fields.ClassName(dash=True, enum=["one-thing", "two-things"]),
    },
)


@ns.route("/")
class Strings(Resource):
    @ns.expect(strings)
    @ns.marshal_with(strings)
    def post(self):
        """Show what was sent."""
        return ns.payload


ROUTES = {"/strings": ns}
