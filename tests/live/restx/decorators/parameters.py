"""Every form of `param`, and `doc(params=…)`."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("parameters", description="Parameters")

thing = ns.model("ParameterThing", {"name": fields.String(required=True)})


@ns.route("/<id>")
@ns.param("id", "The thing's id")
@ns.param("lang", "The language", enum=["en", "fr"], default="en")
class Parameters(Resource):
    @ns.param("q", "What to look for", required=True, minLength=2)
    @ns.param("page", "Which page", type=int, default=1, minimum=1)
    @ns.param("sizes", "Which sizes", type=[int])
    @ns.param("X-Trace", "The id of the request", _in="header")
    @ns.param("session", "The session", _in="cookie")
    @ns.param("exact", "As it is written", type="boolean")
    @ns.param("since", "From which day on", type="string", format="date", example="2026-11-27")
    def get(self, id):
        """Take parameters in the address and the headers."""

    @ns.param("lang", "The language of this one", required=True)
    def delete(self, id):
        """Take a parameter of the class otherwise."""

    @ns.param("name", "The thing's name", _in="formData", required=True)
    @ns.param("count", "How many", _in="formData", type=int, default=1)
    def post(self, id):
        """Take a form."""

    @ns.param("payload", "The thing", _in="body", schema={"type": "object", "minProperties": 1})
    def put(self, id):
        """Take a body."""

    @ns.param("picture", "What it looks like", _in="formData", type="file")
    def patch(self, id):
        """Take a file."""


@ns.route("/documented/<id>/<word>")
@ns.doc(
    params={"id": "An id", "word": {"description": "A word", "enum": ["yes", "no"]}},
    get={"params": {"only_get": "For this method"}, "deprecated": True},
)
class Documented(Resource):
    @ns.doc(params={"id": {"description": "An id of this one", "type": int}})
    def get(self, id, word):
        """Take parameters as documented at once."""

    @ns.doc(params={"verbose": {"in": "query", "type": "boolean", "description": "Say more"}})
    def put(self, id, word):
        """Take another one."""


ROUTES = {"/parameters": ns}
