{% set setting = {'redis': 'CACHE_REDIS_URL', 'memcached': 'CACHE_MEMCACHED_SERVERS'} %}
"""The cache: public responses, until something that they show is written."""

{% if cookiecutter.cache_backend in ('redis', 'memcached') %}
import pickle
{% endif %}
from collections.abc import Callable, Iterator
{% if cookiecutter.cache_backend == 'memcached' %}
from concurrent.futures import ThreadPoolExecutor
{% endif %}
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from marshmallow import Schema, fields
{% if cookiecutter.cache_backend == 'redis' %}
from redis import Redis
{% elif cookiecutter.cache_backend == 'memcached' %}
from pymemcache import PooledClient  # type: ignore[import-untyped]
{% endif %}
from sqlalchemy import delete, event, func, insert, select, text, update
from sqlalchemy.orm import joinedload, selectinload, subqueryload
from werkzeug.test import TestResponse

from app import db
from app.api.cache import LARGEST
from app.api.framework import Resource
from app.api.operation import cached, returns
from app.api.versions import Version
from app.backend import entries
{% if cookiecutter.cache_backend == 'redis' %}
from app.backend.entries import cache
{% elif cookiecutter.cache_backend == 'memcached' %}
from app.backend.entries import cache, cache_or_none
{% endif %}
from tests.kit.things import (
    ROUTES,
    Tag,
    Thing,
    another_kit_app,
    caller_of,
    make_thing,
    thing_tags,
)
from tests.support.answers import links
from tests.support.client import Client, new_client
{% if cookiecutter.cache_backend in ('redis', 'memcached') %}
from tests.support.relay import Line, line_to
{% endif %}
from tests.support.statements import apart
{% if cookiecutter.cache_backend == 'memcached' %}

THREADS = 8  # as the server has
{% endif %}


def read(client: Client, path: str) -> TestResponse:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return response


def warm(client: Client, path: str) -> TestResponse:
    """Read until the cache has it."""
    assert read(client, path).headers["X-Cache"] == "MISS"
    response = read(client, path)
    assert response.headers["X-Cache"] == "HIT"
    return response


