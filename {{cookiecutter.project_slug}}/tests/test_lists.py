"""Lists: pages, order, filters, totals, and what they cost."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
{% if cookiecutter.database == 'mysql' %}
from functools import partial
{% endif %}
from typing import Any

import pytest
from flask import Flask

from tests.support.answers import POST, faults, ids, links
{% if cookiecutter.database == 'mysql' %}
from tests.support.client import Client, new_client
{% else %}
from tests.support.client import Client
{% endif %}
from tests.factories import client_of, make_admin, make_post, make_user
{% if cookiecutter.database == 'mysql' %}
from tests.support.statements import apart, statements_of, watched
{% else %}
from tests.support.statements import statements_of
{% endif %}

Item = dict[str, Any]

# Upper case, accents, signs beyond 16 bits, and the same title twice.
TITLES = ["Zebra", "apple", "Éclair", "apple", "🦊 fox", "apple pie", "Zebra"]

KEYS: dict[str, Callable[[Item], Any]] = {
    "id": lambda item: item["id"],
    "title": lambda item: item["title"],
    "username": lambda item: item["username"],
    "created_at": lambda item: datetime.fromisoformat(item["created_at"]),
    "updated_at": lambda item: datetime.fromisoformat(item["updated_at"]),
}

POSTS, USERS, USER_POSTS, ADMIN = "/posts", "/users", "/users/{id}/posts", "/admin/users"
ORDERS = {
    POSTS: [
        *("id", "-created_at", "updated_at", "title", "-title"),
        *("title,-created_at", "-title,-id", "-updated_at,title,id"),
    ],
    USERS: ["-id", "username", "created_at,username"],
    USER_POSTS: ["-id", "created_at", "-updated_at", "title"],
    ADMIN: ["id", "-username", "created_at", "-updated_at"],
}
LISTS = pytest.mark.parametrize("path", [POSTS, USERS, USER_POSTS, ADMIN])


def filled(app: Flask, path: str) -> tuple[Client, str]:
    """A list with seven items, as an admin who may see it, and its address."""
    boss = make_admin(app)
    admin = client_of(app, boss)
    if path in {USERS, ADMIN}:
        for name in ("Zoe", "ada", "Bob", "bob.2", "_eve", "9lives"):
            make_user(app, name)
    else:
        for title in TITLES:
            make_post(app, boss, title=title)
    return admin, path.format(id=boss.id)


def in_order(items: list[Item], sort: str) -> list[int]:
    """The ids of items in the order that is asked for; ties go on in the last field's direction."""
    fields = sort.split(",")
    if "id" not in {field.lstrip("-") for field in fields}:
        fields.append("-id" if fields[-1].startswith("-") else "id")
    for field in reversed(fields):
        items = sorted(items, key=KEYS[field.lstrip("-")], reverse=field.startswith("-"))
    return [item["id"] for item in items]


def walk(client: Client, address: str, relation: str) -> tuple[list[list[int]], dict[str, str]]:
    """The pages from an address on, ten at most, and the links of the last one."""
    pages = []
    for _ in range(10):
        response = client.get(address)
        pages.append(ids(response))
        if relation not in links(response):
            break
        address = links(response)[relation]
    return pages, links(response)


# Pages


@pytest.mark.parametrize(("path", "sorts"), ORDERS.items())
def test_walk_shows_each_item_once_in_order(app: Flask, path: str, sorts: list[str]) -> None:
    client, path = filled(app, path)
    everything: Any = client.get(f"{path}?per_page=100").json
    assert len(everything) == 7
    if path.endswith("/posts"):
        # Changed in another order than they were made in.
        for number in (4, 0, 5):
            client.patch(f"/posts/{everything[number]['id']}", json={"content": "Changed."})
        everything = client.get(f"{path}?per_page=100").json
    for sort in sorts:
        expected = in_order(everything, sort)
        pages, last = walk(client, f"{path}?sort={sort}&per_page=3", "next")
        assert pages == [expected[:3], expected[3:6], expected[6:]], sort
        back, _ = walk(client, last["prev"], "prev")
        assert back == [expected[3:6], expected[:3]], sort


