"""Arguments from everywhere in a request."""

from flask_restx import Namespace, Resource

ns = Namespace("locations", description="Where arguments come from")

somewhere = ns.parser()
somewhere.add_argument("anywhere", help="By default, in the body or the query")
somewhere.add_argument("query", location="args", help="In the query", required=True)
somewhere.add_argument("values", location="values", help="In the query or a form")
somewhere.add_argument("X-Trace", location="headers", help="In a header")
somewhere.add_argument("session", location="cookies", help="In a cookie")
somewhere.add_argument("tuple", location=("args", "values"), help="In the query or a form")

copied = somewhere.copy()
copied.replace_argument("query", location="args", type=int, help="A number in the query")
copied.remove_argument("values")


@ns.route("/")
class Locations(Resource):
    @ns.expect(somewhere)
    def get(self):
        """Show the arguments."""
        return somewhere.parse_args()

    @ns.expect(copied)
    def delete(self):
        """Show other arguments."""
        return copied.parse_args()


@ns.route("/<int:number>")
@ns.expect(somewhere)
class Shared(Resource):
    """All methods take the same arguments."""

    def get(self, number):
        """Show the arguments."""
        return somewhere.parse_args()

    @ns.expect(copied)
    def put(self, number):
        """Show other arguments."""
        return copied.parse_args()


ROUTES = {"/locations": ns}
