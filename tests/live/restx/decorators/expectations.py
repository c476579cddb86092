"""Every form of `expect`."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("expectations", description="Every form of expect")

thing = ns.model("ExpectedThing", {"name": fields.String(required=True)})

paging = ns.parser()
paging.add_argument("page", type=int, location="args", help="Which page", default=1)


@ns.route("/")
class Expectations(Resource):
    @ns.expect(paging)
    def get(self):
        """Take a parser."""

    @ns.expect(thing)
    def post(self):
        """Take a model."""

    @ns.expect([thing], validate=True)
    def put(self):
        """Take a list of models."""

    @ns.expect((thing, "The thing to change"), paging)
    def patch(self):
        """Take a model with its description, and a parser."""

    @ns.expect(([thing], "The things to delete"))
    def delete(self):
        """Take a list of models with its description."""


@ns.route("/whole")
@ns.expect(thing)
class Whole(Resource):
    """Both methods expect what the class does."""

    def post(self):
        """Take the model."""

    def put(self):
        """Take it as well."""


@ns.route("/body")
class Body(Resource):
    @ns.doc(body=thing)
    def post(self):
        """Take the model, in an older way."""

    @ns.doc(body=(thing, "What to put"))
    def put(self):
        """Take the model with its description, in an older way."""

    @ns.doc(body=[thing])
    def patch(self):
        """Take the list, in an older way."""


ROUTES = {"/expectations": ns}