def test_ends_of_a_walk_have_no_way_on(app: Flask) -> None:
    client, path = filled(app, POSTS)
    first = links(client.get(f"{path}?per_page=4"))
    assert set(first) == {"first", "next"}
    last = links(client.get(first["next"]))
    assert set(last) == {"first", "prev"}
    assert set(links(client.get(last["prev"]))) == {"first", "next"}


def test_full_last_page_has_no_next(app: Flask) -> None:
    client, path = filled(app, POSTS)
    assert set(links(client.get(f"{path}?per_page=7"))) == {"first"}


def test_empty_list_is_one_page(client: Client) -> None:
    response = client.get("/posts?total=true")
    assert ids(response) == []
    assert set(links(response)) == {"first"}
    assert response.headers["X-Total-Count"] == "0"


def test_links_keep_the_query(app: Flask) -> None:
    client, path = filled(app, POSTS)
    query = "?sort=title&per_page=2&total=true&published=true"
    response = client.get(path + query)
    assert links(response)["first"].endswith(path + query)
    second = client.get(links(response)["next"])
    assert links(second)["first"] == links(response)["first"]
    assert len(ids(second)) == 2
    assert second.headers["X-Total-Count"] == "7"


def test_page_is_20_unless_it_says_otherwise(app: Flask, client: Client) -> None:
    user = make_user(app)
    for _ in range(21):
        make_post(app, user)
    assert len(ids(client.get("/posts"))) == 20
    assert len(ids(client.get("/posts?per_page=100"))) == 21
    assert len(ids(client.get("/posts?per_page=1"))) == 1


def test_what_is_added_or_removed_meanwhile_shifts_no_page(app: Flask) -> None:
    user = make_user(app)
    author = client_of(app, user)
    posts = [make_post(app, user).id for _ in range(5)][::-1]
    first = author.get("/posts?per_page=2")
    assert ids(first) == posts[:2]
    make_post(app, user)
    # The place of the cursor itself.
    author.delete(f"/posts/{posts[1]}")
    assert ids(author.get(links(first)["next"])) == posts[2:4]


def test_empty_page_beyond_the_end_leads_to_the_first(app: Flask) -> None:
    user = make_user(app)
    author = client_of(app, user)
    posts = [make_post(app, user).id for _ in range(3)]
    beyond = links(author.get("/posts?per_page=2"))["next"]
    author.delete(f"/posts/{posts[0]}")
    response = author.get(beyond)
    assert ids(response) == []
    assert ids(author.get(links(response)["first"])) == [posts[2], posts[1]]


{% if cookiecutter.database == 'mysql' %}
def test_rows_deleted_while_a_page_is_made_end_no_walk(app: Flask, client: Client) -> None:
    user = make_user(app)
    author = client_of(app, user)
    posts = [make_post(app, user, title=f"Title {number}").id for number in range(5)]
    queries: list[str] = []

    def delete_before_the_second_query(statement: str) -> None:
        if statement.startswith("SELECT posts"):
            queries.append(statement)
            if len(queries) == 2:
                apart(partial(author.delete, f"/posts/{posts[1]}"))

    with watched(app, delete_before_the_second_query):
        page = client.get("/posts?sort=title,created_at&per_page=2")
    assert ids(page) == [posts[0], posts[2]]
    assert "next" in links(page)


{% endif %}
# Cursors


def test_cursor_of_another_order_is_422(app: Flask) -> None:
    client, path = filled(app, POSTS)
    following = links(client.get(f"{path}?sort=title&per_page=2"))["next"]
    for sort in ("-title", "title,created_at", "id"):
        assert faults(client.get(following.replace("sort=title", f"sort={sort}"))) == {"cursor"}


@pytest.mark.parametrize(
    "cursor", ["x", "W10!", "%25%25%25", "bnVsbA", "W10", "e30", "A" * 3000, "W1tb", "1"]
)
def test_text_that_is_no_cursor_is_422(client: Client, cursor: str) -> None:
    assert faults(client.get(f"/posts?cursor={cursor}")) == {"cursor"}


