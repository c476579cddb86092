"""Pages: each row once and in order, for every type of column, and at what cost."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from itsdangerous import URLSafeSerializer
from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from app import db
from app.api.fields import Sort
from app.api.framework import Resource
from app.api.operation import accepts_query, returns
from app.api.pages import Page, paginate, paginate_by_offset
from app.api.queries import ListQuery, OffsetQuery
from app.api.versions import Version
from tests.kit.things import (
    Kind,
    Tag,
    Thing,
    ThingOut,
    another_kit_app,
    make_thing,
    thing_tags,
)
from tests.support.answers import faults, ids, links
from tests.support.client import BASE, Client, new_client
from tests.support.statements import statements_of

NAMES = ["Zebra", "apple", "Éclair", "apple", "🦊 fox", "apple pie", "Zebra"]
MORNING = datetime(2026, 1, 1, 6, tzinfo=UTC)
# The columns of seven things; every other value of a nullable one is missing.
COLUMNS: dict[str, Callable[[int], Any]] = {
    "name": lambda n: NAMES[n],
    "amount": lambda n: Decimal(n * 7 % 4) + Decimal("0.10"),
    "count": lambda n: n * 5 % 3,
    "secret": lambda n: n % 3 == 0,
    "kind": lambda n: [Kind.SMALL, Kind.LARGE][n % 2],
    "uid": lambda n: UUID(int=n * 3 % 7 << 96),
    "day": lambda n: date(2026, 1, 1 + n * 3 % 4) if n % 2 else None,
    "hour": lambda n: time(n * 5 % 7, 30) if n % 2 else None,
    "seen_at": lambda n: MORNING + timedelta(microseconds=n % 3) if n % 2 else None,
    "note": lambda n: f"note {n * 3 % 7}" if n % 2 else None,
}


class SortedQuery(ListQuery):
    """Things in any order."""

    sort = Sort("id", *COLUMNS, default="-id")


class SortedThings(Resource):
    @accepts_query(SortedQuery)
    @returns(ThingOut, many=True)
    def get(self, query: dict[str, Any]) -> Page[Thing]:
        """List things in any order."""
        return paginate(select(Thing), Thing, query)


class Positions(Resource):
    @accepts_query(OffsetQuery)
    @returns(ThingOut, many=True)
    def get(self, query: dict[str, Any]) -> Page[Thing]:
        """List things by their positions."""
        things = select(Thing).options(selectinload(Thing.tags))
        return paginate_by_offset(things.order_by(Thing.name, Thing.id), query)


class Elsewhere(Resource):
    @accepts_query(OffsetQuery)
    @returns(ThingOut, many=True)
    def get(self, place: str, query: dict[str, Any]) -> Page[Thing]:
        """List things at an address with text in it."""
        things = select(Thing).options(selectinload(Thing.tags))
        return paginate_by_offset(things.order_by(Thing.name, Thing.id), query)


@pytest.fixture(scope="module")
def sorting(app: Flask) -> Iterator[Flask]:
    other = type("OtherThings", (SortedThings,), {})
    routes: dict[str, type[Resource]] = {
        "/sorted": SortedThings,
        "/other": other,
        "/positions": Positions,
        "/at/<place>": Elsewhere,
    }
    with another_kit_app(app, [Version("1.0", routes)]) as sorting:
        yield sorting


@pytest.fixture
def reader(sorting: Flask) -> Client:
    return new_client(sorting)


@pytest.fixture
def things(app: Flask) -> list[Thing]:
    """Seven things with the values of COLUMNS."""
    things = [
        Thing(**{name: value(n) for name, value in COLUMNS.items()}) for n in range(len(NAMES))
    ]
    with app.app_context():
        db.session.add_all(things)
        db.session.commit()
        return things


def key_of(value: Any) -> Any:
    """Return what the database compares; it stores an enum as its member's name."""
    return value.name if isinstance(value, Kind) else value


