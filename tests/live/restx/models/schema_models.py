"""Models that are written as JSON Schema."""

from flask_restx import Namespace, Resource

ns = Namespace("schema_models", description="JSON Schema")

address = ns.schema_model(
    "Address",
    {
        "type": "object",
        "title": "Where",
        "required": ["street"],
        "properties": {
            "street": {"type": "string", "minLength": 1, "example": "High Street 1"},
            "road": {"type": "string", "enum": ["paved", "dirt"], "default": "paved"},
            "floor": {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 99},
        },
        "additionalProperties": False,
    },
)
contact = ns.schema_model(
    "Contact",
    {
        "type": "object",
        "description": "How to reach somebody",
        "required": ["email"],
        "properties": {
            "email": {"type": "string", "format": "email"},
            "home": {"$ref": "#/definitions/Address"},
            "others": {"type": "array", "items": {"$ref": "#/definitions/Address"}, "maxItems": 3},
            "notes": {"type": "object", "additionalProperties": {"type": "string"}},
            "weight": {
                "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": "kg$"}]
            },
            "name": {"allOf": [{"type": "string"}, {"maxLength": 80}], "readOnly": True},
        },
    },
)


@ns.route("/")
class Contacts(Resource):
    @ns.expect(contact)
    @ns.response(200, "The contact", contact)
    @ns.response(201, "The address", address)
    def post(self):
        """Show what was sent."""
        return ns.payload


ROUTES = {"/schema_models": ns}