@pytest.mark.parametrize("path", ["/things", "/things/{id}"])
def test_second_reader_gets_the_same_response_from_the_cache(
    app: Flask, client: Client, path: str
) -> None:
    path = path.format(id=make_thing(app).id)
    first, second = read(client, path), read(new_client(app), path)
    assert [first.headers["X-Cache"], second.headers["X-Cache"]] == ["MISS", "HIT"]
    assert first.data == second.data
    own = {"Date", "X-Cache", "X-Request-ID", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
    kept = [{k: v for k, v in r.headers.items() if k not in own} for r in (first, second)]
    assert kept[0] == kept[1]


def test_each_query_is_an_entry_regardless_of_parameter_order(app: Flask, client: Client) -> None:
    make_thing(app)
    first = read(client, "/things?per_page=5&total=true")
    again = read(client, "/things?total=true&per_page=5")
    assert [first.headers["X-Cache"], again.headers["X-Cache"]] == ["MISS", "HIT"]
    assert again.headers["X-Total-Count"] == "1"
    assert read(client, "/things?per_page=6").headers["X-Cache"] == "MISS"


def test_address_without_parameters_is_one_entry(app: Flask, client: Client) -> None:
    path = f"/things/{make_thing(app).id}"
    warm(client, path)
    assert read(client, f"{path}?appended=1").headers["X-Cache"] == "HIT"


def test_head_request_shares_the_entry_of_get(app: Flask, client: Client) -> None:
    path = f"/things/{make_thing(app).id}"
    assert client.head(path).headers["X-Cache"] == "MISS"
    assert read(client, path).headers["X-Cache"] == "HIT"
    response = client.head(path)
    assert (response.headers["X-Cache"], response.data) == ("HIT", b"")


def test_request_with_credentials_neither_reads_nor_fills_the_cache(
    app: Flask, client: Client
) -> None:
    path = f"/things/{make_thing(app).id}"
    caller = caller_of(app)
    assert "X-Cache" not in read(caller, path).headers
    warm(client, path)
    assert "X-Cache" not in read(caller, path).headers
    refused = client.get(path, headers={"Authorization": "Bearer a.b.c"})
    assert refused.status_code == 401


def test_secret_things_never_reach_the_cache(app: Flask, client: Client) -> None:
    path = f"/things/{make_thing(app, secret=True).id}"
    assert caller_of(app).get(path).status_code == 200
    assert client.get(path).status_code == 404
    assert caller_of(app).get("/things").json != []
    assert read(client, "/things").json == []


@pytest.mark.parametrize(("path", "status"), [("/things/{id}", 404), ("/things?per_page=0", 422)])
def test_errors_are_not_cached(app: Flask, client: Client, path: str, status: int) -> None:
    thing = make_thing(app, secret=True)
    for _ in range(2):
        response = client.get(path.format(id=thing.id))
        assert response.status_code == status
        assert "X-Cache" not in response.headers


def by_request(app: Flask, thing: Thing) -> None:
    response = caller_of(app).patch(f"/things/{thing.id}", json={"name": "renamed"})
    assert response.status_code == 200


def by_unit_of_work(app: Flask, thing: Thing) -> None:
    """Write as a command does."""
    with app.app_context():
        db.session.get_one(Thing, thing.id).name = "renamed"
        db.session.commit()


def by_bulk_update(app: Flask, thing: Thing) -> None:
    with app.app_context():
        db.session.execute(update(Thing).values(name="renamed"))
        db.session.commit()


def by_plain_sql(app: Flask, thing: Thing) -> None:
    with app.app_context():
        db.session.execute(text("UPDATE kit_things SET name = 'renamed'"))
        db.session.commit()


def around_savepoints(app: Flask, thing: Thing) -> None:
    with app.app_context():
        db.session.execute(update(Thing).values(name="renamed"))
        db.session.begin_nested().commit()
        # Others read what was there before, and may keep it.
        apart(lambda: read(new_client(app), f"/things/{thing.id}"))
        db.session.begin_nested().rollback()
        db.session.commit()


WRITERS = [by_request, by_unit_of_work, by_bulk_update, by_plain_sql, around_savepoints]


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_committed_write_shows_at_once(
    app: Flask, client: Client, write: Callable[[Flask, Thing], None]
) -> None:
    thing = make_thing(app)
    for path in ("/things", f"/things/{thing.id}"):
        warm(client, path)
    write(app, thing)
    for path in ("/things", f"/things/{thing.id}"):
        response = read(client, path)
        assert response.headers["X-Cache"] == "MISS"
        assert "renamed" in response.text


def by_appending(thing: Thing, tag: Tag) -> None:
    thing.tags.append(Tag(name="new"))


def by_removing(thing: Thing, tag: Tag) -> None:
    thing.tags.remove(tag)


def by_renaming(thing: Thing, tag: Tag) -> None:
    tag.name = "new"


def by_deleting_the_tag(thing: Thing, tag: Tag) -> None:
    db.session.delete(tag)


def by_bulk_insert(thing: Thing, tag: Tag) -> None:
    other = Tag(name="new")
    db.session.add(other)
    db.session.commit()
    db.session.execute(insert(thing_tags).values(kit_thing_id=thing.id, kit_tag_id=other.id))


def by_bulk_delete(thing: Thing, tag: Tag) -> None:
    db.session.execute(delete(thing_tags))


def by_bulk_delete_of_tags(thing: Thing, tag: Tag) -> None:
    """Leave the association table to the database."""
    db.session.execute(delete(Tag))


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (by_appending, ["new", "old"]),
        (by_removing, []),
        (by_renaming, ["new"]),
        (by_deleting_the_tag, []),
        (by_bulk_insert, ["new", "old"]),
        (by_bulk_delete, []),
        (by_bulk_delete_of_tags, []),
    ],
)
def test_change_of_a_related_row_shows_at_once(
    app: Flask, client: Client, change: Callable[[Thing, Tag], None], shown: list[str]
) -> None:
    path = f"/things/{make_thing(app, 'old').id}"
    warm(client, path)
    with app.app_context():
        thing = db.session.scalars(select(Thing)).one()
        change(thing, thing.tags[0])
        db.session.commit()
    assert read(client, path).json["tags"] == shown


