"""The cache: public answers, until something they show is written."""

from collections.abc import Callable, Iterator
{% if cookiecutter.cache_backend == 'memcached' %}
from concurrent.futures import ThreadPoolExecutor
{% endif %}
from functools import partial
{% if cookiecutter.cache_backend == 'simple' %}
from pathlib import Path
{% endif %}
from typing import Any

import pytest
from flask import Flask
{% if cookiecutter.cache_backend != 'simple' %}
from flask_migrate import upgrade
{% endif %}
from sqlalchemy import event, text, update
from werkzeug.test import TestResponse

from app import db
from app.api.cache import LARGEST
{% if cookiecutter.cache_backend == 'memcached' %}
from app.backend.entries import cache, cache_or_none
{% endif %}
from app.models.post import Post
from tests.support.answers import PUBLIC_USER, ids
from tests.support.apps import other_app
from tests.support.client import Client, bearer, new_client
from tests.factories import PASSWORD, client_of, make_admin, make_post, make_user
{% if cookiecutter.cache_backend != 'simple' %}
from tests.support.relay import Line, line_to
{% endif %}
from tests.support.statements import apart

NAMES = ["/users", "/users/{user}", "/users/{user}/posts", "/posts", "/posts/{post}"]
{% if cookiecutter.cache_backend == 'memcached' %}
THREADS = 8  # as the server has
{% endif %}


