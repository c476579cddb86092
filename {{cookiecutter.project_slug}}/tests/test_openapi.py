"""The document: it tells of every route, of nothing else, and is served without other hosts."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.factories import client_of, make_admin
from tests.support.apps import other_app
from tests.support.client import BASE, Client, new_client

VERBS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def routes(app: Flask) -> Iterator[Rule]:
    """The routes of the first version."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("v1."):
            yield rule


def resources(app: Flask) -> Iterator[tuple[str, str, Any]]:
    """Each path of a resource, as the document writes it, with its verbs and their methods."""
    with app.test_request_context():
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
    for rule in routes(app):
        view = getattr(app.view_functions[rule.endpoint], "view_class", None)
        if view is None:
            continue
        address = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, 7))
        path = address.removeprefix(BASE).replace("/7", "/{id}")
        for verb in (rule.methods or set()) & VERBS:
            yield path, verb.lower(), getattr(view, verb.lower())


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    response = client.get("/openapi.json")
    assert response.status_code == 200
    assert response.content_type == "application/json"
    document: dict[str, Any] = response.json or {}
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            if verb != "parameters":
                yield path, verb, operation


def test_every_route_has_a_recorded_contract(app: Flask) -> None:
    methods = {f"{verb} {path}": method for path, verb, method in resources(app)}
    missing = [name for name, method in methods.items() if not hasattr(method, "operation")]
    for rule in routes(app):
        view = app.view_functions[rule.endpoint]
        if not hasattr(view, "view_class") and not hasattr(view, "operation"):
            missing.append(rule.rule)
    assert missing == []


def test_operations_are_the_routes(app: Flask, document: dict[str, Any]) -> None:
    described = {(path, verb) for path, verb, _ in operations(document)}
    assert described == {(path, verb) for path, verb, _ in resources(app)}


def test_document_says_where_it_applies(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == "1.0"
    assert document["servers"] == [{"url": BASE}]


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = {node["$ref"] for node in nodes(document) if "$ref" in node}
    assert references
    for reference in references:
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_every_operation_has_a_name_and_a_line_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for *_, operation in operations(document)]
    assert len(names) == len(set(names))
    assert all(operation["summary"] for *_, operation in operations(document))


def test_tokens_are_asked_for_where_the_document_says_so(
    client: Client, document: dict[str, Any]
) -> None:
    for path, verb, operation in operations(document):
        response = client.open(path.replace("{id}", "1"), method=verb.upper())
        required = bool(operation["security"]) and {} not in operation["security"]
        assert (response.status_code == 401) == required, f"{verb} {path}"


def test_examples_show_every_field(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for *_, operation in operations(document):
        for body in (operation.get("requestBody"), *operation["responses"].values()):
            for content in (body or {}).get("content", {}).values():
                kind, shown = content["schema"], content["example"]
                if kind.get("type") == "array":
                    kind, (shown,) = kind["items"], shown
                name = kind.get("anyOf", [kind])[0]["$ref"].rpartition("/")[2]
                assert shown.keys() == schemas[name]["properties"].keys(), name


def test_examples_of_bodies_can_be_sent(app: Flask, document: dict[str, Any]) -> None:
    client = client_of(app, make_admin(app))
    for path, verb, operation in operations(document):
        if "requestBody" not in operation:
            continue
        example = operation["requestBody"]["content"]["application/json"]["example"]
        response = client.open(path.replace("{id}", "1"), method=verb.upper(), json=example)
        assert response.status_code not in {400, 415, 422, 500}, f"{verb} {path}: {response.text}"


def test_refusals_are_among_the_described_ones(client: Client, document: dict[str, Any]) -> None:
    for path, verb, operation in operations(document):
        for body in (None, {}, {"nobody": "knows"}):
            response = client.open(path.replace("{id}", "1"), method=verb.upper(), json=body)
            assert str(response.status_code) in operation["responses"], f"{verb} {path}"


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


def test_page_forbids_what_comes_from_other_hosts(client: Client) -> None:
    policy = client.get("/docs").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert not re.search(r"https?:|\*|unsafe", policy)


@pytest.mark.parametrize(
    "name",
    ["", "../docs.py", "%2e%2e/docs.py", "/etc/passwd", "oauth2-redirect.html", "./index.css"],
)
def test_page_gives_only_what_it_loads(client: Client, name: str) -> None:
    assert client.get(f"/docs/{name}").status_code == 404


def test_what_the_page_loads_is_kept_until_it_changes(client: Client) -> None:
    page = client.get("/docs")
    assert "max-age=0" in page.headers["Cache-Control"]
    assert "docs/swagger-ui.css?" in page.text
    with client.get("/docs/swagger-ui.css") as asset:
        assert asset.mimetype == "text/css"
        assert "max-age=31536000" in asset.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/start.js", "/docs/index.css"])
def test_what_a_browser_has_is_not_sent_again(client: Client, path: str) -> None:
    with client.get(path) as response:
        etag = response.headers["ETag"]
    with client.get(path, headers={"If-None-Match": etag}) as response:
        assert (response.status_code, response.data) == (304, b"")


def test_document_and_page_can_be_switched_off(app: Flask) -> None:
    with other_app(API_DOCS_ENABLED="false") as other:
        client = new_client(other)
        for path in ("/openapi.json", "/docs", "/docs/start.js", "/docs/index.css"):
            assert client.get(path).status_code == 404
        assert client.get("/posts").status_code == 200