def load_with(strategy: Any) -> Callable[[], list[str]]:
    def load() -> list[str]:
        things = db.session.scalars(select(Thing).options(strategy(Thing.tags))).unique()
        return [tag.name for thing in things for tag in thing.tags]

    return load


TAGS: dict[str, Callable[[], list[str]]] = {
    "joined": load_with(joinedload),
    "subquery": load_with(subqueryload),
    "selectin": load_with(selectinload),
    "lazy": lambda: [tag.name for thing in db.session.scalars(select(Thing)) for tag in thing.tags],
    "join": lambda: list(db.session.scalars(select(Tag.name).join(thing_tags))),
    "subselect": lambda: list(
        db.session.scalars(select(select(func.min(Tag.name)).scalar_subquery()))
    ),
    "text": lambda: list(db.session.scalars(text("SELECT name FROM kit_tags"))),
{% if cookiecutter.database in ('sqlite', 'postgresql') %}
    "capitals": lambda: list(db.session.scalars(text("SELECT name FROM KIT_TAGS"))),
{% endif %}
    "connection": lambda: [
        row.name for row in db.session.connection().exec_driver_sql("SELECT name FROM kit_tags")
    ],
}


class NamesOut(Schema):
    """Names."""

    names = fields.List(fields.String())


class Names(Resource):
    """Names of tags, found in one of many ways."""

    @cached
    @returns(NamesOut)
    def get(self, how: str) -> dict[str, list[str]]:
        """Show them."""
        return {"names": TAGS[how]()}


class Later(Resource):
    """Not a 200 response."""

    @cached
    @returns(status=202)
    def get(self) -> None:
        """Ask for patience."""


@pytest.fixture(scope="module")
def various(app: Flask) -> Iterator[Flask]:
    routes = ROUTES | {"/names/<how>": Names, "/later": Later}
    with another_kit_app(app, [Version("1.0", routes)]) as various:
        yield various


@pytest.mark.parametrize("how", TAGS)
def test_write_invalidates_an_entry_however_it_read_the_table(various: Flask, how: str) -> None:
    make_thing(various, "old")
    client = new_client(various)
    assert warm(client, f"/names/{how}").json == {"names": ["old"]}
    with various.app_context():
        db.session.execute(update(Tag).values(name="new"))
        db.session.commit()
    assert read(client, f"/names/{how}").json == {"names": ["new"]}


def by_appending_a_known_tag(thing: Thing) -> None:
    thing.tags.append(db.session.scalars(select(Tag)).one())


def by_bulk_delete_of_things(thing: Thing) -> None:
    """Leave the association table to the database."""
    db.session.execute(delete(Thing))


@pytest.mark.parametrize(
    ("change", "shown"),
    [(by_appending_a_known_tag, ["old", "old"]), (by_bulk_delete_of_things, [])],
)
def test_write_to_one_end_of_an_association_invalidates_the_other(
    various: Flask, change: Callable[[Thing], None], shown: list[str]
) -> None:
    make_thing(various, "old")
    other = make_thing(various)
    client = new_client(various)
    assert warm(client, "/names/join").json == {"names": ["old"]}
    with various.app_context():
        change(db.session.get_one(Thing, other.id))
        db.session.commit()
    assert read(client, "/names/join").json == {"names": shown}


def test_entry_is_renewed_with_tables_that_it_did_not_show_before(various: Flask) -> None:
    client = new_client(various)
    assert warm(client, "/names/lazy").json == {"names": []}
    make_thing(various, "new")
    assert warm(client, "/names/lazy").json == {"names": ["new"]}


def test_write_to_other_tables_leaves_the_entry_alone(various: Flask) -> None:
    make_thing(various, "old")
    client = new_client(various)
    warm(client, "/names/text")
    with various.app_context():
        db.session.execute(update(Thing).values(name="renamed"))
        db.session.commit()
    assert read(client, "/names/text").headers["X-Cache"] == "HIT"


