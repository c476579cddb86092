"""Arguments of forms, and files."""

from flask_restx import Namespace, Resource, inputs
from werkzeug.datastructures import FileStorage

ns = Namespace("forms", description="Forms and files")

form = ns.parser()
form.add_argument("name", location="form", required=True, help="Your name")
form.add_argument("age", type=inputs.positive, location="form", help="In years")
form.add_argument("tags", location="form", action="append", help="As many as you like")
form.add_argument("color", location="form", choices=("red", "green"), default="red")
form.add_argument("page", type=int, location="args", help="In the query")

upload = ns.parser()
upload.add_argument("file", type=FileStorage, location="files", required=True, help="A picture")
upload.add_argument("caption", location="form", help="What it shows")

optional = ns.parser()
optional.add_argument("attachment", type=FileStorage, location="files")

several = ns.parser()
several.add_argument("files", type=FileStorage, location="files", action="append")


@ns.route("/")
class Forms(Resource):
    @ns.expect(form)
    def post(self):
        """Show what was sent."""
        return form.parse_args()


@ns.route("/files")
class Files(Resource):
    @ns.expect(upload)
    @ns.response(201, "Stored")
    def post(self):
        """Store a file."""
        return upload.parse_args()["caption"], 201

    @ns.expect(optional)
    def put(self):
        """Store a file, or none."""
        return None

    @ns.expect(several)
    def patch(self):
        """Store several files."""
        return None


ROUTES = {"/forms": ns}
