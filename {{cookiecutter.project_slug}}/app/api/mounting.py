"""Mounts versions of the API on the application, side by side."""

import logging
import re
from collections.abc import Sequence

from flask import Blueprint, Flask, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.api import authentication
from app.api.authentication import SessionLoader
from app.api.cache import set_cache_headers
from app.api.conditional import answer_conditions
from app.api.dispatch import dispatching
from app.api.framework import Api
from app.api.openapi.page import mount_document
from app.api.paths import CONVERTERS
from app.api.schemas import represent
from app.api.versioning import VARY, chosen_version, offer_versions
from app.api.versions import BEARER, Version
from app.errors import PROBLEM_TYPE

log = logging.getLogger(__name__)


def init_app(app: Flask, versions: Sequence[Version], load_session: SessionLoader) -> None:
    """Mount the versions, whose callers are found by `load_session`."""
    app.url_map.merge_slashes = False
    app.url_map.converters |= CONVERTERS
    authentication.init_app(app, load_session)
    app.extensions["versions"] = versions
    app.extensions["apis"] = {}
    offered = {version.number: version for version in versions}
    offer_versions(app, list(offered))
    for version in versions:
        blueprint = Blueprint(version.name, __name__, url_prefix=version.prefix)
        app.extensions["apis"][version.name] = Api.mount(blueprint, version.routes)
        if app.config["API_DOCS_ENABLED"]:
            mount_document(blueprint, version)
        app.register_blueprint(blueprint)
        with app.app_context():
            for endpoint, view in app.view_functions.items():
                if endpoint.startswith(f"{version.name}."):
                    app.view_functions[endpoint] = dispatching(view, version.scheme)

    def complete(response: Response) -> Response:
        """Add what every response of the API carries, errors and cached ones included."""
        response = answer_conditions(response)
        response.headers["X-Content-Type-Options"] = "nosniff"
        number = chosen_version()
        if number is None:
            return response
        version = offered[number]
        if response.status_code >= 400:
            present_error(response, version)
        response.vary.update(VARY)
        response.headers["API-Version"] = number
        response.headers.extend(version.retirement(request.script_root))
        return set_cache_headers(response)

    app.after_request(complete)

    if app.config["DOCS_AT_ROOT"] and app.config["API_DOCS_ENABLED"]:
        newest = versions[-1].name

        @app.get("/")
        def root() -> BaseResponse:
            """Lead to the docs page."""
            return redirect(url_for(f"{newest}.docs"))


def present_error(response: Response, version: Version) -> None:
    """Name the version's own scheme in an error, and give it the version's own format."""
    if challenges := response.headers.getlist("WWW-Authenticate"):
        named = [re.sub(rf"(?i)\A{BEARER}\b", version.scheme, each) for each in challenges]
        response.headers.setlist("WWW-Authenticate", named)
    if version.errors and response.mimetype == PROBLEM_TYPE:
        try:
            response.set_data(represent(version.errors, response.json))
        except Exception:
            # Better in another format than not at all.
            log.exception("%s can't represent an error", version.errors.__name__)
        else:
            response.mimetype = version.error_type
