"""Posts: reading, writing, and the lists of all users and of one."""

from typing import Any

from app.api.conditional import require_match
from app.api.framework import Resource
from app.api.operation import accepts, accepts_query, cached, may_fail, requires_login, returns
from app.api.pages import Page, paginate
from app.extensions import db
from app.models.post import Post
from app.policies.post import editable_post, listed_posts, visible_post
from app.policies.user import visible_user
from app.schemas.post import PostIn, PostOut, PostQuery, UserPostQuery
from app.sessions import current_user, current_user_or_none


class PostList(Resource):
    @cached
    @accepts_query(PostQuery)
    @returns(PostOut, many=True)
    def get(self, query: dict[str, Any]) -> Page[Post]:
        """List published posts, or the caller's drafts."""
        posts = listed_posts(current_user_or_none(), published=query["published"])
        if "user_id" in query:
            posts = posts.where(Post.user_id == query["user_id"])
        return paginate(posts, Post, query)

    @requires_login
    @accepts(PostIn)
    @returns(PostOut, status=201, location=".PostItem")
    def post(self, data: dict[str, Any]) -> Post:
        """Create a post; it is a draft unless `published` is true."""
        post = Post(user=current_user(), **data)
        db.session.add(post)
        db.session.commit()
        return post


class PostItem(Resource):
    @cached
    @returns(PostOut)
    def get(self, id: int) -> Post:
        """Show a post."""
        return visible_post(current_user_or_none(), id)

    @requires_login
    @may_fail(403)
    @accepts(PostIn, partial=True)
    @returns(PostOut)
    def patch(self, id: int, data: dict[str, Any]) -> Post:
        """Change the given fields of a post."""
        post = editable_post(current_user(), id)
        require_match(post, PostOut)
        post.update(data)
        db.session.commit()
        return post

    put = patch

    @requires_login
    @may_fail(403)
    @returns(status=204)
    def delete(self, id: int) -> None:
        """Delete a post."""
        post = editable_post(current_user(), id)
        require_match(post, PostOut)
        db.session.delete(post)
        db.session.commit()


class UserPostList(Resource):
    @cached
    @accepts_query(UserPostQuery)
    @returns(PostOut, many=True)
    def get(self, id: int, query: dict[str, Any]) -> Page[Post]:
        """List a user's published posts, or the drafts that the caller may see."""
        viewer = current_user_or_none()
        user = visible_user(viewer, id)
        posts = listed_posts(viewer, published=query["published"])
        return paginate(posts.where(Post.user_id == user.id), Post, query)
