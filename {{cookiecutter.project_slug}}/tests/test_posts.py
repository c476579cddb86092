"""Posts: writing, reading, changing, deleting."""

from flask import Flask

from tests.client import Client
from tests.factories import client_of, make_admin, make_post, make_user


def test_post_is_a_draft_unless_it_says_otherwise(app: Flask) -> None:
    author = client_of(app, make_user(app))
    response = author.post("/posts", json={"title": "Hello", "content": "World"})
    assert response.status_code == 201
    assert response.json["published"] is False


def test_draft_of_another_is_404(app: Flask, client: Client) -> None:
    post = make_post(app, make_user(app), published=False)
    other = client_of(app, make_user(app))
    assert client.get(f"/posts/{post.id}").status_code == 404
    assert other.get(f"/posts/{post.id}").status_code == 404
    assert client_of(app, make_admin(app)).get(f"/posts/{post.id}").status_code == 200
