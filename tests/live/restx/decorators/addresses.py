"""Routes with converters, with several addresses, and with words of their own."""

from flask_restx import Namespace, Resource

ns = Namespace("addresses", description="Addresses")


@ns.route("/int/<int:number>")
class Whole(Resource):
    def get(self, number):
        """Take a whole number."""


@ns.route("/bounded/<int(min=1, max=9):number>")
class Bounded(Resource):
    def get(self, number):
        """Take a number with bounds."""


@ns.route("/float/<float:number>")
class Real(Resource):
    def get(self, number):
        """Take a number."""


@ns.route("/string/<string:text>/<string(length=2):code>")
@ns.param("code", "Two letters")
class Text(Resource):
    def get(self, text, code):
        """Take texts."""


@ns.route("/path/<path:path>")
class Path(Resource):
    def get(self, path):
        """Take a path."""


@ns.route("/uuid/<uuid:key>")
@ns.doc(params={"key": "A key that is unique"})
class Key(Resource):
    def get(self, key):
        """Take a UUID."""


@ns.route("/any/<any(red, green):color>")
class Color(Resource):
    def get(self, color):
        """Take one of a few words."""


@ns.route("/here/<int:id>", "/there/<int:id>", "/nowhere")
class Several(Resource):
    def get(self, id=None):
        """Be found at several addresses."""


@ns.route("/first/<id>", doc={"description": "At the first address", "params": {"id": "A first"}})
@ns.route(
    "/second/<id>", doc={"get": {"description": "At the second"}, "responses": {404: "No second"}}
)
@ns.route("/third/<id>", doc=False)
class Twice(Resource):
    def get(self, id):
        """Be documented differently."""


@ns.route("/reading", methods=["GET"])
class Reading(Resource):
    def get(self):
        """Be read."""

    def post(self):
        """Never be written."""


@ns.route("/named", endpoint="a_name")
class Named(Resource):
    def get(self):
        """Have an endpoint's name."""


ROUTES = {"/addresses": ns}