def in_order(things: list[Thing], *sorts: str) -> list[int]:
    """Return the ids in order; missing values last, ties in the last field's direction."""
    if sorts[-1].lstrip("-") != "id":
        sorts = (*sorts, "-id" if sorts[-1].startswith("-") else "id")
    for sort in reversed(sorts):
        name = sort.lstrip("-")
        there = [thing for thing in things if getattr(thing, name) is not None]
        there.sort(key=lambda thing: key_of(getattr(thing, name)), reverse=sort[0] == "-")
        things = there + [thing for thing in things if getattr(thing, name) is None]
    return [thing.id for thing in things]


def walk(client: Client, address: str, relation: str) -> tuple[list[list[int]], dict[str, str]]:
    """Return the pages from an address on, ten at most, and the links of the last one."""
    pages = []
    for _ in range(10):
        response = client.get(address)
        pages.append(ids(response))
        if relation not in links(response):
            break
        address = links(response)[relation]
    return pages, links(response)


SORTS = [
    *([sort] for name in ("id", *COLUMNS) for sort in (name, f"-{name}")),
    *(["kind", "-name"], ["-name", "id"], ["day", "-amount"], ["-secret", "hour", "-id"]),
]


@pytest.mark.parametrize("sorts", SORTS, ids=",".join)
def test_walk_shows_each_row_once_in_order(
    reader: Client, things: list[Thing], sorts: list[str]
) -> None:
    expected = in_order(things, *sorts)
    pages, last = walk(reader, f"/sorted?sort={','.join(sorts)}&per_page=3", "next")
    assert pages == [expected[:3], expected[3:6], expected[6:]]
    back, _ = walk(reader, last["prev"], "prev")
    assert back == [expected[3:6], expected[:3]]


def test_ends_of_a_walk_lead_no_further(reader: Client, things: list[Thing]) -> None:
    first = links(reader.get("/sorted?per_page=4"))
    assert set(first) == {"first", "next"}
    last = links(reader.get(first["next"]))
    assert set(last) == {"first", "prev"}
    assert set(links(reader.get(last["prev"]))) == {"first", "next"}
    assert set(links(reader.get("/sorted?per_page=7"))) == {"first"}


def test_empty_list_is_one_page(reader: Client) -> None:
    response = reader.get("/sorted?total=true")
    assert ids(response) == []
    assert set(links(response)) == {"first"}
    assert response.headers["X-Total-Count"] == "0"


def test_links_keep_the_query_and_the_total_counts_the_whole_list(
    reader: Client, things: list[Thing]
) -> None:
    query = "?sort=name&per_page=2&total=true"
    response = reader.get(f"/sorted{query}")
    assert links(response)["first"].endswith(f"/sorted{query}")
    second = reader.get(links(response)["next"])
    assert links(second)["first"] == links(response)["first"]
    assert second.headers["X-Total-Count"] == "7"
    assert "X-Total-Count" not in reader.get("/sorted").headers


def test_page_has_20_rows_by_default_and_up_to_100(app: Flask, reader: Client) -> None:
    for _ in range(21):
        make_thing(app)
    sizes = (len(ids(reader.get(f"/sorted{query}"))) for query in ("", "?per_page=100"))
    assert list(sizes) == [20, 21]


def test_rows_added_or_removed_meanwhile_shift_no_page(
    app: Flask, reader: Client, things: list[Thing]
) -> None:
    newest = [thing.id for thing in things][::-1]
    first = reader.get("/sorted?per_page=2")
    assert ids(first) == newest[:2]
    make_thing(app)
    with app.app_context():
        db.session.delete(db.session.get_one(Thing, newest[1]))
        db.session.commit()
    assert ids(reader.get(links(first)["next"])) == newest[2:4]