def test_rollback_and_refused_write_leave_the_entry_alone(app: Flask, client: Client) -> None:
    thing = make_thing(app)
    warm(client, "/things")
    with app.app_context():
        db.session.execute(update(Thing).values(name="renamed"))
        db.session.rollback()
        db.session.commit()
    assert caller_of(app).patch(f"/things/{thing.id}", json={"name": ""}).status_code == 422
    assert read(client, "/things").headers["X-Cache"] == "HIT"


def test_large_response_is_not_kept(various: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TAGS, "large", lambda: ["x" * LARGEST])
    for _ in range(2):
        assert read(new_client(various), "/names/large").headers["X-Cache"] == "MISS"


def test_forged_cursors_fill_no_entries(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_thing(app)
    kept: list[str] = []
    monkeypatch.setattr(entries, "write", lambda key, entry: kept.append(key))
    second = links(read(client, "/things?per_page=1"))["next"]
    assert len(kept) == 1
    state, _, signature = second.partition("cursor=")[2].partition("&")[0].partition(".")
    for forged in ("x", f"{state}x.{signature}", f"{state}.{signature}x", f"{state}.", state):
        response = client.get(f"/things?per_page=1&cursor={forged}")
        assert response.status_code == 422
    assert len(kept) == 1
    read(client, second)
    assert len(kept) == 2


def test_only_200_is_kept(various: Flask) -> None:
    for _ in range(2):
        response = new_client(various).get("/later")
        assert (response.status_code, response.headers["X-Cache"]) == (202, "MISS")


def test_slow_reader_caches_nothing_stale(app: Flask, client: Client) -> None:
    """A write comes between the reader's query and its response."""
    thing = make_thing(app)
    overtaken: list[str] = []

    def overtake(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("SELECT kit_things.") and not overtaken:
            overtaken.append(statement)
            by_bulk_update(app, thing)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "after_cursor_execute", overtake)
    try:
        assert "renamed" not in read(client, f"/things/{thing.id}").text
        assert "renamed" in read(client, f"/things/{thing.id}").text
    finally:
        event.remove(engine, "after_cursor_execute", overtake)


def test_cache_can_be_switched_off(app: Flask) -> None:
    with another_kit_app(app, CACHE_TYPE="NullCache") as other:
        client = new_client(other)
        for _ in range(2):
            assert read(client, "/things").headers["X-Cache"] == "MISS"


{% if cookiecutter.cache_backend == 'simple' %}
def test_write_of_another_process_shows_at_once(app: Flask, client: Client) -> None:
    thing = make_thing(app)
    warm(client, f"/things/{thing.id}")
    with another_kit_app(app) as other:
        by_unit_of_work(other, thing)
    assert "renamed" in read(client, f"/things/{thing.id}").text


def test_requests_are_answered_where_generations_cannot_be_stored(
    app: Flask, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    thing = make_thing(app)
    with another_kit_app(app, CACHE_DIR=str(tmp_path / "file" / "cache")) as other:
        for name in ("a thing", "renamed"):
            response = read(new_client(other), f"/things/{thing.id}")
            assert response.headers["X-Cache"] == "MISS"
            assert response.json["name"] == name
            by_request(other, thing)
{% elif cookiecutter.cache_backend in setting %}
@pytest.fixture
def line(app: Flask) -> Iterator[Line]:
{% if cookiecutter.cache_backend == 'redis' %}
    address, port = app.config["CACHE_REDIS_URL"], 6379
{% elif cookiecutter.cache_backend == 'memcached' %}
    address, port = app.config["CACHE_MEMCACHED_SERVERS"][0], 11211
{% endif %}
    with line_to(address, port) as line:
        yield line


@pytest.fixture
def far(app: Flask, line: Line) -> Iterator[Flask]:
    """An application whose store can go away."""
    with another_kit_app(app, {{ setting[cookiecutter.cache_backend] }}=line.address) as far:
        yield far


def test_requests_are_answered_while_the_store_is_away(far: Flask, line: Line) -> None:
    thing = make_thing(far)
    warm(new_client(far), f"/things/{thing.id}")
    line.cut()
    for name in ("a thing", "renamed"):
        response = read(new_client(far), f"/things/{thing.id}")
        assert response.headers["X-Cache"] == "MISS"
        assert response.json["name"] == name
        by_request(far, thing)


def test_store_that_is_back_shows_nothing_outdated(far: Flask, line: Line) -> None:
    thing = make_thing(far)
    warm(new_client(far), f"/things/{thing.id}")
    line.cut()
    by_request(far, thing)
    line.mend()
    assert warm(new_client(far), f"/things/{thing.id}").json["name"] == "renamed"


def test_store_that_was_away_is_not_trusted(app: Flask, far: Flask, line: Line) -> None:
    thing = make_thing(far)
    path = f"/things/{thing.id}"
    warm(new_client(far), path)
    line.cut()
    read(new_client(far), path)
    line.mend()
    # Others may have missed it, too, and have written meanwhile.
    warm(new_client(far), path)


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.file,))


