"""Every form of `response`, with headers and without a model."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("responses", description="Responses and headers")

thing = ns.model("AnsweredThing", {"name": fields.String(required=True)})
refusal = ns.model(
    "Refusal", {"message": fields.String(description="Why"), "code": fields.Integer(min=1)}
)


@ns.route("/")
@ns.response(503, "Down for repairs")
@ns.header("X-Served-By", "The name of the server")
class Responses(Resource):
    @ns.response(200, "One of them", thing)
    @ns.response(404, "There is none")
    @ns.response(409, "In use", refusal)
    @ns.header("X-Total", "How many there are", type=int)
    def get(self):
        """Answer with models."""

    @ns.response(201, "Made", thing, headers={"Location": "Where it is"})
    @ns.response(400, "Wrong", [refusal])
    @ns.response("default", "Anything else", refusal)
    def post(self):
        """Answer with headers."""

    @ns.response(204, "Nothing left")
    @ns.response(200, "The words", [str])
    def put(self):
        """Answer with words or nothing."""

    @ns.response(200, "A number", fields.Integer(min=1))
    @ns.response(206, "A part", fields.List(fields.Nested(thing)))
    @ns.header("X-Flags", type=[str], description="What is set")
    @ns.header("X-Limit", "The most", type="integer", format="int32")
    def patch(self):
        """Answer with fields."""

    @ns.doc(responses={200: "Fine", 403: ("Not for you", refusal), 302: "Elsewhere"})
    def delete(self):
        """Answer as documented at once."""


@ns.route("/silent")
class Silent(Resource):
    def get(self):
        pass


@ns.route("/typed")
class Typed(Resource):
    @ns.produces(["text/csv", "application/json"])
    @ns.response(200, "A table", fields.String)
    def get(self):
        """Answer in CSV or JSON."""

    @ns.produces(["image/png"])
    def post(self):
        """Answer with a picture."""


ROUTES = {"/responses": ns}
