"""What else `doc` and its shortcuts say."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("documentation", description="What doc and its shortcuts say")

thing = ns.model("DocumentedThing", {"name": fields.String(required=True)})


@ns.route("/")
@ns.doc(description="Of the class.")
class Documentation(Resource):
    @ns.doc("show_documentation", description="Of the method.")
    def get(self):
        """Show it. This is still the first line.

        These are the details,
        on two lines.

        :param whatever: nothing
        """

    @ns.doc(id="make_documentation", deprecated=True)
    def post(self):
        """Make it"""

    @ns.deprecated
    def put(self):
        """Replace it."""

    @ns.vendor({"x-internal": True, "owner": "the zoo"}, color=["red"])
    def patch(self):
        """Change it."""

    @ns.hide
    def delete(self):
        """Delete it, in secret."""


@ns.route("/hidden")
@ns.hide
class Hidden(Resource):
    def get(self):
        """Show nothing."""


@ns.route("/half")
@ns.doc(delete=False, post={"id": "half_a_post", "responses": {409: "Taken"}})
class Half(Resource):
    def get(self):
        """Show a half."""

    def post(self):
        """Make a half."""

    @ns.doc(False)
    def put(self):
        """Replace a half, in secret."""


@ns.route("/old")
@ns.deprecated
class Old(Resource):
    """The whole class is deprecated."""

    def get(self):
        """Show what is old."""

    def post(self):
        """Make it older."""


class Base(Resource):
    """What others inherit is documented once."""

    @ns.doc(description="Inherited.", responses={410: "Gone"})
    def get(self):
        """Show what was inherited."""


@ns.route("/heir")
@ns.response(404, "There is no heir")
class Heir(Base):
    """It inherits the documentation of a method."""


@ns.route("/undocumented", doc=False)
class Undocumented(Resource):
    def get(self):
        """Show nothing."""


ROUTES = {"/documentation": ns}
