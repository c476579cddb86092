"""Clients of version 2, and articles that they publish; what a test doesn't give is made up."""

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.models.user import User
from app.routes import VERSIONS
from app.schemas.article import ArticleIn
from tests.factories import client_of, make_user
from tests.support.bodies import body_of
from tests.support.client import Client, new_client

V2 = VERSIONS[-1]


def visitor(app: Flask) -> Client:
    """Return a client without a token."""
    return new_client(app, V2)


def logged_in(app: Flask, user: User | None = None) -> Client:
    """Return a client that is logged in, as a new user unless one is given."""
    return client_of(app, user or make_user(app), V2)


def article_body(**given: Any) -> dict[str, Any]:
    """Return a valid body of a new article."""
    return {"article": body_of(ArticleIn, **given)}


def publish(author: Client, **given: Any) -> str:
    """Publish an article and return its path."""
    response = author.post("/articles", json=article_body(**given))
    assert response.status_code == 201, response.text
    return f"/articles/{response.json['article']['slug']}"


def name_of(client: Client) -> str:
    """Return the username of a client."""
    name: str = client.get("/user").json["user"]["username"]
    return name


def slugs(response: TestResponse) -> list[str]:
    """Return the paths of listed articles, in their order."""
    assert response.status_code == 200, response.text
    return [f"/articles/{article['slug']}" for article in response.json["articles"]]


def errors(response: TestResponse) -> set[str]:
    """Return what an error is about."""
    assert response.status_code >= 400, response.text
    assert response.content_type == "application/json"
    return set(response.json["errors"])
