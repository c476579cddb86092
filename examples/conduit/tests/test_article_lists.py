"""Lists of articles: filters, pages, the feed, what they cost, and what the cache shows."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.conduit import errors, logged_in, name_of, publish, slugs, visitor
from tests.factories import client_of, make_admin, make_user
from tests.support.answers import links
from tests.support.client import Client
from tests.support.statements import statements_of, watched


def test_articles_are_listed_newest_first_and_without_their_bodies(app: Flask) -> None:
    author = logged_in(app)
    paths = [publish(author) for _ in range(3)]
    listed = visitor(app).get("/articles")
    assert slugs(listed) == paths[::-1]
    assert listed.json["articlesCount"] == 3
    for path, shown in zip(paths[::-1], listed.json["articles"], strict=True):
        whole = author.get(path).json["article"]
        assert shown == {name: value for name, value in whole.items() if name != "body"}


def test_list_loads_no_body(app: Flask) -> None:
    author = logged_in(app)
    publish(author)
    seen: list[str] = []
    with watched(app, seen.append):
        author.get("/articles")
        author.get("/articles/feed")
    assert [statement for statement in seen if "articles.body" in statement] == []


def test_articles_are_found_by_tag_author_and_fan(app: Flask) -> None:
    ada, bob = logged_in(app, make_user(app, "Ada")), logged_in(app, make_user(app, "Bob"))
    first = publish(ada, tagList=["x", "y"])
    second = publish(ada, tagList=["y"])
    third = publish(bob, tagList=["x"])
    ada.post(f"{third}/favorite")
    bob.post(f"{third}/favorite")
    bob.post(f"{first}/favorite")
    for query, found in (
        ("tag=x", [third, first]),
        ("tag=X", []),
        ("author=ada", [second, first]),
        ("author=nobody", []),
        ("favorited=BOB", [third, first]),
        ("favorited=ada", [third]),
        ("favorited=nobody", []),
        ("tag=y&author=ada&favorited=bob", [first]),
    ):
        for client in (visitor(app), ada):
            response = client.get(f"/articles?{query}")
            assert slugs(response) == found, query
            assert response.json["articlesCount"] == len(found), query


def test_favorites_of_a_deactivated_user_are_not_listed(app: Flask) -> None:
    user = make_user(app)
    path = publish(logged_in(app))
    logged_in(app, user).post(f"{path}/favorite")
    favorites = f"/articles?favorited={user.username}"
    assert slugs(visitor(app).get(favorites)) == [path]
    client_of(app, make_admin(app)).patch(f"/admin/users/{user.id}", json={"is_active": False})
    assert slugs(visitor(app).get(favorites)) == []


def test_pages_go_by_offset(app: Flask) -> None:
    author, reader = logged_in(app), visitor(app)
    paths = [publish(author) for _ in range(5)][::-1]
    response = reader.get("/articles?limit=2&offset=1")
    assert slugs(response) == paths[1:3]
    assert response.json["articlesCount"] == 5
    following = reader.get(links(response)["next"])
    assert slugs(following) == paths[3:]
    assert "next" not in links(following)
    beyond = reader.get("/articles?offset=9")
    assert beyond.json == {"articles": [], "articlesCount": 5}


@pytest.mark.parametrize("path", ["/articles", "/articles/feed"])
def test_bad_page_is_422(app: Flask, path: str) -> None:
    client = logged_in(app)
    for query, field in (
        *(("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit")),
        *(("offset=-1", "offset"), ("offset=99999999999999999999", "offset")),
        *(("page=2", "page"), ("limit=1&limit=2", "limit")),
    ):
        response = client.get(f"{path}?{query}")
        assert (response.status_code, errors(response)) == (422, {"body", field}), query


def test_feed_has_the_articles_of_followed_users(app: Flask) -> None:
    reader, followed, other = (logged_in(app) for _ in range(3))
    assert reader.get("/articles/feed").json == {"articles": [], "articlesCount": 0}
    paths = [publish(followed) for _ in range(2)]
    publish(other)
    publish(reader)
    profile = f"/profiles/{name_of(followed)}/follow"
    reader.post(profile)
    feed = reader.get("/articles/feed?limit=1")
    assert slugs(feed) == paths[:0:-1]
    assert feed.json["articlesCount"] == 2
    assert feed.json["articles"][0]["author"]["following"] is True
    assert slugs(other.get("/articles/feed")) == []
    reader.delete(profile)
    assert slugs(reader.get("/articles/feed")) == []
    assert visitor(app).get("/articles/feed").status_code == 401


def test_feed_is_no_article(app: Flask) -> None:
    reader = logged_in(app)
    for verb in ("PUT", "DELETE"):
        refused = reader.open("/articles/feed", method=verb, json={"article": {"title": "New"}})
        assert (refused.status_code, errors(refused)) == (405, {"body"}), verb
        assert refused.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/articles", "/articles/feed"])
def test_list_takes_a_fixed_number_of_queries(app: Flask, path: str) -> None:
    reader = logged_in(app)

    def publish_one(number: int) -> None:
        author = logged_in(app)
        reader.post(f"/profiles/{name_of(author)}/follow")
        favorite = publish(author, tagList=[f"tag{number}", "common"])
        reader.post(f"{favorite}/favorite")

    publish_one(0)
    few = statements_of(app, lambda: reader.get(path))
    for number in range(1, 6):
        publish_one(number)
    assert statements_of(app, lambda: reader.get(path)) == few
    # The caller, the articles with their authors, the tags, the total.
    assert few == ["SELECT"] * 4


# The cache

Change = Callable[[Client, str], object]

CHANGES: dict[str, Change] = {
    "title": lambda author, path: author.put(path, json={"article": {"title": "Changed"}}),
    "tags": lambda author, path: author.put(path, json={"article": {"tagList": ["new"]}}),
    "author": lambda author, path: author.put("/user", json={"user": {"username": "changed"}}),
    "bio": lambda author, path: author.put("/user", json={"user": {"bio": "Changed."}}),
    "count": lambda author, path: author.post(f"{path}/favorite"),
    "deletion": lambda author, path: author.delete(path),
}


@pytest.mark.parametrize("change", CHANGES)
def test_change_shows_at_once_in_cached_pages(app: Flask, change: str) -> None:
    author, reader = logged_in(app), visitor(app)
    path = publish(author, tagList=["old"])
    pages = ("/articles", f"/articles?author={name_of(author)}", "/articles?tag=old", path)
    before = {}
    for page in pages:
        before[page] = [reader.get(page) for _ in range(2)]
        assert [response.headers["X-Cache"] for response in before[page]] == ["MISS", "HIT"]
    CHANGES[change](author, path)
    for page in pages:
        after = reader.get(page)
        assert after.json != before[page][0].json, page
        # What a caller who isn't served from the cache sees.
        assert after.json == logged_in(app).get(page).json, page


def test_cache_never_shows_what_one_caller_sees(app: Flask) -> None:
    author, fan, reader = logged_in(app), logged_in(app), visitor(app)
    path = publish(author)
    fan.post(f"{path}/favorite")
    fan.post(f"/profiles/{name_of(author)}/follow")
    for page in ("/articles", path, f"/profiles/{name_of(author)}"):
        fan.get(page)
        for _ in range(2):
            response = reader.get(page)
            assert '"following":false' in response.text
            assert '"following":true' not in response.text
            assert '"favorited":true' not in response.text
        assert '"following":true' in fan.get(page).text
    assert fan.get(path).headers["Cache-Control"] == "private, no-cache"


def test_nothing_private_is_shown(app: Flask) -> None:
    user = make_user(app, email="secret@example.com")
    author, reader = logged_in(app, user), logged_in(app)
    path = publish(author)
    author.post(f"{path}/comments", json={"comment": {"body": "Mine."}})
    profile = f"/profiles/{user.username}"
    for client in (visitor(app), reader):
        for page in ("/articles", path, f"{path}/comments", profile, "/tags"):
            assert "secret@" not in client.get(page).text, page
