"""Comments on articles."""

from typing import Any

import pytest
from flask import Flask

from app.api.schemas import schema
from app.schemas.article import CommentOut
from tests.conduit import errors, logged_in, name_of, publish, visitor
from tests.factories import make_admin
from tests.support.client import Client
from tests.support.statements import race, statements_of

THANKS = {"comment": {"body": "Thank you!"}}


def comment_on(path: str, client: Client) -> str:
    response = client.post(f"{path}/comments", json=THANKS)
    assert response.status_code == 200, response.text
    return f"{path}/comments/{response.json['comment']['id']}"


def comments(client: Client, path: str) -> Any:
    response = client.get(f"{path}/comments")
    assert response.status_code == 200, response.text
    return response.json["comments"]


def test_comment_is_listed_with_its_author(app: Flask) -> None:
    writer, reader = logged_in(app), logged_in(app)
    path = publish(logged_in(app))
    first = writer.post(f"{path}/comments", json=THANKS).json["comment"]
    assert first.keys() == {field.data_key for field in schema(CommentOut).fields.values()}
    assert first["author"] == reader.get(f"/profiles/{name_of(writer)}").json["profile"]
    second = reader.post(f"{path}/comments", json=THANKS).json["comment"]
    assert comments(visitor(app), path) == comments(writer, path) == [second, first]
    reader.post(f"/profiles/{name_of(writer)}/follow")
    assert [c["author"]["following"] for c in comments(reader, path)] == [False, True]
    assert comments(writer, publish(writer)) == []


@pytest.mark.parametrize("body", ["", "x" * 10_001, None, 7])
def test_bad_comment_is_422(app: Flask, body: object) -> None:
    writer = logged_in(app)
    path = publish(writer)
    response = writer.post(f"{path}/comments", json={"comment": {"body": body}})
    assert (response.status_code, errors(response)) == (422, {"body"})
    assert len(response.json["errors"]["body"]) == 2
    assert comments(writer, path) == []


def test_only_its_author_and_admins_delete_a_comment(app: Flask) -> None:
    author, writer = logged_in(app), logged_in(app)
    path = publish(author)
    kept, comment = comment_on(path, writer), comment_on(path, writer)
    for client, status in ((visitor(app), 401), (author, 403), (writer, 204), (writer, 404)):
        assert client.delete(comment).status_code == status
    assert [f"{path}/comments/{one['id']}" for one in comments(writer, path)] == [kept]
    assert logged_in(app, make_admin(app)).delete(kept).status_code == 204
    assert comments(writer, path) == []


def test_comment_is_found_below_its_own_article_alone(app: Flask) -> None:
    writer = logged_in(app)
    path, other = publish(writer), publish(writer)
    comment = comment_on(path, writer)
    assert writer.delete(comment.replace(path, other)).status_code == 404
    assert len(comments(writer, path)) == 1


def test_comments_go_with_their_article(app: Flask) -> None:
    author, writer = logged_in(app), logged_in(app)
    path = publish(author)
    comment_on(path, writer)
    assert author.delete(path).status_code == 204
    assert visitor(app).get(f"{path}/comments").status_code == 404


def test_comment_on_an_article_that_is_being_deleted_does_not_stay(app: Flask) -> None:
    author, writer = logged_in(app), logged_in(app)
    path = publish(author)
    deleted, commented = race(
        app,
        lambda: author.delete(path),
        lambda: writer.post(f"{path}/comments", json=THANKS),
        to=("DELETE FROM articles", "INSERT INTO comments"),
    )
    assert deleted.status_code in {204, 409}
    assert commented.status_code in {200, 404, 409}


def test_comments_take_a_fixed_number_of_queries(app: Flask) -> None:
    path = publish(logged_in(app))
    comment_on(path, logged_in(app))
    reader = logged_in(app)
    few = statements_of(app, lambda: reader.get(f"{path}/comments"))
    for _ in range(4):
        comment_on(path, logged_in(app))
    assert statements_of(app, lambda: reader.get(f"{path}/comments")) == few


def test_cached_comments_are_never_stale(app: Flask) -> None:
    writer, reader = logged_in(app), visitor(app)
    path = publish(writer)
    assert comments(reader, path) == []
    comment = comment_on(path, writer)
    assert [one["author"]["username"] for one in comments(reader, path)] == [name_of(writer)]
    writer.put("/user", json={"user": {"username": "changed"}})
    assert [one["author"]["username"] for one in comments(reader, path)] == ["changed"]
    writer.delete(comment)
    assert comments(reader, path) == []