def test_pickle_in_the_store_runs_no_code(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = [f"generation-{Thing.__tablename__}"]
    write = entries.write

    def note(key: str, entry: Any) -> None:
        keys.append(key)
        write(key, entry)

    monkeypatch.setattr(entries, "write", note)
    path = f"/things/{make_thing(app).id}"
    warm(client, path)
{% if cookiecutter.cache_backend == 'redis' %}
    store = Redis.from_url(app.config["CACHE_REDIS_URL"])
{% elif cookiecutter.cache_backend == 'memcached' %}
    # By default, it doesn't wait for the server to have set anything.
    store = PooledClient(app.config["CACHE_MEMCACHED_SERVERS"][0], default_noreply=False)
{% endif %}
    # Cachelib marks pickles by an exclamation mark.
    planted = b"!" + pickle.dumps(Trap(tmp_path / "ran"))
    for key in keys:
        store.set(app.config["CACHE_KEY_PREFIX"] + key, planted)
    warm(client, path)
    assert not (tmp_path / "ran").exists()


def test_store_that_refuses_writes_shows_nothing_outdated(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise OSError("full")

    path = f"/things/{make_thing(app).id}"
    warm(client, path)
    with app.app_context():
        store = type(cache.cache)
    with monkeypatch.context() as full:
        full.setattr(store, "set", refuse)
        full.setattr(store, "add", refuse)
        by_bulk_update(app, Thing())
        # Another process doesn't know that this one could not renew the generation.
        full.setattr("app.backend.entries._overdue", set())
        assert "renamed" in read(client, path).text
    assert "renamed" in warm(client, path).text
{% endif %}
{% if cookiecutter.cache_backend == 'memcached' %}


def test_store_that_many_threads_missed_is_used_again(far: Flask, line: Line) -> None:
    def write(number: int) -> None:
        # Nothing but this: what threads do to each other would be another error.
        with far.app_context(), pytest.raises(ConnectionRefusedError):
            cache.set(f"key-{number}", "value")

    line.cut()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(write, range(20 * THREADS)))
    line.mend()
    warm(new_client(far), "/things")


def test_entry_goes_to_the_one_server_that_is_asked_for_it(app: Flask, line: Line) -> None:
    servers = [*app.config["CACHE_MEMCACHED_SERVERS"], line.address]
    settings = {"CACHE_MEMCACHED_SERVERS": ", ".join(servers)}
    with another_kit_app(app, **settings) as other, other.app_context():
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


def test_cache_control_tells_whom_a_response_is_for(app: Flask, client: Client) -> None:
    path = f"/things/{make_thing(app).id}"
    caller = caller_of(app)
    # The second one comes from the cache.
    for response in (client.get(path), client.get(path)):
        assert response.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert "Authorization" in response.vary
{% if cookiecutter.versioning == 'header' %}
        assert "Accept" in response.vary
{% endif %}
    assert caller.get(path).headers["Cache-Control"] == "private, no-cache"
    writes = [
        caller.post("/things", json={"name": "another"}),
        caller.patch(path, json={"name": "renamed"}),
        caller.delete(path),
        client.post("/bell"),
    ]
    assert [response.status_code for response in writes] == [201, 200, 204, 204]
    assert {response.headers["Cache-Control"] for response in writes} == {"no-store"}