@pytest.mark.parametrize(
    ("sort", "forgeries"),
    [
        ("id", [[True], [1.5], ["1"], [None], [2**31], [2**63], [10**400], [], [1, 2], 1]),
        ("title", [["NUL \0", 1], ["lone \ud800 surrogate", 1], [["list"], 1]]),
        (
            "-created_at",
            [
                ["yesterday", 1],
                [20200101, 1],
                ["2020-01-01T00:00:00", 1],
                ["0001-01-01T00:00:00+23:59", 1],
                ["9999-12-31T23:59:59-23:59", 1],
            ],
        ),
    ],
)
def test_cursor_with_other_values_is_422(
    app: Flask, client: Client, sort: str, forgeries: list[object]
) -> None:
    user = make_user(app)
    for _ in range(2):
        make_post(app, user)
    following = links(client.get(f"/posts?sort={sort}&per_page=1"))["next"]
    address, _, cursor = following.rpartition("cursor=")
    state = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for values in forgeries:
        forged = urlsafe_b64encode(json.dumps([*state[:2], values]).encode()).decode().rstrip("=")
        assert faults(client.get(f"{address}cursor={forged}")) == {"cursor"}, values


# Parameters


@pytest.mark.parametrize(
    ("query", "failing"),
    [
        ("per_page=0", "per_page"),
        ("per_page=-1", "per_page"),
        ("per_page=101", "per_page"),
        ("per_page=ten", "per_page"),
        ("per_page=1.5", "per_page"),
        ("per_page=1_0", "per_page"),
        ("per_page=%2010", "per_page"),
        ("per_page=٣", "per_page"),
        ("per_page=", "per_page"),
        (f"per_page={'9' * 5000}", "per_page"),
        ("total=perhaps", "total"),
        ("published=perhaps", "published"),
        ("user_id=0", "user_id"),
        ("user_id=2147483648", "user_id"),
        ("user_id=ada", "user_id"),
        ("sort=", "sort"),
        ("sort=-", "sort"),
        ("sort=content", "sort"),
        ("sort=--title", "sort"),
        ("sort=title,", "sort"),
        ("sort=user.password_hash", "sort"),
        ("page=2", "page"),
        ("title=Zebra", "title"),
        ("per_page=5&per_page=6", "per_page"),
        ("user_id=1&user_id=1", "user_id"),
    ],
)
def test_bad_parameter_is_422_that_names_it(client: Client, query: str, failing: str) -> None:
    assert faults(client.get(f"/posts?{query}")) == {failing}


@LISTS
def test_every_list_names_all_bad_parameters_at_once(app: Flask, path: str) -> None:
    boss = make_admin(app)
    bad = "per_page=0&sort=password_hash&total=perhaps&colour=red"
    response = client_of(app, boss).get(f"{path.format(id=boss.id)}?{bad}")
    assert faults(response) == {"per_page", "sort", "total", "colour"}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (USERS, "sort=email"),
        (USERS, "sort=updated_at"),
        (USERS, "email=ada@example.com"),
        (USERS, "is_active=false"),
        (USER_POSTS, "user_id=1"),
        (ADMIN, "published=true"),
    ],
)
def test_parameter_of_another_list_is_422(app: Flask, path: str, query: str) -> None:
    boss = make_admin(app)
    response = client_of(app, boss).get(f"{path.format(id=boss.id)}?{query}")
    assert faults(response) == {query.split("=")[0]}


@pytest.mark.parametrize("query", ["is_active=perhaps", "role=%00"])
def test_bad_filter_of_an_admins_list_is_422(app: Flask, query: str) -> None:
    response = client_of(app, make_admin(app)).get(f"{ADMIN}?{query}")
    assert faults(response) == {query.split("=")[0]}


# Filters and totals


def test_posts_of_one_user_by_filter(app: Flask, client: Client) -> None:
    one, two = make_user(app), make_user(app)
    post = make_post(app, one)
    make_post(app, one, published=False)
    make_post(app, two)
    assert ids(client.get(f"/posts?user_id={one.id}")) == [post.id]
    assert ids(client.get("/posts?user_id=2147483647")) == []


