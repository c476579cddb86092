"""The documents of the API: they describe every route, and nothing else."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.api.framework import Resource
from app.api.versions import Version
from app.routes import VERSIONS
from tests.factories import client_of, make_admin
from tests.support.client import Client, asking, new_client

Operation = tuple[str, str, dict[str, Any]]

PARAMETER = re.compile(r"<(?:[^:>]*:)?(\w+)>")
VERBS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module", params=VERSIONS, ids=lambda version: version.number)
def version(request: pytest.FixtureRequest) -> Version:
    version: Version = request.param
    return version


@pytest.fixture(scope="module")
def document(app: Flask, version: Version) -> dict[str, Any]:
    response = send(new_client(app), version, "get", "/openapi.json")
    assert response.status_code == 200
    assert response.content_type == "application/json"
    document: dict[str, Any] = response.json or {}
    return document


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> list[Operation]:
    """Each operation with its path and its verb."""
    return [
        (path, verb, operation)
        for path, item in document["paths"].items()
        for verb, operation in item.items()
        if verb != "parameters"
    ]


def send(client: Client, version: Version, verb: str, path: str, body: Any = None) -> TestResponse:
    """Send a request to a version, with a made-up value for each part of the path that varies."""
    # An id that nobody has, and long enough for text of a minimal length.
    address = version.base + re.sub(r"\{\w+\}", "10000000", path)
    return client.open(address, method=verb, json=body, headers=asking(version.number))


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def own_routes(version: Version) -> set[tuple[str, str]]:
    """Return the paths and verbs of resources in our own idiom."""
    routes: dict[str, Any] = {**version.routes}
    return {
        (PARAMETER.sub(r"{\1}", path), verb.lower())
        for path, route in routes.items()
        if isinstance(route, type) and issubclass(route, Resource)
        for verb in route.methods or ()
        if verb.lower() in VERBS
    }


def test_operations_are_the_routes(
    app: Flask, version: Version, operations: list[Operation]
) -> None:
    documented = {(path, verb) for path, verb, _ in operations}
    rules = {
        PARAMETER.sub(r"{\1}", rule.rule.removeprefix(version.prefix))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(f"{version.name}.")
    }
    assert own_routes(version) <= documented
    assert {path for path, _ in documented} <= rules


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = {node["$ref"] for node in nodes(document) if "$ref" in node}
    assert references
    for reference in references:
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_every_operation_has_a_unique_id_and_a_summary(operations: list[Operation]) -> None:
    names = [operation["operationId"] for *_, operation in operations]
    assert len(names) == len(set(names))
    assert all(operation["summary"] for *_, operation in operations)


def test_tokens_are_needed_where_the_document_says_so(
    app: Flask, version: Version, operations: list[Operation]
) -> None:
    client = new_client(app)
    for path, verb, operation in operations:
        response = send(client, version, verb, path)
        required = bool(operation["security"]) and {} not in operation["security"]
        assert (response.status_code == 401) == required, f"{verb} {path}"


def test_examples_show_every_field(
    version: Version, document: dict[str, Any], operations: list[Operation]
) -> None:
    schemas = document["components"]["schemas"]
    for path, verb, operation in operations:
        if (path, verb) not in own_routes(version):
            continue
        for body in (operation.get("requestBody"), *operation["responses"].values()):
            for content in (body or {}).get("content", {}).values():
                kind, shown = content["schema"], content["example"]
                if "properties" in kind:
                    # An envelope, whose first member is what a schema shows.
                    envelope = next(iter(kind["properties"]))
                    kind, shown = kind["properties"][envelope], shown[envelope]
                if kind.get("type") == "array":
                    kind, (shown,) = kind["items"], shown
                name = kind.get("anyOf", [kind])[0]["$ref"].rpartition("/")[2]
                assert shown.keys() == schemas[name]["properties"].keys(), name


def test_examples_of_bodies_can_be_sent(
    app: Flask, version: Version, operations: list[Operation]
) -> None:
    client = client_of(app, make_admin(app), version)
    for path, verb, operation in operations:
        if "requestBody" in operation and (path, verb) in own_routes(version):
            example = operation["requestBody"]["content"]["application/json"]["example"]
            response = send(client, version, verb, path, example)
            assert response.status_code not in {400, 415, 422, 500}, f"{verb} {path}"


def test_refusals_are_documented(app: Flask, version: Version, operations: list[Operation]) -> None:
    client = new_client(app)
    for path, verb, operation in operations:
        for body in (None, {}, {"nobody": "knows"}):
            response = send(client, version, verb, path, body)
            assert str(response.status_code) in operation["responses"], f"{verb} {path}"
