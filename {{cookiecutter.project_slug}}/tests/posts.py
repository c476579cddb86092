"""Test posts; required fields that a test doesn't set take the schema's examples."""

from typing import Any

from flask import Flask

from app import db
from app.api.schemas import schema
from app.models.post import Post
from app.models.user import User
from app.schemas.post import PostIn
from tests.support.bodies import body_of


def post_body(**given: Any) -> dict[str, Any]:
    """Return a valid body of a new post."""
    return body_of(PostIn, **given)


def make_post(app: Flask, author: User, *, published: bool = True, **given: Any) -> Post:
    """Store a post."""
    with app.app_context():
        data = schema(PostIn).load(post_body(published=published, **given))
        post = Post(user_id=author.id, **data)
        db.session.add(post)
        db.session.commit()
        return post