def test_drafts_are_the_callers_own_and_all_for_an_admin(app: Flask, client: Client) -> None:
    one, two = make_user(app), make_user(app)
    make_post(app, one)
    first, second = (make_post(app, user, published=False).id for user in (one, two))
    assert client.get("/posts?published=false").status_code == 401
    assert ids(client_of(app, one).get("/posts?published=false")) == [first]
    admin = client_of(app, make_admin(app))
    assert ids(admin.get("/posts?published=false")) == [second, first]
    assert ids(admin.get(f"/posts?published=false&user_id={one.id}")) == [first]
    assert ids(client_of(app, two).get(f"/posts?published=false&user_id={one.id}")) == []


def test_newest_post_comes_first(app: Flask, client: Client) -> None:
    user = make_user(app)
    posts = [make_post(app, user).id for _ in range(3)]
    assert ids(client.get("/posts")) == posts[::-1]
    assert ids(client.get(f"/users/{user.id}/posts")) == posts[::-1]


def test_posts_of_a_list_have_their_author(app: Flask, client: Client) -> None:
    users = [make_user(app) for _ in range(2)]
    for user in users:
        make_post(app, user)
    posts: Any = client.get("/posts?sort=id").json
    assert all(set(post) == POST for post in posts)
    authors = [{"id": user.id, "username": user.username} for user in users]
    assert [post["user"] for post in posts] == authors


@LISTS
def test_total_counts_the_whole_list_when_asked(app: Flask, path: str) -> None:
    client, path = filled(app, path)
    assert client.get(f"{path}?per_page=2&total=true").headers["X-Total-Count"] == "7"
    assert "X-Total-Count" not in client.get(f"{path}?per_page=2").headers


def test_total_counts_what_the_caller_may_see(app: Flask, client: Client) -> None:
    user, other = make_user(app), make_user(app)
    make_post(app, user)
    for author in (user, other, other):
        make_post(app, author, published=False)
    assert client.get("/posts?total=true").headers["X-Total-Count"] == "1"
    drafts = "/posts?published=false&total=true"
    assert client_of(app, user).get(drafts).headers["X-Total-Count"] == "1"
    assert client_of(app, make_admin(app)).get(drafts).headers["X-Total-Count"] == "3"
    by_role = "/admin/users?role=user&total=true"
    assert client_of(app, make_admin(app)).get(by_role).headers["X-Total-Count"] == "4"


# Queries


def test_twenty_posts_take_two_queries_at_most(app: Flask, client: Client) -> None:
    for _ in range(5):
        user = make_user(app)
        for _ in range(4):
            make_post(app, user)
    known = client_of(app, user)
    anonymous = statements_of(app, lambda: client.get("/posts"))
    assert 1 <= len(anonymous) <= 2
    assert len(statements_of(app, lambda: known.get("/posts"))) <= len(anonymous) + 1


@LISTS
def test_longer_page_takes_no_more_queries(app: Flask, path: str) -> None:
    client, path = filled(app, path)
    short = statements_of(app, lambda: client.get(f"{path}?per_page=1"))
    assert statements_of(app, lambda: client.get(f"{path}?per_page=7")) == short


def test_one_post_takes_one_query_and_a_token_one_more(app: Flask, client: Client) -> None:
    user = make_user(app)
    known = client_of(app, user)
    path = f"/posts/{make_post(app, user).id}"
    assert statements_of(app, lambda: client.get(path)) == ["SELECT"]
    assert statements_of(app, lambda: known.get(path)) == ["SELECT"] * 2
{% if cookiecutter.database == 'mysql' %}


@pytest.mark.parametrize("column", ["id", "created_at", "updated_at", "title"])
def test_list_of_posts_is_read_from_the_index_of_its_order(app: Flask, column: str) -> None:
    user = make_user(app)
    lists = [
        (new_client(app), "/posts?", "published"),
        (new_client(app), f"/users/{user.id}/posts?", "user_id_published"),
        (client_of(app, user), "/posts?published=false&", "user_id_published"),
        (client_of(app, make_admin(app)), "/posts?published=false&", "published"),
    ]
    for reader, path, filters in lists:
        seen: list[str] = []
        with watched(app, seen.append):
            reader.get(f"{path}sort={column}")
        (statement,) = (text for text in seen if "FROM posts" in text)
        assert f"FORCE INDEX (ix_posts_{filters}_{column})" in statement
{% endif %}
