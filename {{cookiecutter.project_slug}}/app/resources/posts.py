"""Posts."""

from typing import Any

from flask import url_for

from app.api.caching import cached
from app.api.conditional import unless_changed
from app.api.contract import accepts, may_fail, requires_login, returns
from app.api.framework import Resource
from app.api.pagination import Page, paginate
from app.extensions import db
from app.models.post import Post
from app.models.user import User
from app.schemas.post import PostIn, PostOut
from app.schemas.query import PostQuery
from app.security import policies
from app.security.tokens import caller, known_caller


class PostList(Resource):
    @cached(Post, User)
    @accepts(PostQuery, location="query")
    @returns(PostOut, many=True)
    def get(self, query: dict[str, Any]) -> Page[Post]:
        """List published posts, or the caller's drafts."""
        posts = policies.listed_posts(caller(), published=query["published"])
        if "user_id" in query:
            posts = posts.where(Post.user_id == query["user_id"])
        return paginate(posts, Post, query)

    @requires_login
    @accepts(PostIn)
    @returns(PostOut, status=201)
    def post(self, data: dict[str, Any]) -> Any:
        """Write a post; a draft, unless it says otherwise."""
        post = Post(user=known_caller(), **data)
        db.session.add(post)
        db.session.commit()
        return post, {"Location": url_for(".PostItem", id=post.id)}


class PostItem(Resource):
    @cached(Post, User)
    @returns(PostOut)
    def get(self, id: int) -> Post:
        """Show a post."""
        return policies.one_or_404(policies.visible_posts(caller()), Post, id)

    @requires_login
    @may_fail(403)
    @accepts(PostIn, partial=True)
    @returns(PostOut)
    def patch(self, data: dict[str, Any], id: int) -> Post:
        """Change the given fields of a post."""
        post = policies.editable_post(known_caller(), id)
        unless_changed(post, PostOut)
        post.update(data)
        db.session.commit()
        return post

    put = patch

    @requires_login
    @may_fail(403)
    @returns(status=204)
    def delete(self, id: int) -> None:
        """Delete a post."""
        post = policies.editable_post(known_caller(), id)
        unless_changed(post, PostOut)
        db.session.delete(post)
        db.session.commit()