def test_page_beyond_the_end_leads_to_the_first(app: Flask, reader: Client) -> None:
    one, two = make_thing(app).id, make_thing(app).id
    beyond = links(reader.get("/sorted?per_page=1"))["next"]
    with app.app_context():
        db.session.delete(db.session.get_one(Thing, one))
        db.session.commit()
    response = reader.get(beyond)
    assert ids(response) == []
    assert ids(reader.get(links(response)["first"])) == [two]


def test_longer_page_takes_no_more_statements(app: Flask, things: list[Thing]) -> None:
    reader = new_client(app)
    short = statements_of(app, lambda: reader.get("/things?per_page=1"))
    assert statements_of(app, lambda: reader.get("/things?per_page=4")) == short


# Cursors


def test_cursor_of_another_order_or_list_is_422(reader: Client, things: list[Thing]) -> None:
    following = links(reader.get("/sorted?sort=name&per_page=2"))["next"]
    for sort in ("-name", "name,amount", "id"):
        assert faults(reader.get(following.replace("sort=name", f"sort={sort}"))) == {"cursor"}
    assert faults(reader.get(following.replace("/sorted", "/other"))) == {"cursor"}


@pytest.mark.parametrize("cursor", ["x", "W10!", "%25%25", "bnVsbA.e30", "A" * 3000, "1", ".", "é"])
def test_text_that_is_no_cursor_is_422(reader: Client, cursor: str) -> None:
    assert faults(reader.get(f"/sorted?cursor={cursor}")) == {"cursor"}


def test_altered_cursor_is_422(reader: Client, things: list[Thing]) -> None:
    following = links(reader.get("/sorted?per_page=2"))["next"]
    address, _, cursor = following.rpartition("cursor=")
    for position in range(0, len(cursor), 7):
        other = "A" if cursor[position] != "A" else "B"
        altered = f"{cursor[:position]}{other}{cursor[position + 1 :]}"
        assert faults(reader.get(f"{address}cursor={altered}")) == {"cursor"}


@pytest.mark.parametrize(
    ("sort", "values"),
    [
        ("id", ["one"]),
        ("id", []),
        ("id", [1, 2]),
        ("amount", ["much", 1]),
        ("day", ["2026-02-30", 1]),
        ("seen_at", [7, 1]),
        ("uid", ["short", 1]),
        ("kind", ["HUGE", 1]),
        ("hour", [["list"], 1]),
    ],
)
def test_cursor_made_before_a_column_changed_its_type_is_422(
    sorting: Flask, reader: Client, sort: str, values: list[object]
) -> None:
    serializer = URLSafeSerializer(str(sorting.secret_key), salt=f"cursor {BASE}/sorted")
    order = sort if sort == "id" else f"{sort},id"
    cursor = serializer.dumps([order, False, values])
    assert faults(reader.get(f"/sorted?sort={sort}&cursor={cursor}")) == {"cursor"}


# Parameters


@pytest.mark.parametrize(
    ("query", "failing"),
    [
        *((f"per_page={value}", "per_page") for value in ("0", "-1", "101", "ten", "1.5", "1_0")),
        *((f"per_page={value}", "per_page") for value in ("%2010", "٣", "", "9" * 5000)),
        ("total=perhaps", "total"),
        *((f"sort={value}", "sort") for value in ("", "-", "tags", "--name", "name,", "id.x")),
        ("page=2", "page"),
        ("name=Zebra", "name"),
        ("per_page=5&per_page=6", "per_page"),
    ],
)
def test_bad_parameter_is_422_that_names_it(reader: Client, query: str, failing: str) -> None:
    assert faults(reader.get(f"/sorted?{query}")) == {failing}


def test_all_bad_parameters_are_named_at_once(reader: Client) -> None:
    response = reader.get("/sorted?per_page=0&sort=tags&total=perhaps&colour=red")
    assert faults(response) == {"per_page", "sort", "total", "colour"}


# Positions


