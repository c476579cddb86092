"""Write what the library, or a rendered project, says about the modules here.

The program runs in the folder of a project, with the packages of its environment.
"""

import json
import sys
import warnings
from collections import ChainMap
from importlib import import_module
from pathlib import Path

import flask_restx
from flask import Flask

HERE = Path(__file__).parent


def subjects():
    """Yield the name and the routes of each module."""
    for path in sorted(HERE.glob("*/*.py")):
        name = f"{path.parent.name}.{path.stem}"
        yield name, import_module(f"restx.{name}").ROUTES


def library_document(path, route):
    """Return the Swagger 2.0 document of a route that is alone in an application."""
    app = Flask(__name__)
    api = route if isinstance(route, flask_restx.Api) else flask_restx.Api()
    if isinstance(route, flask_restx.Namespace):
        api.add_namespace(route, path)
    elif isinstance(route, type):
        api.add_resource(route, path)
    api.init_app(app)
    document = app.test_client().get(f"{api.prefix}/swagger.json").json
    if "error" in document:
        raise ValueError(f"{path}: {document['error']}")
    for item in document["paths"].values():
        # The converter loses bodies that operations share.
        shared = item.pop("parameters", [])
        for operation in item.values():
            operation["parameters"] = shared + operation.get("parameters", [])
    # An Api's addresses begin where it is mounted.
    start = path + api.prefix if route is api else ""
    document["paths"] = {start + each: item for each, item in document["paths"].items()}
    return document


def project_document(routes):
    """Return the OpenAPI 3.1 document of a version with these routes alone."""
    version = Version("1.0", routes)
    app = create_app("testing", [version])
    return app.test_client().get(f"{version.base}/openapi.json").json


# Older ways to document are part of the subject.
warnings.simplefilter("ignore", DeprecationWarning)
if sys.argv[1] == "library":
    documents = {
        name: [library_document(path, route) for path, route in routes.items()]
        for name, routes in subjects()
    }
else:
    from app import create_app
    from app.api.framework import Api
    from app.api.versions import Version
    from app.routes import v1

    # The one line that changes in a module with an Api.
    flask_restx.Api = Api
    found = dict(subjects())
    documents = {name: project_document(routes) for name, routes in found.items()}
    # And all of them together, beside the project's own.
    documents["all"] = project_document(dict(ChainMap(v1, *found.values())))
json.dump(documents, sys.stdout)
