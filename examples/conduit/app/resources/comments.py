"""Comments on articles."""

from typing import Any

from app.api.framework import Resource
from app.api.operation import accepts, accepts_query, cached, may_fail, returns
from app.api.pages import Page, paginate_by_offset
from app.extensions import db
from app.models.article import Comment
from app.policies.article import own, visible_article, visible_comment, visible_comments
from app.schemas.article import CommentIn, CommentOut, CommentQuery
from app.sessions import current_user, current_user_or_none


class CommentList(Resource):
    @cached
    @accepts_query(CommentQuery)
    @returns(CommentOut, many=True, envelope="comments")
    def get(self, slug: str, query: dict[str, Any]) -> Page[Comment]:
        """List the comments on an article, newest first."""
        return paginate_by_offset(visible_comments(current_user_or_none(), slug), query)

    @accepts(CommentIn, envelope="comment")
    @returns(CommentOut, envelope="comment")
    def post(self, slug: str, data: dict[str, Any]) -> Comment:
        """Comment on an article."""
        viewer = current_user()
        comment = Comment(article_id=visible_article(viewer, slug).id, author=viewer, **data)
        db.session.add(comment)
        db.session.commit()
        return visible_comment(viewer, slug, comment.id)


class CommentItem(Resource):
    @may_fail(403)
    @returns(status=204)
    def delete(self, slug: str, id: int) -> None:
        """Delete a comment."""
        comment = own(current_user(), visible_comment(current_user(), slug, id))
        db.session.delete(comment)
        db.session.commit()
