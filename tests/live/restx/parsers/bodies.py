"""Arguments in a JSON body."""

from flask_restx import Namespace, Resource, fields, inputs

ns = Namespace("bodies", description="JSON bodies")

address = ns.model("PostalAddress", {"street": fields.String(required=True)})

required = ns.parser()
required.add_argument("name", location="json", required=True, help="Your name")
required.add_argument("age", type=inputs.int_range(0, 150), location="json", help="In years")
required.add_argument("rating", type=float, location="json", default=0.5)
required.add_argument("agreed", type=inputs.boolean, location="json")
required.add_argument("color", location="json", choices=("red", "green"))
required.add_argument("page", type=int, location="args", help="In the query")

optional = ns.parser()
optional.add_argument("note", location="json", help="A few words")

lists = ns.parser()
lists.add_argument("names", location="json", action="append", help="All of them", required=True)
lists.add_argument("things", type=list, location="json")
lists.add_argument("options", type=dict, location="json")

modelled = ns.parser()
modelled.add_argument("address", type=address, location="json", required=True)


@ns.route("/")
class Bodies(Resource):
    @ns.expect(required)
    def post(self):
        """Show what was sent."""
        return required.parse_args()

    @ns.expect(optional)
    def put(self):
        """Show what was sent, if anything was."""
        return optional.parse_args()

    @ns.expect(lists)
    def patch(self):
        """Show the lists that were sent."""
        return lists.parse_args()


@ns.route("/addresses")
class Addresses(Resource):
    @ns.expect(modelled)
    @ns.marshal_with(address)
    def post(self):
        """Show the address that was sent."""
        return modelled.parse_args()["address"]


ROUTES = {"/bodies": ns}
