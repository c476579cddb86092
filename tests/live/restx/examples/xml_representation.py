"""An Api that answers in XML as well, to those who ask for it."""

from xml.etree.ElementTree import Element, SubElement, tostring

from flask import make_response
from flask_restx import Api, Resource, fields

api = Api()
entries = api.namespace("entries", description="Entries by name")

entry = api.model("Entry", {"name": fields.String(required=True, description="A word")})


@api.representation("application/xml")
def xml(data, code, headers=None):
    root = Element("entry")
    for name, value in data.items():
        SubElement(root, name).text = str(value)
    response = make_response(tostring(root), code)
    response.headers.extend(headers or {})
    return response


@entries.route("/<string:name>")
class Entry(Resource):
    @entries.marshal_with(entry)
    def get(self, name):
        """Show an entry."""
        return {"name": name}

    @entries.expect(entry)
    @entries.response(201, "Added", entry)
    def post(self, name):
        """Add an entry."""
        return {"name": name}, 201


ROUTES = {"/xml": api}