def test_walk_by_offset_shows_each_row_once_in_order(reader: Client, things: list[Thing]) -> None:
    expected = in_order(things, "name")
    pages, last = walk(reader, "/positions?limit=3", "next")
    assert pages == [expected[:3], expected[3:6], expected[6:]]
    back, first = walk(reader, last["prev"], "prev")
    assert back == [expected[3:6], expected[:3]]
    assert first["first"] == f"{BASE}/positions?limit=3"
    assert set(first) == {"first", "next"}
    assert set(links(reader.get("/positions?limit=7"))) == {"first"}


@pytest.mark.parametrize(
    ("query", "shown", "prev"),
    [
        ("limit=3&offset=2", slice(2, 5), 0),
        ("limit=3&offset=7", slice(0, 0), 4),
        ("limit=3&offset=2147483647", slice(0, 0), 4),
        ("limit=100&offset=50", slice(0, 0), 0),
    ],
)
def test_page_at_any_offset_leads_back(
    reader: Client, things: list[Thing], query: str, shown: slice, prev: int
) -> None:
    response = reader.get(f"/positions?{query}")
    assert ids(response) == in_order(things, "name")[shown]
    assert links(response)["prev"].endswith(f"&offset={prev}")


@pytest.mark.parametrize("place", ["ドラゴン", "ü", "a b", "a%25b", "<>", '"'])
def test_links_of_any_address_are_ascii(reader: Client, things: list[Thing], place: str) -> None:
    response = reader.get(f"/at/{place}?limit=1")
    assert response.headers["Link"].isascii()
    assert ids(reader.get(links(response)["next"])) == in_order(things, "name")[1:2]


def test_page_by_offset_always_has_the_total(app: Flask, reader: Client) -> None:
    assert reader.get("/positions").headers["X-Total-Count"] == "0"
    for _ in range(21):
        make_thing(app, "a tag", "another")
    response = reader.get("/positions?limit=2&offset=4")
    assert response.headers["X-Total-Count"] == "21"
    assert [len(ids(reader.get(f"/positions{query}"))) for query in ("", "?limit=100")] == [20, 21]


def test_rows_that_are_distinct_or_grouped_are_counted_once(sorting: Flask) -> None:
    for _ in range(3):
        make_thing(sorting, "a tag", "another")
    tagged = select(Thing).join(Thing.tags).distinct().order_by(Thing.id)
    popular = select(Tag).join(thing_tags).group_by(Tag.id).order_by(func.count().desc(), Tag.id)
    names = select(Tag.name).join(thing_tags).group_by(Tag.name).order_by(Tag.name)
    totals = []
    statements: list[Select[Any]] = [tagged, popular, names]
    for rows in statements:
        with sorting.test_request_context("/positions"):
            totals.append(paginate_by_offset(rows, {"limit": 1, "offset": 0}).total)
    assert totals == [3, 2, 2]


def test_page_by_offset_takes_a_fixed_number_of_statements(
    reader: Client, things: list[Thing]
) -> None:
    def page(limit: int) -> list[str]:
        return statements_of(
            reader.application, lambda: reader.get(f"/positions?limit={limit}&offset=1")
        )

    assert page(1) == page(5) == ["SELECT"] * 3


@pytest.mark.parametrize(
    ("query", "failing"),
    [
        *((f"limit={value}", "limit") for value in ("0", "-1", "101", "ten", "1.5", "1_0", "")),
        *((f"offset={value}", "offset") for value in ("-1", "2147483648", "ten", "9" * 5000, "")),
        ("page=2", "page"),
        ("limit=5&limit=6", "limit"),
    ],
)
def test_bad_position_is_422_that_names_it(reader: Client, query: str, failing: str) -> None:
    assert faults(reader.get(f"/positions?{query}")) == {failing}


def test_pages_by_offset_need_an_order(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(ValueError, match=r"need an order_by\(\)"):
        paginate_by_offset(select(Thing), {"limit": 20, "offset": 0})
