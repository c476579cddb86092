"""Arguments that are repeated, split, chosen, and given by default."""

from flask_restx import Namespace, Resource, inputs

ns = Namespace("actions", description="What is done with arguments")

parser = ns.parser()
parser.add_argument("stored", location="args", action="store")
parser.add_argument("ids", type=int, location="args", action="append", help="Repeat it")
parser.add_argument("words", location="args", action="split", help="Separate them by commas")
parser.add_argument("split_ids", type=int, location="args", action="split", required=True)
parser.add_argument("codes", type=inputs.regex("^[A-Z]$"), location="args", action="append")
parser.add_argument("X-Tags", location="headers", action="split")
parser.add_argument("order", location="args", choices=("asc", "desc"), default="asc")
parser.add_argument("number", type=int, location="args", choices=[1, 2, 3])
parser.add_argument("colors", location="args", choices=("red", "green"), action="append")
parser.add_argument("sizes", location="args", choices=("s", "m"), action="split")
parser.add_argument("defaults", location="args", action="append", default=["a"])
parser.add_argument("called", location="args", default=lambda: "made")
parser.add_argument("zero", type=int, location="args", default=0)
parser.add_argument("strict_null", location="args", nullable=False, help="Never null")
parser.add_argument("trimmed", location="args", trim=True, dest="other", case_sensitive=False)
parser.add_argument("unstored", location="args", store_missing=False, ignore=True)


@ns.route("/")
class Actions(Resource):
    @ns.expect(parser, validate=True)
    def get(self):
        """Show the arguments."""
        return parser.parse_args()


ROUTES = {"/actions": ns}
