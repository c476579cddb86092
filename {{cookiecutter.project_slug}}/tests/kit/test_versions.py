{% set header = cookiecutter.versioning == 'header' %}
"""Versions: which one answers, and how the next one lives beside it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, url_for
from marshmallow import Schema

from app.api.fields import Id, Shown
from app.api.framework import Resource
from app.api.operation import accepts_query, cached, returns
from app.api.pages import Page, paginate
from app.api.versions import Version
{% if header %}
from app.backend.settings import ConfigError
{% endif %}
from tests.kit.things import (
    ROUTES,
    Thing,
    ThingQuery,
    another_kit_app,
    caller_of,
    make_thing,
    visible_things,
)
from tests.support.answers import links{{ ', refusal' if header }}
from tests.support.client import BASE, Client, asking, new_client


class BriefThingOut(Schema):
    """A thing without its tags."""

    id = Id()
    name = Shown("a thing")


class BriefThingList(Resource):
    @cached
    @accepts_query(ThingQuery)
    @returns(BriefThingOut, many=True)
    def get(self, query: dict[str, Any]) -> Page[Thing]:
        """List things in brief."""
        return paginate(visible_things(), Thing, query)


class New(Resource):
    """What the first versions don't have."""

    @returns(status=204)
    def get(self) -> None:
        """Say nothing."""


V2 = ROUTES | {"/things": BriefThingList}
VERSIONS = [
    Version(
        "1.0",
        ROUTES,
        deprecated=datetime(2027, 1, 1, tzinfo=UTC),
        sunset=datetime(2028, 1, 1, tzinfo=UTC),
        successor="https://example.org/v2",
    ),
    Version("2.0", V2),
    Version("2.1", V2 | {"/new": New}),
]


def first(client: Client, path: str) -> Any:
    """Ask the first version."""
    return client.get(VERSIONS[0].base + path, headers=asking("1.0"))


def second(client: Client, path: str) -> Any:
    """Ask the second version."""
    return client.get(VERSIONS[1].base + path, headers=asking("2.0"))


@pytest.fixture(scope="module")
def several(app: Flask) -> Iterator[Flask]:
    """An application with three versions; the first is being retired."""
    with another_kit_app(app, VERSIONS) as several:
        yield several


