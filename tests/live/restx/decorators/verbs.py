"""Methods for all verbs that a path of OpenAPI 3.1 has."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("verbs", description="Every verb")

thing = ns.model("ProbedThing", {"name": fields.String})


@ns.route("/")
class Verbs(Resource):
    @ns.response(200, "There are some")
    @ns.response(404, "There is none")
    @ns.header("X-Total", "How many there are", type=int)
    @ns.param("name", "Of this name")
    def head(self):
        """Count them."""
        return None, 200, {"X-Total": "1"}

    @ns.marshal_with(thing)
    @ns.doc(deprecated=True)
    def options(self):
        """Say what is possible."""
        return {"name": "one"}


ROUTES = {"/verbs": ns}
