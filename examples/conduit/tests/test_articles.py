"""Articles: reading and writing them, favorites, tags."""

from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.api.schemas import schema
from app.models.article import favorites
from app.schemas.article import ArticleOut
from app.schemas.profile import ProfileOut
from tests.conduit import (
    article_body,
    errors,
    logged_in,
    name_of,
    publish,
    slugs,
    visitor,
)
from tests.factories import client_of, make_admin, make_user
from tests.support.client import Client
from tests.support.statements import race

FIELDS = {field.data_key for field in schema(ArticleOut).fields.values()}


def article(client: Client, path: str) -> dict[str, Any]:
    response = client.get(path)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json["article"]
    return found


# Reading and writing


def test_published_article_is_shown_to_everyone(app: Flask) -> None:
    author = logged_in(app)
    body = article_body(tagList=["b", "a", "b"])
    response = author.post("/articles", json=body)
    assert response.status_code == 201
    shown: Any = response.json["article"]
    assert shown.keys() == FIELDS
    assert shown == {**shown, **body["article"], "tagList": ["a", "b"]}
    assert (shown["favorited"], shown["favoritesCount"]) == (False, 0)
    assert shown["author"] == author.get(f"/profiles/{name_of(author)}").json["profile"]
    assert shown["author"].keys() == schema(ProfileOut).fields.keys()
    for client in (author, visitor(app), logged_in(app)):
        assert client.get(response.headers["Location"]).json == response.json


@pytest.mark.parametrize(
    ("title", "beginning"),
    [
        ("How to train your dragon?!", "how-to-train-your-dragon-"),
        ("  --Ärger & \u0045\u0301tudes--  ", "ärger-\u00e9tudes-"),
        ("ドラゴン を 飼う", "ドラゴン-を-飼う-"),
        ("हिन्दी में", "हिन्दी-में-"),
        ("Feed", "feed-"),
        ("../../etc", "etc-"),
        ("🐉", ""),
        ("x" * 255, "x" * 200 + "-"),
    ],
)
def test_address_is_made_of_the_title(app: Flask, title: str, beginning: str) -> None:
    author = logged_in(app)
    path = publish(author, title=title)
    assert path.startswith(f"/articles/{beginning}")
    assert "/" not in path.removeprefix("/articles/")
    assert article(visitor(app), quote(path))["title"] == title


def test_equal_titles_have_different_addresses(app: Flask) -> None:
    author, another = logged_in(app), logged_in(app)
    calls = [partial(one.post, "/articles", json=article_body()) for one in (author, another)]
    answers = race(app, *calls, to="INSERT INTO articles")
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(slugs(author.get("/articles"))) == 2


def test_changed_title_moves_an_article(app: Flask) -> None:
    author = logged_in(app)
    path = publish(author, title="Old", tagList=["kept"])
    before = article(author, path)
    same = author.put(path, json={"article": {"title": "Old", "body": "New."}}).json["article"]
    assert same == {**before, "body": "New.", "updatedAt": same["updatedAt"]}
    moved = author.put(path, json={"article": {"title": "New"}}).json["article"]
    assert moved["slug"].startswith("new-")
    assert moved["tagList"] == ["kept"]
    assert author.get(path).status_code == 404
    assert article(author, f"/articles/{moved['slug']}") == moved


BAD: dict[str, list[object]] = {
    "title": ["", "x" * 256, None, 7, "a NUL \0"],
    "description": ["", "x" * 1001, None],
    "body": ["", "x" * 100_001, None],
    "tagList": [None, ["a"] * 21],
    "tagList.0": [[""], ["x" * 65], [None]],
    "slug": ["mine"],
    "author": [{}],
}


def test_bad_field_is_named_as_clients_know_it(app: Flask) -> None:
    author = logged_in(app)
    path = publish(author)
    before = article(author, path)
    for field, values in BAD.items():
        for value in values:
            body = article_body(**{field.partition(".")[0]: value})
            for response in (author.post("/articles", json=body), author.put(path, json=body)):
                assert response.status_code == 422, (field, value)
                assert errors(response) == {"body", field}, (field, value)
    assert errors(author.post("/articles", json={"article": {"title": "Alone"}})) == {
        "body",
        "description",
    }
    assert errors(author.post("/articles", json={"title": "Bare"})) == {"body", "title", "article"}
    assert author.post("/articles", json={"article": {}}).status_code == 400
    assert slugs(author.get("/articles")) == [path]
    assert article(author, path) == before


def test_only_the_author_and_admins_change_an_article(app: Flask) -> None:
    author = logged_in(app)
    path = publish(author)
    change = {"article": {"description": "Changed"}}
    for client, status in ((visitor(app), 401), (logged_in(app), 403)):
        for response in (client.put(path, json=change), client.delete(path)):
            assert response.status_code == status
            assert errors(response) == {"body"}
    admin = logged_in(app, make_admin(app))
    changed = admin.put(path, json=change).json["article"]
    assert changed["description"] == "Changed"
    assert changed["author"]["username"] == name_of(author)
    assert admin.delete(path).status_code == 204
    assert author.get(path).status_code == 404


