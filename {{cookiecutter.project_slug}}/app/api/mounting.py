"""Mounts versions of the API on the application, side by side."""

from collections.abc import Sequence

from flask import Blueprint, Flask, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.api import authentication
from app.api.authentication import SessionLoader
from app.api.cache import set_cache_headers
from app.api.conditional import answer_conditions
from app.api.dispatch import dispatching
from app.api.framework import Api
from app.api.openapi.page import mount_document
from app.api.paths import IdConverter
from app.api.versioning import VARY, chosen_version, offer_versions
from app.api.versions import Version


def init_app(app: Flask, versions: Sequence[Version], load_session: SessionLoader) -> None:
    """Mount the versions, whose callers are found by `load_session`."""
    app.url_map.merge_slashes = False
    app.url_map.converters["id"] = IdConverter
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
                    app.view_functions[endpoint] = dispatching(view)

    def complete(response: Response) -> Response:
        """Add what every response of the API carries, errors and cached ones included."""
        response = answer_conditions(response)
        response.headers["X-Content-Type-Options"] = "nosniff"
        number = chosen_version()
        if number is None:
            return response
        response.vary.update(VARY)
        response.headers["API-Version"] = number
        response.headers.extend(offered[number].retirement)
        return set_cache_headers(response)

    app.after_request(complete)

    if app.config["DOCS_AT_ROOT"] and app.config["API_DOCS_ENABLED"]:
        newest = versions[-1].name

        @app.get("/")
        def root() -> BaseResponse:
            """Lead to the docs page."""
            return redirect(url_for(f"{newest}.docs"))