@pytest.mark.parametrize(("path", "status"), [("/things", 200), ("/nothing", 404), ("/bell", 405)])
def test_each_response_tells_its_version(client: Client, path: str, status: int) -> None:
    response = client.get(path)
    assert (response.status_code, response.headers["API-Version"]) == (status, "1.0")
    assert not {"Deprecation", "Sunset"} & set(response.headers.keys())


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_addresses_for_operators_have_no_version(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert not {"API-Version", "Vary"} & set(headers.keys())


def test_addresses_are_those_that_a_client_uses(app: Flask) -> None:
    caller = caller_of(app)
    ids = [caller.post("/things", json={"name": "a thing"}).json["id"] for _ in range(2)]
    created = caller.post("/things", json={"name": "a thing"})
    assert created.headers["Location"] == f"{BASE}/things/{created.json['id']}"
    assert caller.get(created.headers["Location"]).json == created.json
    following = links(caller.get("/things?per_page=1"))["next"]
    assert following.startswith(f"{BASE}/things?per_page=1&cursor=")
    assert caller.get(following).json[0]["id"] == ids[-1]
    with app.test_request_context():
        assert url_for("v1.ThingItem", id=7) == f"{BASE}/things/7"


def test_versions_answer_side_by_side(several: Flask) -> None:
    thing = make_thing(several, "a tag")
    client = new_client(several)
    old, new = first(client, "/things"), second(client, "/things")
    assert old.json == [{"id": thing.id, "name": "a thing", "tags": ["a tag"]}]
    assert new.json == [{"id": thing.id, "name": "a thing"}]
    assert [old.headers["API-Version"], new.headers["API-Version"]] == ["1.0", "2.0"]


def test_next_version_has_the_other_routes_of_the_first_and_its_own_cache(several: Flask) -> None:
    path = f"/things/{make_thing(several).id}"
    client = new_client(several)
    for ask, version in ((first, "1.0"), (second, "2.0")):
        for cache in ("MISS", "HIT"):
            response = ask(client, path)
            assert response.json["tags"] == []
            assert response.headers["API-Version"] == version
            assert response.headers["X-Cache"] == cache


def test_version_that_is_being_retired_says_so(several: Flask) -> None:
    client = new_client(several)
    # The second response comes from the cache.
    for path in ("/things", "/things", "/things/0"):
        response = first(client, path)
        assert response.headers["Deprecation"] == "@1798761600"
        assert response.headers["Sunset"] == "Sat, 01 Jan 2028 00:00:00 GMT"
        successor = '<https://example.org/v2>; rel="successor-version"'
        assert successor in ", ".join(response.headers.getlist("Link"))
    assert "Deprecation" not in second(client, "/things").headers


def test_each_version_has_its_own_document(several: Flask) -> None:
    client = new_client(several)
    old, new = (ask(client, "/openapi.json").json for ask in (first, second))
    assert [old["info"]["version"], new["info"]["version"]] == ["1.0", "2.0"]
    assert [d["servers"] for d in (old, new)] == [[{"url": v.base}] for v in VERSIONS[:2]]
    assert old["paths"].keys() == new["paths"].keys()
    shown = [document["components"]["schemas"] for document in (old, new)]
    assert ["BriefThing" in schemas for schemas in shown] == [False, True]
    listings = [document["paths"]["/things"]["get"] for document in (old, new)]
    assert [listing.get("deprecated") for listing in listings] == [True, None]


{% if header %}
@pytest.mark.parametrize(
    ("accept", "version"),
    [
        (None, "1.0"),
        ("", "1.0"),
        ("*/*", "1.0"),
        ("application/json", "1.0"),
        ("text/html,*/*;q=0.8", "1.0"),
        ("application/json; version=1", "1.0"),
        ("application/json; version=1.0", "1.0"),
        ('application/json; version="1.0"', "1.0"),
        ("application/json;VERSION=2.0", "2.0"),
        ("Application/JSON; version=2", "2.1"),
        ("application/problem+json; version=2.0", "2.0"),
        ("application/*; version=2.0", "2.0"),
        ("application/json; charset=utf-8; version=2.0", "2.0"),
        ("application/json; version=2.0, application/json; version=1.0; q=0.5", "2.0"),
        ("application/json; version=1.0; q=0.5, application/json; version=2.0", "2.0"),
        ("application/json; version=9.9, application/json; version=2.0; q=0.1", "2.0"),
        ("application/json; version=9.9, application/json; q=0.1", "1.0"),
        ("application/json; version=9.9; q=0, application/json; version=2.0", "2.0"),
        ("application/json; version=9.9; q=0", "1.0"),
        ("application/json; version=2.0; q=0.1, */*", "1.0"),
        ("text/html; version=9.9", "1.0"),
        ("text/plain", "1.0"),
        (",;=;q=,", "1.0"),
        ("application/json; version", "1.0"),
        ("application/json; version=2.0; q=best", "1.0"),
        ('application/json; version=""', "1.0"),
    ],
)
def test_accept_chooses_the_version(several: Flask, accept: str | None, version: str) -> None:
    headers = {} if accept is None else {"Accept": accept}
    response = new_client(several).get("/things", headers=headers)
    assert response.status_code == 200
    assert response.headers["API-Version"] == version
    assert "Accept" in response.vary


@pytest.mark.parametrize(
    ("version", "named"),
    [("9.9", "9.9"), ("2", "2"), ("1.1", "1.1"), ("1.0.0", "1.0.0"), ("x" * 99, "x" * 20)],
)
def test_unknown_version_is_400_that_names_the_known_ones(
    client: Client, version: str, named: str
) -> None:
    response = client.get("/things", headers=asking(version))
    message = f"API version {named} not supported. Supported versions: 1.0"
    assert refusal(response) == (400, message)
    assert response.content_type == "application/problem+json"
    assert response.headers["API-Version"] == "1.0"
    assert "Accept" in response.vary


@pytest.mark.parametrize(("verb", "path"), [("GET", "/nothing"), ("DELETE", "/things")])
def test_unknown_version_comes_before_everything_else(client: Client, verb: str, path: str) -> None:
    assert client.open(path, method=verb, headers=asking("9.9")).status_code == 400


@pytest.mark.parametrize("path", ["/things", "/nothing", "/bell"])
def test_every_response_varies_with_accept(client: Client, path: str) -> None:
    assert "Accept" in client.get(path).vary


@pytest.mark.parametrize("path", ["/api/v1/things", "/api/1.0/things", "/api/v2/things", "/api/"])
def test_version_is_no_part_of_an_address(several: Flask, path: str) -> None:
    assert new_client(several).get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "version"),
    [("/things", 200, "1.0"), ("/new", 200, "2.1"), ("/nothing", 404, "1.0")],
)
def test_browsers_get_permission_for_an_address_of_any_version(
    several: Flask, path: str, status: int, version: str
) -> None:
    """They send no version when they ask for it."""
    asked = {"Accept": "*/*", "Access-Control-Request-Method": "GET"}
    response = new_client(several).options(path, headers=asked)
    assert (response.status_code, response.headers["API-Version"]) == (status, version)


def test_default_version_is_a_setting(app: Flask) -> None:
    with another_kit_app(app, VERSIONS, API_DEFAULT_VERSION="2.0") as newer:
        client = new_client(newer)
        assert client.get("/things").headers["API-Version"] == "2.0"
        assert client.get("/things", headers=asking("1")).headers["API-Version"] == "1.0"


def test_default_version_must_exist(app: Flask) -> None:
    message = "API_DEFAULT_VERSION must be one of 1.0, not '3.0'."
    with (
        pytest.raises(ConfigError, match=message),
        another_kit_app(app, API_DEFAULT_VERSION="3.0"),
    ):
        pass
{% elif cookiecutter.versioning == 'url' %}
@pytest.mark.parametrize("path", ["/api/things", "/api/v2/things", "/api/v1.0/things", "/api/v1"])
def test_address_without_a_known_version_is_404(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert "API-Version" not in response.headers


def test_accept_does_not_choose_a_version(client: Client) -> None:
    response = client.get("/things", headers={"Accept": "application/json; version=9.9"})
    assert response.status_code == 200
    assert "Accept" not in response.vary


def test_minor_version_has_its_number_in_the_path(several: Flask) -> None:
    client = new_client(several)
    for path, number in (("/api/v2/things", "2.0"), ("/api/v2.1/things", "2.1")):
        assert client.get(path).headers["API-Version"] == number
    with several.test_request_context():
        assert url_for("v2_1.ThingItem", id=7) == "/api/v2.1/things/7"
{% endif %}
