"""A shared cache in front: nginx never gives a client what another one was told."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import requests
from matrix.combinations import Combination
from matrix.services import Servers, Unavailable, free_port, program
from recipes import recipes

from live.api import PASSWORD, Api, do_without, listening, served

FRESH_SECONDS = 10
HEADER_MODE = Combination.of(versioning="header")
ORIGINS = ["https://one.example", "https://two.example"]

NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=api:1m;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {upstream};
            proxy_set_header Host $http_host;
            proxy_cache api;
            proxy_cache_revalidate on;
            add_header X-Proxy-Cache $upstream_cache_status always;
            add_header X-Upstream-Status $upstream_status always;
            {rules}
        }}
    }}
}}
"""
OBEDIENT = ""
# Serves its copies without revalidating, against what the API says: only `Vary` is obeyed.
STUBBORN = f"proxy_ignore_headers Cache-Control; proxy_cache_valid 200 {FRESH_SECONDS}s;"
# Asks again after a second; keeps nothing of callers with credentials.
REVALIDATING = """
            proxy_ignore_headers Cache-Control; proxy_cache_valid 200 1s;
            proxy_no_cache $http_authorization;
"""


def add_second_version(project: Path) -> None:
    """Follow the recipe of the project's README."""

    def run(*words: str) -> None:
        raise AssertionError(f"the recipe runs {' '.join(words)}")

    recipes(project)["Add a version"].follow(project, run)


@dataclass
class Site:
    """A served project with two versions, two callers, a published post and a draft."""

    api: Api
    author: str
    reader: str
    post: str
    draft: str

    def write(self, title: str) -> None:
        """Change the title of the published post, past every proxy."""
        self.api.call("PATCH", self.post, self.author, json={"title": title})


@dataclass
class Proxy:
    """A caching nginx in front of a site."""

    origin: str

    def get(self, path: str, headers: dict[str, str] | None = None) -> requests.Response:
        """Ask for a path below the base of the API."""
        return requests.get(f"{self.origin}/api{path}", headers=headers, timeout=30)


