"""The document and its page: what operations recorded is described, and no other host is needed."""

import re
from typing import Any

import pytest
from flask import Flask

from app.api.framework import Resource
from app.api.operation import (
    accepts,
    ignores_credentials,
    may_fail,
    requires_any_token,
    requires_refresh_token,
    requires_role,
    returns,
)
from app.api.versions import Version
from tests.kit.things import ROUTES, ThingIn, ThingOut, another_kit_app
from tests.support.client import BASE, Client, new_client


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    response = new_client(app).get("/openapi.json")
    document: dict[str, Any] = response.json or {}
    return document


def test_document_says_where_it_applies(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == "1.0"
    assert document["servers"] == [{"url": BASE}]


def responses(operation: dict[str, Any]) -> set[int]:
    return set(map(int, operation["responses"]))


def test_operation_has_the_refusals_that_can_happen(document: dict[str, Any]) -> None:
    always = {429, 503{{ ', 400' if cookiecutter.versioning == 'header' }}}
    things, thing = document["paths"]["/things"], document["paths"]["/things/{id}"]
    assert responses(things["get"]) == {200, 401, 422} | always
    assert responses(things["post"]) == {201, 400, 401, 409, 413, 415, 422} | always
    assert responses(thing["get"]) == {200, 304, 401, 404} | always
    assert responses(thing["patch"]) == {200, 400, 401, 404, 409, 412, 413, 415, 422} | always
    assert responses(thing["delete"]) == {204, 401, 404, 409, 412} | always
    door = document["paths"]["/door"]
    assert responses(door["delete"]) == {204, 401, 403, 409} | always


def test_operation_has_its_parameters_headers_and_bodies(document: dict[str, Any]) -> None:
    things, thing = document["paths"]["/things"], document["paths"]["/things/{id}"]
    query = {parameter["name"] for parameter in things["get"]["parameters"]}
    assert query == {"sort", "per_page", "cursor", "total"}
    sent = [
        set(success["headers"])
        for success in (
            things["get"]["responses"]["200"],
            things["post"]["responses"]["201"],
            thing["get"]["responses"]["200"],
        )
    ]
    assert sent[0] >= {"Link", "X-Total-Count", "X-Cache"}
    assert sent[1] >= {"Location", "ETag"}
    assert sent[2] >= {"ETag", "X-Cache"}
    body = thing["patch"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    changes = document["components"]["schemas"][body.rpartition("/")[2]]
    assert changes["minProperties"] == 1
    assert "required" not in changes


class Teapot(Resource):
    """Every status and every credential."""

    @returns(status=418)
    def get(self) -> None:
        """Be a teapot."""

    @ignores_credentials
    @returns(status=202)
    @may_fail(402, 410)
    def post(self) -> None:
        """Be one later."""

    @requires_role("keeper")
    @returns(status=299)
    def put(self) -> None:
        """Be a special one."""

    @requires_refresh_token
    @accepts(ThingIn, partial=True)
    @returns(ThingOut, status=206)
    def patch(self, data: dict[str, Any]) -> None:
        """Be half of one."""

    @requires_any_token
    @returns(status=204)
    def delete(self) -> None:
        """Be none."""


def test_every_status_and_credential_is_described(app: Flask) -> None:
    with another_kit_app(app, [Version("1.0", ROUTES | {"/teapot": Teapot})]) as other:
        response = new_client(other).get("/openapi.json")
        assert new_client(other).get("/teapot").status_code == 418
    assert response.status_code == 200
    operations = response.json["paths"]["/teapot"]
    described = {
        verb: (operation["responses"][str(status)]["description"], operation["security"])
        for (verb, operation), status in zip(
            operations.items(), (418, 202, 299, 206, 204), strict=True
        )
    }
    access: dict[str, list[str]] = {"bearer": []}
    refresh: dict[str, list[str]] = {"refresh": []}
    assert described == {
        "get": ("I'm a teapot.", [{}, access]),
        "post": ("Accepted; processing continues.", []),
        "put": ("Success.", [access]),
        "patch": ("Partial Content.", [refresh]),
        "delete": ("Success, without a body.", [access, refresh]),
    }
    assert "the role keeper" in operations["put"]["description"]
    assert "403" in operations["put"]["responses"]
    for status in ("402", "410"):
        name = operations["post"]["responses"][status]["$ref"].rpartition("/")[2]
        assert name in response.json["components"]["responses"]


def test_page_needs_no_other_host(client: Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    references = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert references
    for reference in references:
        assert "//" not in reference
        with client.get(f"/{reference}") as asset:
            assert asset.status_code == 200, reference
    assert 'url: "openapi.json"' in client.get("/docs/start.js").text
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert not re.search(r"https?:|\*|unsafe", policy)


@pytest.mark.parametrize(
    "name",
    ["", "../docs.py", "%2e%2e/docs.py", "/etc/passwd", "oauth2-redirect.html", "./index.css"],
)
def test_page_offers_only_what_it_loads(client: Client, name: str) -> None:
    assert client.get(f"/docs/{name}").status_code == 404


def test_browsers_keep_what_the_page_loads_until_it_changes(client: Client) -> None:
    page = client.get("/docs")
    assert "max-age=0" in page.headers["Cache-Control"]
    assert "docs/swagger-ui.css?" in page.text
    with client.get("/docs/swagger-ui.css") as asset:
        assert asset.mimetype == "text/css"
        assert "max-age=31536000" in asset.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/start.js", "/docs/index.css"])
def test_browser_that_has_a_file_gets_304(client: Client, path: str) -> None:
    with client.get(path) as response:
        etag = response.headers["ETag"]
    with client.get(path, headers={"If-None-Match": etag}) as response:
        assert (response.status_code, response.data) == (304, b"")


def test_document_and_page_can_be_switched_off(app: Flask) -> None:
    with another_kit_app(app, API_DOCS_ENABLED="false") as other:
        client = new_client(other)
        for path in ("/openapi.json", "/docs", "/docs/start.js", "/docs/index.css"):
            assert client.get(path).status_code == 404
        assert client.get("/things").status_code == 200
