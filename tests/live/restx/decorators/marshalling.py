"""Every form of `marshal_with`."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("marshalling", description="Every form of marshal_with")

thing = ns.model("ShownThing", {"name": fields.String(required=True), "size": fields.Integer})
error = ns.model("ShownError", {"reason": fields.String})


@ns.route("/")
class Marshalling(Resource):
    @ns.marshal_with(thing, as_list=True)
    def get(self):
        """List them."""

    @ns.marshal_with(thing, code=201, description="Made")
    @ns.marshal_with(error, code=409, description="Taken")
    def post(self):
        """Make one."""

    @ns.marshal_list_with(thing, code=202, description="Accepted, all of them")
    def put(self):
        """Replace all."""

    @ns.marshal_with(thing, envelope="thing", description="In an envelope")
    def patch(self):
        """Change one."""

    @ns.marshal_with(thing, mask="name", skip_none=True)
    def delete(self):
        """Delete one."""


@ns.route("/by_doc")
class ByDoc(Resource):
    @ns.doc(model=thing)
    def get(self):
        """Show one."""

    @ns.doc(model=[thing], description="A list of them")
    def post(self):
        """Show some."""

    @ns.doc(model=fields.List(fields.Nested(thing)))
    def put(self):
        """Show a field."""


ROUTES = {"/marshalling": ns}