def test_unknown_article_is_404(app: Flask) -> None:
    client = logged_in(app)
    for verb, path in (
        *(("GET", ""), ("PUT", ""), ("DELETE", "")),
        *(("POST", "/favorite"), ("DELETE", "/favorite")),
        *(("GET", "/comments"), ("POST", "/comments"), ("DELETE", "/comments/1")),
    ):
        body = {"article": {"title": "New"}} if verb == "PUT" else {"comment": {"body": "New"}}
        response = client.open(f"/articles/nothing-here{path}", method=verb, json=body)
        assert (response.status_code, errors(response)) == (404, {"body"}), (verb, path)


def test_change_of_an_outdated_article_is_412(app: Flask) -> None:
    author = logged_in(app)
    path = publish(author)
    read = {"If-Match": author.get(path).headers["ETag"]}
    change = {"article": {"body": "Changed"}}
    assert author.put(path, json=change, headers=read).status_code == 200
    assert author.put(path, json=change, headers=read).status_code == 412
    assert author.delete(path, headers=read).status_code == 412


# Favorites


def test_favorite_is_the_callers_and_counts_once(app: Flask) -> None:
    author, fan = logged_in(app), logged_in(app)
    path = publish(author)
    for _ in range(2):
        shown = fan.post(f"{path}/favorite").json["article"]
        assert (shown["favorited"], shown["favoritesCount"]) == (True, 1)
    assert article(fan, path) == shown
    assert article(author, path) == article(visitor(app), path) == {**shown, "favorited": False}
    author.post(f"{path}/favorite")
    assert article(author, path) == {**shown, "favoritesCount": 2}
    for _ in range(2):
        shown = fan.delete(f"{path}/favorite").json["article"]
        assert (shown["favorited"], shown["favoritesCount"]) == (False, 1)
    for verb in ("POST", "DELETE"):
        assert visitor(app).open(f"{path}/favorite", method=verb).status_code == 401


def test_favorites_of_one_user_at_the_same_time_count_once(app: Flask) -> None:
    user = make_user(app)
    path = publish(logged_in(app))
    calls = [partial(logged_in(app, user).post, f"{path}/favorite") for _ in range(4)]
    answers = race(app, *calls, to="INSERT INTO favorites")
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json["article"]["favoritesCount"] for answer in answers} == {1}


def test_favorite_of_an_article_that_is_being_deleted_does_not_stay(app: Flask) -> None:
    author, fan = logged_in(app), logged_in(app)
    path = publish(author)
    deleted, favorite = race(
        app,
        lambda: author.delete(path),
        lambda: fan.post(f"{path}/favorite"),
        to=("DELETE FROM articles", "INSERT INTO favorites"),
    )
    assert deleted.status_code in {204, 409}
    assert favorite.status_code in {200, 404, 409}
    if deleted.status_code == 204:
        assert fan.get(path).status_code == 404
        with app.app_context():
            assert db.session.scalar(select(func.count()).select_from(favorites)) == 0


# Tags


def test_tags_in_use_are_listed_by_their_use(app: Flask) -> None:
    author = logged_in(app)
    assert author.get("/tags").json == {"tags": []}
    publish(author, tagList=["rare", "common"])
    path = publish(author, tagList=["common", "another"])
    assert visitor(app).get("/tags").json == {"tags": ["common", "another", "rare"]}
    author.put(path, json={"article": {"tagList": []}})
    assert article(author, path)["tagList"] == []
    assert visitor(app).get("/tags").json == {"tags": ["common", "rare"]}


def test_new_tag_of_two_articles_at_the_same_time_is_one(app: Flask) -> None:
    calls = [
        partial(logged_in(app).post, "/articles", json=article_body(tagList=["new"]))
        for _ in range(2)
    ]
    answers = race(app, *calls, to="INSERT INTO tags")
    assert [answer.json["article"]["tagList"] for answer in answers] == [["new"], ["new"]]
    assert visitor(app).get("/tags").json == {"tags": ["new"]}


# Accounts


def test_articles_of_deactivated_and_deleted_users_are_gone(app: Flask) -> None:
    user = make_user(app)
    author, reader = logged_in(app, user), logged_in(app)
    path = publish(author, tagList=["gone"])
    author.post(f"{path}/comments", json={"comment": {"body": "Mine."}})
    admin: Client = client_of(app, make_admin(app))
    address = f"/admin/users/{user.id}"
    for change, found in (({"is_active": False}, []), ({"is_active": True}, [path])):
        assert admin.patch(address, json=change).status_code == 200
        for client in (visitor(app), reader):
            assert slugs(client.get("/articles")) == found
            assert client.get("/tags").json["tags"] == (["gone"] if found else [])
            for below in ("", "/comments"):
                assert client.get(path + below).status_code == (200 if found else 404)
    assert admin.delete(address).status_code == 204
    assert slugs(reader.get("/articles")) == []
    assert reader.get(path).status_code == 404