@pytest.fixture(scope="module")
def site(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    origins = ",".join(ORIGINS)
    with served(HEADER_MODE, servers, folder, add_second_version, CORS_ORIGINS=origins) as api:
        author = api.admin()
        account = {"username": "reader", "email": "reader@example.com", "password": PASSWORD}
        api.call("POST", "/auth/register", expect=201, json=account)
        paths = []
        for published in (True, False):
            body = {"title": "The first title", "content": "A text.", "published": published}
            post = api.call("POST", "/posts", author, 201, json=body).json()
            paths.append(f"/posts/{post['id']}")
        yield Site(api, author, api.log_in("reader"), *paths)


@contextmanager
def proxy(site: Site, folder: Path, rules: str) -> Iterator[Proxy]:
    """Run nginx with these rules in front of a site."""
    try:
        nginx = program("nginx")
    except Unavailable as reason:
        do_without(f"{reason}: install the package nginx-light")
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(
        NGINX.format(folder=folder, port=port, upstream=site.api.origin, rules=rules), "utf-8"
    )
    command = [nginx, "-p", str(folder), "-c", str(config), "-e", "stderr"]
    with listening(command, port, folder / "nginx.log"):
        yield Proxy(f"http://127.0.0.1:{port}")


def told(response: requests.Response) -> dict[str, Any]:
    """A response as its client sees it, without what is new in every response."""
    headers = ("API-Version", "Access-Control-Allow-Origin", "Cache-Control", "ETag", "Link")
    body = response.json()
    if isinstance(body, dict):
        body.pop("request_id", None)
    named = {name: response.headers.get(name) for name in headers}
    return {"status": response.status_code, "body": body, **named}


def callers(site: Site) -> list[dict[str, str]]:
    """Clients that differ in what they accept, in who they are and in where they come from."""
    accepted = [
        *(None, "*/*", "application/json; version=1.0", "application/json; version=2.0"),
        *("application/json;version=2", "application/json; version=9.9"),
    ]
    tokens = [None, f"Bearer {site.author}", f"Bearer {site.reader}"]
    origins = [None, "https://evil.example", *ORIGINS]
    return [
        {name: value for name, value in zip(("Accept", "Authorization", "Origin"), one, strict=True)
         if value}
        for one in product(accepted, tokens, origins)
    ]  # fmt: skip


@pytest.mark.parametrize("rules", [OBEDIENT, STUBBORN], ids=["obedient", "stubborn"])
def test_each_client_gets_its_own_answer(site: Site, tmp_path: Path, rules: str) -> None:
    statuses: Counter[str] = Counter()
    with proxy(site, tmp_path, rules) as cache:
        for path in ("/posts", site.post, site.draft, "/users"):
            direct = [told(Proxy(site.api.origin).get(path, one)) for one in callers(site)]
            asked = list(zip(callers(site), direct, strict=True))
            # The first pass stores, the others find, also what was stored before another.
            for order in (asked, asked, asked[::-1]):
                for headers, expected in order:
                    response = cache.get(path, headers)
                    statuses[response.headers["X-Proxy-Cache"]] += 1
                    assert told(response) == expected, (path, headers)
    # Else nothing was shown.
    assert bool(statuses["HIT"]) is (rules == STUBBORN)


def test_versions_differ_in_what_is_kept_apart(site: Site) -> None:
    texts = {
        requests.get(f"{site.api.base}/posts", headers={"Accept": accept}, timeout=30).text
        for accept in ("application/json; version=1.0", "application/json; version=2.0")
    }
    assert len(texts) == 2


def test_draft_goes_from_the_cache_to_nobody_else(site: Site, tmp_path: Path) -> None:
    with proxy(site, tmp_path, STUBBORN) as cache:
        author = {"Authorization": f"Bearer {site.author}"}
        for path in (site.draft, "/posts?published=false"):
            assert "The first title" in cache.get(path, author).text
            assert cache.get(path, author).headers["X-Proxy-Cache"] == "HIT"
            for other in ({}, {"Authorization": f"Bearer {site.reader}"}, {"Authorization": "x"}):
                response = cache.get(path, other)
                assert "The first title" not in response.text
                assert response.headers["X-Proxy-Cache"] == "MISS"


@pytest.mark.parametrize("rules", [OBEDIENT, REVALIDATING], ids=["obedient", "revalidating"])
def test_private_answers_are_not_stored(site: Site, tmp_path: Path, rules: str) -> None:
    with proxy(site, tmp_path, rules) as cache:
        author = {"Authorization": f"Bearer {site.author}"}
        for path in (site.draft, site.post, "/posts?published=false", "/users/me", "/admin/users"):
            for _ in range(3):
                response = cache.get(path, author)
                assert response.status_code == 200
                assert "private" in response.headers["Cache-Control"]
                assert response.headers["X-Proxy-Cache"] == "MISS"
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_write_shows_at_once(site: Site, tmp_path: Path) -> None:
    with proxy(site, tmp_path, OBEDIENT) as cache:
        for number in range(5):
            site.write(f"Title number {number}")
            assert cache.get(site.post).json()["title"] == f"Title number {number}"
            assert cache.get("/posts").json()[0]["title"] == f"Title number {number}"
    site.write("The first title")


def test_stale_answer_is_revalidated(site: Site, tmp_path: Path) -> None:
    with proxy(site, tmp_path, REVALIDATING) as cache:
        first = cache.get(site.post)
        assert first.headers["X-Proxy-Cache"] == "MISS"
        again = once_stale(cache, site.post)
        assert again.headers["X-Proxy-Cache"] == "REVALIDATED"
        assert again.headers["X-Upstream-Status"] == "304"
        assert told(again) == told(first)
        site.write("Another title")
        changed = once_stale(cache, site.post)
        assert changed.headers["X-Proxy-Cache"] == "EXPIRED"
        assert changed.json()["title"] == "Another title"
    site.write("The first title")


def once_stale(cache: Proxy, path: str) -> requests.Response:
    """The first answer that is no mere copy any more."""
    deadline = time.monotonic() + FRESH_SECONDS
    while time.monotonic() < deadline:
        response = cache.get(path)
        if response.headers["X-Proxy-Cache"] != "HIT":
            return response
        time.sleep(0.05)
    raise AssertionError("the copy never got stale")
