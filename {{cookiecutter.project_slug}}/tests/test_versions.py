{% set header = cookiecutter.versioning == 'header' %}
"""Versions: which one answers, and how the next one lives beside it."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask, url_for

from app import create_app, routes
from app.api.operation import returns
from app.api.framework import Resource
from app.api.versions import Version
from app.routes import v1
{% if header %}
from app.backend.settings import ConfigError
{% endif %}
from tests.support.answers import links{{ ', refusal' if header }}
from tests.support.apps import other_app
from tests.support.client import BASE, Client, new_client
from tests.factories import client_of, make_post, make_user

README = Path(__file__).parent.parent / "README.md"


def documented_versions() -> list[Version]:
    """The two versions that the README's "Add a version" makes, by its own code."""
    _, _, section = README.read_text("utf-8").partition("## Add a version\n")
    resources, table = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[:2]
    module = ModuleType("app.resources.posts_v2")
    exec(resources, vars(module))
    names = dict(vars(routes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module.__name__, module)
        exec(table, names)
    made: list[Version] = names["VERSIONS"]
    return made


class New(Resource):
    """What the first versions don't have."""

    @returns(status=204)
    def get(self) -> None:
        """Say nothing."""


{% if header %}
def asking(version: str) -> dict[str, str]:
    return {"Accept": f"application/json; version={version}"}


def first(client: Client, path: str) -> Any:
    """Ask the first version."""
    return client.get(path, headers=asking("1.0"))


def second(client: Client, path: str) -> Any:
    """Ask the second version."""
    return client.get(path, headers=asking("2.0"))
{% else %}
def first(client: Client, path: str) -> Any:
    """Ask the first version."""
    return client.get(f"/api/v1{path}")


def second(client: Client, path: str) -> Any:
    """Ask the second version."""
    return client.get(f"/api/v2{path}")
{% endif %}


@contextmanager
def several_versions(**settings: str) -> Iterator[Flask]:
    """An application with the README's two versions, and a third with one more address."""
    offered = [*documented_versions(), Version("2.1", v1 | {"/new": New})]
    with other_app(make=partial(create_app, versions=offered), **settings) as app:
        yield app


@pytest.fixture(scope="module")
def several(app: Flask) -> Iterator[Flask]:
    with several_versions() as several:
        yield several


def test_responses_tell_their_version(client: Client) -> None:
    assert client.get("/posts").headers["API-Version"] == "1.0"
    assert client.get("/nothing").headers["API-Version"] == "1.0"
    assert client.get("/users/me").headers["API-Version"] == "1.0"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_what_is_outside_of_versions_has_none(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert not {"API-Version", "Vary"} & set(headers.keys())


def test_version_that_nobody_retires_says_nothing_of_it(client: Client) -> None:
    headers = client.get("/posts/1").headers
    assert not {"Deprecation", "Sunset", "Link"} & set(headers.keys())


def test_addresses_are_those_that_a_client_uses(app: Flask) -> None:
    author = client_of(app, make_user(app))
    body = {"title": "A title", "content": "Some text.", "published": True}
    created = author.post("/posts", json=body)
    assert created.headers["Location"] == f"{BASE}/posts/{created.json['id']}"
    assert author.get(created.headers["Location"]).json == created.json
    author.post("/posts", json=body)
    listed = author.get("/posts?per_page=1")
    assert links(listed)["next"].startswith(f"{BASE}/posts?per_page=1&cursor=")
    assert author.get(links(listed)["next"]).json[0]["id"] == created.json["id"]


def test_url_for_gives_the_address_that_a_client_uses(app: Flask) -> None:
    with app.test_request_context():
        assert url_for("v1.PostItem", id=7) == f"{BASE}/posts/7"


def test_versions_answer_side_by_side(several: Flask) -> None:
    post = make_post(several, make_user(several))
    client = new_client(several)
    old, new = first(client, "/posts"), second(client, "/posts")
    assert [item["id"] for item in old.json] == [item["id"] for item in new.json] == [post.id]
    assert old.json[0].keys() - new.json[0].keys() == {"content"}
    assert [old.headers["API-Version"], new.headers["API-Version"]] == ["1.0", "2.0"]


def test_second_version_inherits_the_routes_of_the_first(several: Flask) -> None:
    post = make_post(several, make_user(several))
    client = new_client(several)
    old, new = first(client, f"/posts/{post.id}"), second(client, f"/posts/{post.id}")
    assert old.json == new.json
    assert [old.headers["API-Version"], new.headers["API-Version"]] == ["1.0", "2.0"]


def test_versions_do_not_share_cached_answers(several: Flask) -> None:
    post = make_post(several, make_user(several))
    client = new_client(several)
    for ask in (first, second):
        assert ask(client, f"/posts/{post.id}").headers["X-Cache"] == "MISS"
        assert ask(client, f"/posts/{post.id}").headers["X-Cache"] == "HIT"


def test_version_on_its_way_out_says_so(several: Flask) -> None:
    client = new_client(several)
    for response in (first(client, "/posts"), first(client, "/posts"), first(client, "/posts/0")):
        assert response.headers["Deprecation"] == "@1798761600"
        assert response.headers["Sunset"] == "Sat, 01 Jan 2028 00:00:00 GMT"
        assert 'rel="successor-version"' in ", ".join(response.headers.getlist("Link"))
    assert "Deprecation" not in second(client, "/posts").headers


def test_each_version_has_its_own_document(several: Flask) -> None:
    client = new_client(several)
    old, new = (ask(client, "/openapi.json").json for ask in (first, second))
    assert [old["info"]["version"], new["info"]["version"]] == ["1.0", "2.0"]
    assert set(old["paths"]) == set(new["paths"])
    shown = [document["components"]["schemas"] for document in (old, new)]
    assert ["ListedPost" in schemas for schemas in shown] == [False, True]
    assert "content" not in shown[1]["ListedPost"]["properties"]
    assert [tag["name"] for tag in old["tags"]] == [tag["name"] for tag in new["tags"]]
    assert old["paths"]["/users/me"]["get"]["deprecated"]
    assert "deprecated" not in new["paths"]["/users/me"]["get"]


{% if header %}
@pytest.mark.parametrize(
    ("accept", "version"),
    [
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
def test_accept_picks_the_version(several: Flask, accept: str, version: str) -> None:
    response = new_client(several).get("/users", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["API-Version"] == version
    assert "Accept" in response.vary


def test_missing_accept_means_the_default_version(several: Flask) -> None:
    assert new_client(several).get("/users").headers["API-Version"] == "1.0"


@pytest.mark.parametrize(
    ("version", "named"),
    [("9.9", "9.9"), ("2", "2"), ("1.1", "1.1"), ("1.0.0", "1.0.0"), ("x" * 99, "x" * 20)],
)
def test_unknown_version_is_400_that_names_the_known_ones(
    client: Client, version: str, named: str
) -> None:
    response = client.get("/posts", headers=asking(version))
    message = f"API version {named} not supported. Supported versions: 1.0"
    assert refusal(response) == (400, message)
    assert response.content_type == "application/problem+json"
    assert response.headers["API-Version"] == "1.0"
    assert "Accept" in response.vary


def test_unknown_version_comes_before_everything_else(client: Client) -> None:
    assert client.get("/nothing", headers=asking("9.9")).status_code == 400
    assert client.delete("/posts", headers=asking("9.9")).status_code == 400


def test_every_answer_varies_with_accept(client: Client) -> None:
    responses = [client.get("/posts"), client.get("/nothing"), client.post("/auth/login")]
    assert all("Accept" in response.vary for response in responses)


@pytest.mark.parametrize("path", ["/api/v1/posts", "/api/1.0/posts", "/api/v2/posts", "/api/"])
def test_version_is_no_part_of_an_address(several: Flask, path: str) -> None:
    assert new_client(several).get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "version"),
    [("/posts", 200, "1.0"), ("/new", 200, "2.1"), ("/nothing", 404, "1.0")],
)
def test_browsers_get_permission_for_an_address_of_any_version(
    several: Flask, path: str, status: int, version: str
) -> None:
    """They send no version when they ask for it."""
    asked = {"Accept": "*/*", "Access-Control-Request-Method": "GET"}
    response = new_client(several).options(path, headers=asked)
    assert (response.status_code, response.headers["API-Version"]) == (status, version)


def test_default_version_is_a_setting(app: Flask) -> None:
    with several_versions(API_DEFAULT_VERSION="2.0") as newer:
        client = new_client(newer)
        assert client.get("/posts").headers["API-Version"] == "2.0"
        assert client.get("/posts", headers=asking("1")).headers["API-Version"] == "1.0"


def test_default_version_must_exist(app: Flask) -> None:
    message = "API_DEFAULT_VERSION must be one of 1.0, not '3.0'."
    with pytest.raises(ConfigError, match=message), other_app(API_DEFAULT_VERSION="3.0"):
        pass
{% else %}
@pytest.mark.parametrize("path", ["/api/posts", "/api/v2/posts", "/api/v1.0/posts", "/api/v1"])
def test_address_without_a_known_version_is_404(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert "API-Version" not in response.headers


def test_accept_does_not_pick_a_version(client: Client) -> None:
    response = client.get("/posts", headers={"Accept": "application/json; version=9.9"})
    assert response.status_code == 200
    assert "Accept" not in response.vary


def test_minor_version_has_its_number_in_the_path(several: Flask) -> None:
    client = new_client(several)
    for path, number in (("/api/v2/users", "2.0"), ("/api/v2.1/users", "2.1")):
        assert client.get(path).headers["API-Version"] == number
    with several.test_request_context():
        assert url_for("v2_1.PostItem", id=7) == "/api/v2.1/posts/7"
{% endif %}
