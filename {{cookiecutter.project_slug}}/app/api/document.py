"""The OpenAPI document and the page that shows it, at `openapi.json` and `docs` of each version."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import version as version_of
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, send_from_directory
from markupsafe import escape
from werkzeug.exceptions import NotFound

from app.api.contract import ignores_credentials
from app.api.openapi import build_document
from app.config import API_TITLE

if TYPE_CHECKING:
    from app.api.versions import Version

ASSETS = Path(str(files("flask_swagger_ui"))) / "dist"
# What the page loads; the package has more, such as a page for OAuth. The types are named, since
# Windows may know a wrong one, with which a browser refuses the file.
LOADED = {
    "favicon-32x32.png": "image/png",
    "index.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
# In the addresses, so that another release of the package is another address to a browser's cache.
RELEASE = version_of("flask-swagger-ui")
YEAR = 365 * 24 * 3600

# Nothing from another host, and no script or style that stands in the page or is made of text.
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

PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(API_TITLE)}</title>
<link rel="stylesheet" href="docs/swagger-ui.css?{RELEASE}">
<link rel="stylesheet" href="docs/index.css?{RELEASE}">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png?{RELEASE}">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js?{RELEASE}"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

{% if cookiecutter.versioning == 'header' %}
# A browser can't be told what to accept, so that `docs?version=2.0` shows another version.
{% endif %}
START = """document.documentElement.classList.toggle(
  "dark-mode",
  matchMedia("(prefers-color-scheme: dark)").matches,
);
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
{% if cookiecutter.versioning == 'header' %}
  requestInterceptor: (request) => {
    const version = new URLSearchParams(location.search).get("version") ?? "NUMBER";
    // Swagger UI has set it already, in small letters or with a capital.
    delete request.headers.Accept;
    request.headers.accept = `application/json; version=${version}`;
    return request;
  },
{% endif %}
});
"""


def with_validator(text: str, mimetype: str) -> Response:
    """A response that need not be sent again to whoever has it already."""
    response = Response(text, mimetype=mimetype)
    response.add_etag()
    return response


def mount(blueprint: Blueprint, version: Version) -> None:
    """Add the document of a version, its page, and what the page loads."""

    @cache
    def document() -> str:
        return json.dumps(build_document(current_app, version), ensure_ascii=False)

    @blueprint.get("/openapi.json")
    @ignores_credentials
    def openapi() -> Response:
        """Give the OpenAPI 3.1 document."""
        return with_validator(document(), "application/json")

    @blueprint.get("/docs")
    @ignores_credentials
    def docs() -> Response:
        """Show the document."""
        response = with_validator(PAGE, "text/html")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @blueprint.get("/docs/start.js")
    @ignores_credentials
    def start() -> Response:
        """Start Swagger UI; a script of its own, since the policy allows none in the page."""
{% if cookiecutter.versioning == 'header' %}
        return with_validator(START.replace("NUMBER", version.number), "text/javascript")
{% else %}
        return with_validator(START, "text/javascript")
{% endif %}

    @blueprint.get("/docs/<name>")
    @ignores_credentials
    def asset(name: str) -> Response:
        """Give a file of Swagger UI."""
        if name not in LOADED:
            raise NotFound
        return send_from_directory(
            ASSETS, name, mimetype=LOADED[name], max_age=YEAR, conditional=False
        )