class Blog:
    """A user with a published post and a draft."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.user = make_user(app)
        self.post = make_post(app, self.user, title="A title")
        self.draft = make_post(app, self.user, title="A draft", published=False)
        self.reader = new_client(app)

    def path(self, name: str) -> str:
        return name.format(user=self.user.id, post=self.post.id)

    def read(self, name: str) -> TestResponse:
        response = self.reader.get(self.path(name))
        assert response.status_code == 200, response.text
        return response

    def warm(self, name: str) -> TestResponse:
        """Read until the cache has it."""
        assert self.read(name).headers["X-Cache"] == "MISS"
        response = self.read(name)
        assert response.headers["X-Cache"] == "HIT"
        return response


@pytest.fixture
def blog(app: Flask) -> Blog:
    return Blog(app)


@pytest.mark.parametrize("name", NAMES)
def test_second_reader_gets_the_same_from_the_cache(blog: Blog, name: str) -> None:
    first = blog.read(name)
    second = new_client(blog.app).get(blog.path(name))
    assert [first.headers["X-Cache"], second.headers["X-Cache"]] == ["MISS", "HIT"]
    assert first.data == second.data
    own = {"Date", "X-Cache", "X-Request-ID", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
    kept = ({k: v for k, v in r.headers.items() if k not in own} for r in (first, second))
    assert next(kept) == next(kept)


def test_order_of_query_parameters_does_not_matter(blog: Blog) -> None:
    first = blog.read("/posts?per_page=5&total=true")
    second = blog.read("/posts?total=true&per_page=5")
    assert second.headers["X-Cache"] == "HIT"
    assert second.headers["X-Total-Count"] == first.headers["X-Total-Count"] == "1"


def test_different_queries_are_different_entries(blog: Blog) -> None:
    blog.warm("/posts")
    assert blog.read("/posts?user_id=2147483647").json == []
    assert blog.read("/posts?per_page=5").headers["X-Cache"] == "MISS"
    assert blog.read("/posts?per_page=6").headers["X-Cache"] == "MISS"


def test_head_takes_part(blog: Blog) -> None:
    blog.warm("/posts")
    response = blog.reader.head("/posts")
    assert response.headers["X-Cache"] == "HIT"
    assert response.data == b""


@pytest.mark.parametrize("name", NAMES)
def test_reader_with_credentials_does_not_fill_the_cache(blog: Blog, name: str) -> None:
    response = client_of(blog.app, blog.user).get(blog.path(name))
    assert "X-Cache" not in response.headers
    assert blog.read(name).headers["X-Cache"] == "MISS"


@pytest.mark.parametrize("name", NAMES)
def test_reader_with_credentials_does_not_read_the_cache(blog: Blog, name: str) -> None:
    author = client_of(blog.app, blog.user)
    blog.warm(name)
    assert "X-Cache" not in author.get(blog.path(name)).headers


def test_own_view_of_a_user_is_never_another_ones(blog: Blog) -> None:
    author = client_of(blog.app, blog.user)
    public, own = blog.warm("/users/{user}").json, author.get(f"/users/{blog.user.id}").json
    assert set(public or ()) == PUBLIC_USER
    assert own["email"] == blog.user.email
    assert blog.read("/users/{user}").json == public


def test_drafts_are_never_in_the_cache(blog: Blog) -> None:
    author = client_of(blog.app, blog.user)
    assert ids(author.get("/posts?published=false")) == [blog.draft.id]
    assert author.get(f"/posts/{blog.draft.id}").status_code == 200
    assert blog.reader.get("/posts?published=false").status_code == 401
    assert blog.reader.get(f"/posts/{blog.draft.id}").status_code == 404


def test_dead_token_is_refused_where_the_cache_has_an_answer(blog: Blog) -> None:
    blog.warm("/posts")
    refused = blog.reader.get("/posts", headers={"Authorization": "Bearer a.b.c"})
    assert refused.status_code == 401


def test_errors_are_never_cached(blog: Blog) -> None:
    for _ in range(2):
        for path in (f"/posts/{blog.draft.id}", "/posts?per_page=0", "/users/2147483647"):
            response = blog.reader.get(path)
            assert response.status_code in {404, 422}
            assert "X-Cache" not in response.headers
    client_of(blog.app, blog.user).patch(f"/posts/{blog.draft.id}", json={"published": True})
    assert blog.reader.get(f"/posts/{blog.draft.id}").status_code == 200


def by_author(blog: Blog) -> None:
    author = client_of(blog.app, blog.user)
    response = author.patch(f"/posts/{blog.post.id}", json={"title": "Another title"})
    assert response.status_code == 200


def by_unit_of_work(blog: Blog) -> None:
    with blog.app.app_context():
        post = db.session.get_one(Post, blog.post.id)
        post.title = "Another title"
        db.session.commit()


def by_bulk_update(blog: Blog) -> None:
    with blog.app.app_context():
        db.session.execute(update(Post).values(title="Another title"))
        db.session.commit()


def by_plain_sql(blog: Blog) -> None:
    with blog.app.app_context():
        db.session.execute(text("UPDATE posts SET title = 'Another title'"))
        db.session.commit()


def around_savepoints(blog: Blog) -> None:
    with blog.app.app_context():
        db.session.execute(update(Post).values(title="Another title"))
        db.session.begin_nested().commit()
        # Others read what was there before, and may keep it.
        for name in NAMES:
            apart(partial(blog.read, name))
        db.session.begin_nested().rollback()
        db.session.commit()


WRITERS = [by_author, by_unit_of_work, by_bulk_update, by_plain_sql, around_savepoints]


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
@pytest.mark.parametrize("name", ["/posts", "/posts/{post}", "/users/{user}/posts"])
def test_committed_write_shows_at_once(
    blog: Blog, name: str, write: Callable[[Blog], None]
) -> None:
    blog.warm(name)
    write(blog)
    response = blog.read(name)
    assert response.headers["X-Cache"] == "MISS"
    assert "Another title" in response.text


def test_rollback_leaves_the_cache_alone(blog: Blog) -> None:
    blog.warm("/posts")
    with blog.app.app_context():
        db.session.execute(update(Post).values(title="Another title"))
        db.session.rollback()
        db.session.commit()
    assert blog.read("/posts").headers["X-Cache"] == "HIT"


def test_refused_write_leaves_the_cache_alone(blog: Blog) -> None:
    author = client_of(blog.app, blog.user)
    blog.warm("/posts")
    assert author.post("/posts", json={"title": "No"}).status_code == 422
    assert blog.read("/posts").headers["X-Cache"] == "HIT"


def test_login_leaves_the_cache_alone(blog: Blog) -> None:
    blog.warm("/posts")
    assert new_client(blog.app).log_in(blog.user.username, PASSWORD).status_code == 200
    assert blog.read("/posts").headers["X-Cache"] == "HIT"


def test_command_shows_in_lists_at_once(blog: Blog) -> None:
    blog.warm("/users")
    blog.warm("/posts")
    blog.app.test_cli_runner().invoke(args=["seed-demo"])
    assert len(ids(blog.read("/users"))) == 3
    assert len(ids(blog.read("/posts"))) == 19


@pytest.mark.parametrize("name", ["/posts", "/posts/{post}", "/users/{user}/posts", "/users"])
def test_new_name_of_a_user_shows_at_once(blog: Blog, name: str) -> None:
    author = client_of(blog.app, blog.user)
    blog.warm(name)
    author.patch(f"/users/{blog.user.id}", json={"username": "somebody.else"})
    assert "somebody.else" in blog.read(name).text


{% if cookiecutter.cache_backend != 'simple' %}
def test_migration_leaves_nothing_old_behind(blog: Blog) -> None:
    blog.warm("/posts")
    with blog.app.app_context():
        upgrade()
    assert blog.read("/posts").headers["X-Cache"] == "MISS"


{% endif %}
def test_deleted_user_is_gone_at_once_with_all_posts(blog: Blog) -> None:
    author = client_of(blog.app, blog.user)
    for name in NAMES:
        blog.warm(name)
    assert author.delete(f"/users/{blog.user.id}").status_code == 204
    for name in ("/users/{user}", "/users/{user}/posts", "/posts/{post}"):
        assert blog.reader.get(blog.path(name)).status_code == 404
    assert blog.read("/users").json == blog.read("/posts").json == []


def test_user_who_was_locked_is_gone_at_once(blog: Blog) -> None:
    admin = client_of(blog.app, make_admin(blog.app))
    blog.warm("/users/{user}")
    admin.patch(f"/admin/users/{blog.user.id}", json={"is_active": False})
    assert blog.reader.get(f"/users/{blog.user.id}").status_code == 404


def test_large_page_is_read_anew(blog: Blog) -> None:
    with blog.app.app_context():
        db.session.execute(update(Post).values(content="x" * LARGEST))
        db.session.commit()
    for _ in range(2):
        assert blog.read("/posts").headers["X-Cache"] == "MISS"
    blog.warm("/users")


@pytest.fixture
def overtaking(blog: Blog) -> Iterator[None]:
    """Let another process change the post right after a reader's query has been answered."""
    overtaken: list[str] = []

    def overtake(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("SELECT posts.") and not overtaken:
            overtaken.append(statement)
            by_bulk_update(blog)

    with blog.app.app_context():
        engine = db.engine
    event.listen(engine, "after_cursor_execute", overtake)
    yield
    event.remove(engine, "after_cursor_execute", overtake)


def test_slow_reader_leaves_nothing_old_behind(blog: Blog, overtaking: None) -> None:
    assert "Another title" not in blog.read("/posts/{post}").text
    assert "Another title" in blog.read("/posts/{post}").text


def test_cache_can_be_switched_off(app: Flask) -> None:
    with other_app(CACHE_TYPE="NullCache") as other:
        client = new_client(other)
        for _ in range(2):
            response = client.get("/posts")
            assert response.status_code == 200
            assert response.headers["X-Cache"] == "MISS"


{% if cookiecutter.cache_backend == 'simple' %}
def test_reads_go_on_where_writers_can_leave_no_word(blog: Blog, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with other_app(CACHE_DIR=str(tmp_path / "file" / "cache")) as other:
        blog.app, blog.reader = other, new_client(other)
        for title in ("A title", "Another title"):
            response = blog.read("/posts/{post}")
            assert response.headers["X-Cache"] == "MISS"
            assert response.json["title"] == title
            by_author(blog)
{% else %}
@pytest.fixture
def line(app: Flask) -> Iterator[Line]:
{% if cookiecutter.cache_backend == 'redis' %}
    with line_to(app.config["CACHE_REDIS_URL"], 6379) as line:
        yield line
{% else %}
    with line_to(app.config["CACHE_MEMCACHED_SERVERS"][0], 11211) as line:
        yield line
{% endif %}


def test_service_goes_on_while_the_store_is_away(blog: Blog, line: Line) -> None:
    with other_app({{ 'CACHE_REDIS_URL' if cookiecutter.cache_backend == 'redis' else 'CACHE_MEMCACHED_SERVERS' }}=line.address) as other:
        blog.app, blog.reader = other, new_client(other)
        blog.warm("/posts/{post}")
        line.cut()
        for title in ("A title", "Another title"):
            response = blog.read("/posts/{post}")
            assert response.headers["X-Cache"] == "MISS"
            assert response.json["title"] == title
            by_author(blog)


def test_store_that_is_back_shows_nothing_old(blog: Blog, line: Line) -> None:
    with other_app({{ 'CACHE_REDIS_URL' if cookiecutter.cache_backend == 'redis' else 'CACHE_MEMCACHED_SERVERS' }}=line.address) as other:
        blog.app, blog.reader = other, new_client(other)
        blog.warm("/posts/{post}")
        line.cut()
        by_author(blog)
        line.mend()
        assert blog.warm("/posts/{post}").json["title"] == "Another title"
{% endif %}
{% if cookiecutter.cache_backend == 'memcached' %}


def test_store_that_many_threads_missed_is_used_again(blog: Blog, line: Line) -> None:
    with other_app(CACHE_MEMCACHED_SERVERS=line.address) as other:
        blog.app, blog.reader = other, new_client(other)

        def write(number: int) -> None:
            # Nothing but this: what threads do to each other would be another error.
            with other.app_context(), pytest.raises(ConnectionRefusedError):
                cache.set(f"key-{number}", "value")

        line.cut()
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(write, range(20 * THREADS)))
        line.mend()
        blog.warm("/posts/{post}")


def test_entry_goes_to_the_one_server_that_is_asked_for_it(app: Flask, line: Line) -> None:
    servers = [*app.config["CACHE_MEMCACHED_SERVERS"], line.address]
    with other_app(CACHE_MEMCACHED_SERVERS=", ".join(servers)) as other, other.app_context():
        keys = [f"key-{number}" for number in range(20)]
        for key in keys:
            assert cache.add(key, key)
        assert not cache.add(keys[0], "another")
        assert cache.delete(keys[1])
        assert cache.get_many(*keys) == [keys[0], None, *keys[2:]]
        line.cut()
        reached = [key for key in keys if cache_or_none(cache.get, key)]
        assert 0 < len(reached) < len(keys) - 1
{% endif %}


def test_public_answers_must_be_checked_by_caches_on_the_way(blog: Blog) -> None:
    for name in NAMES:
        for response in (blog.read(name), blog.read(name)):
            assert response.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
            assert "Authorization" in response.vary
{% if cookiecutter.versioning == 'header' %}
            assert "Accept" in response.vary
{% endif %}


def test_answers_to_credentials_are_private(blog: Blog) -> None:
    author = client_of(blog.app, blog.user)
    for path in (*map(blog.path, NAMES), "/users/me"):
        assert author.get(path).headers["Cache-Control"] == "private, no-cache"


def test_answers_of_the_account_doors_are_not_stored(client: Client) -> None:
    person = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
    responses = [
        client.post("/auth/register", json=person),
        client.log_in(person["username"], person["password"]),
        client.post("/auth/login", json={}),
    ]
    responses.append(client.post("/auth/refresh", headers=bearer(client.refresh_token)))
    responses.append(client.post("/auth/logout"))
    assert [response.status_code for response in responses] == [201, 200, 400, 200, 204]
    assert {response.headers["Cache-Control"] for response in responses} == {"no-store"}


def test_answers_to_writes_are_not_stored(blog: Blog) -> None:
    author = client_of(blog.app, blog.user)
    responses = [
        author.post("/posts", json={"title": "A third one", "content": "Some text."}),
        author.patch(f"/posts/{blog.post.id}", json={"published": False}),
        author.delete(f"/posts/{blog.post.id}"),
    ]
    assert [response.status_code for response in responses] == [201, 200, 204]
    assert {response.headers["Cache-Control"] for response in responses} == {"no-store"}


@pytest.mark.parametrize("name", ["/users/{user}", "/posts/{post}"])
def test_reader_who_has_it_already_gets_304(blog: Blog, name: str) -> None:
    etag = blog.read(name).headers["ETag"]
    assert not etag.startswith("W/")
    for given in (etag, f'"other", {etag}', "*"):
        response = blog.reader.get(blog.path(name), headers={"If-None-Match": given})
        assert response.status_code == 304
        assert response.data == b""
        assert response.headers["ETag"] == etag
        assert response.headers["Cache-Control"] == "public, max-age=0, must-revalidate"


def test_reader_who_has_an_old_one_gets_the_new_one(blog: Blog) -> None:
    etag = blog.read("/posts/{post}").headers["ETag"]
    by_author(blog)
    response = blog.reader.get(f"/posts/{blog.post.id}", headers={"If-None-Match": etag})
    assert response.status_code == 200
    assert response.headers["ETag"] != etag


def test_caller_with_credentials_gets_304_too(blog: Blog) -> None:
    author = client_of(blog.app, blog.user)
    etag = author.get("/users/me").headers["ETag"]
    assert author.get("/users/me", headers={"If-None-Match": etag}).status_code == 304
    assert blog.read("/users/{user}").headers["ETag"] != etag
