"""Arguments of each type that the library knows."""

from flask_restx import Namespace, Resource, inputs

ns = Namespace("types", description="Types of arguments")


def even(value):
    """Return an even number."""
    if int(value) % 2:
        raise ValueError("This is odd")
    return int(value)


even.__schema__ = {"type": "integer", "format": "even"}


def shout(value):
    """Return a text in capitals."""
    return value.upper()


parser = ns.parser()
parser.add_argument("text", type=str, location="args")
parser.add_argument("whole", type=int, location="args", help="A whole number")
parser.add_argument("real", type=float, location="args")
parser.add_argument("flag", type=bool, location="args")
parser.add_argument("boolean", type=inputs.boolean, location="args", default=False)
parser.add_argument("url", type=inputs.url, location="args")
parser.add_argument("checked_url", type=inputs.URL(check=False, schemes=["https"]), location="args")
parser.add_argument("email", type=inputs.email(), location="args", required=True)
parser.add_argument("ip", type=inputs.ip, location="args")
parser.add_argument("ipv4", type=inputs.ipv4, location="args")
parser.add_argument("ipv6", type=inputs.ipv6, location="args")
parser.add_argument("regex", type=inputs.regex("^[0-9]+$"), location="args")
parser.add_argument("natural", type=inputs.natural, location="args", default=0)
parser.add_argument("positive", type=inputs.positive, location="args", default=1)
parser.add_argument("range", type=inputs.int_range(1, 5), location="args", help="From 1 to 5")
parser.add_argument("interval", type=inputs.iso8601interval, location="args")
parser.add_argument("date", type=inputs.date, location="args")
parser.add_argument("iso", type=inputs.datetime_from_iso8601, location="args")
parser.add_argument("day", type=inputs.date_from_iso8601, location="args")
parser.add_argument("mail_date", type=inputs.datetime_from_rfc822, location="args")
parser.add_argument("even", type=even, location="args", help="An even number")
parser.add_argument("shout", type=shout, location="headers")


@ns.route("/")
class Types(Resource):
    @ns.expect(parser)
    def get(self):
        """Show the arguments."""
        return parser.parse_args()


ROUTES = {"/types": ns}
