"""The OpenAPI document and the page that shows it, at `openapi.json` and `docs` of each version."""

import json
from functools import cache
from importlib.metadata import version as version_of
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, current_app, request, send_from_directory
from markupsafe import escape
from werkzeug.exceptions import NotFound

from app.api.openapi.document import build_document
from app.api.operation import ignores_credentials
from app.api.versions import Version

ASSETS = Path(str(files("flask_swagger_ui"))) / "dist"
# Only the files that the page loads; the package has more, such as a page for OAuth. The media
# types are spelled out: Windows may guess a wrong one, and browsers then refuse the file.
LOADED = {
    "favicon-32x32.png": "image/png",
    "index.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
# Part of the addresses, so that browsers don't use cached files of another release.
RELEASE = version_of("flask-swagger-ui")
YEAR = 365 * 24 * 3600  # seconds

# Nothing from another host, and no inline script or style.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="docs/swagger-ui.css?{release}">
<link rel="stylesheet" href="docs/index.css?{release}">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png?{release}">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js?{release}"></script>
<script src="docs/start.js" data-version="{version}"></script>
</body>
</html>
"""


def with_validator(text: str, mimetype: str) -> Response:
    """Return a response that need not be sent again to a client that has it already."""
    response = Response(text, mimetype=mimetype)
    response.add_etag()
    return response


def mount_document(blueprint: Blueprint, version: Version) -> None:
    """Add the document of a version, its page, and what the page loads."""

    @cache
    def document(root: str) -> str:
        return json.dumps(build_document(current_app, version, root), ensure_ascii=False)

    @blueprint.get("/openapi.json")
    @ignores_credentials
    def openapi() -> Response:
        """Send the OpenAPI 3.1 document."""
        return with_validator(document(request.script_root), "application/json")

    @blueprint.get("/docs")
    @ignores_credentials
    def docs() -> Response:
        """Show the document."""
        title = escape(current_app.config["API_TITLE"])
        page = PAGE.format(title=title, release=RELEASE, version=version.number)
        response = with_validator(page, "text/html")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @blueprint.get("/docs/start.js")
    @ignores_credentials
    def start() -> Response:
        """Send the script that starts Swagger UI; the policy allows none in the page."""
        script = Path(__file__).with_name("start.js").read_text("utf-8")
        return with_validator(script, "text/javascript")

    @blueprint.get("/docs/<name>")
    @ignores_credentials
    def asset(name: str) -> Response:
        """Send a file of Swagger UI."""
        if name not in LOADED:
            raise NotFound
        return send_from_directory(
            ASSETS, name, mimetype=LOADED[name], max_age=YEAR, conditional=False
        )
