"""Articles: lists, reading, writing, favorites, tags."""

from typing import Any

from sqlalchemy import delete

from app.api.conditional import require_match
from app.api.framework import Resource
from app.api.operation import accepts, accepts_query, cached, may_fail, requires_login, returns
from app.api.pages import Page, paginate_by_offset
from app.api.queries import OffsetQuery
from app.api.rows import get_or_create_named, insert_once
from app.extensions import db
from app.models.article import Article, Tag, favorites
from app.models.user import User
from app.policies.article import own, popular_tags, visible_article, visible_articles
from app.policies.profile import is_followed
from app.schemas.article import ArticleIn, ArticleOut, ArticleQuery, ListedArticleOut, TagsOut
from app.sessions import current_user, current_user_or_none


class ArticleList(Resource):
    @cached
    @accepts_query(ArticleQuery)
    @returns(ListedArticleOut, many=True, envelope="articles", total="articlesCount")
    def get(self, query: dict[str, Any]) -> Page[Article]:
        """List articles, newest first."""
        articles = visible_articles(current_user_or_none())
        if "tag" in query:
            articles = articles.where(Article.tags.any(name=query["tag"]))
        if "author" in query:
            articles = articles.where(User.username_key == query["author"].lower())
        if "favorited" in query:
            fan = {"username_key": query["favorited"].lower(), "is_active": True}
            articles = articles.where(Article.fans.any(**fan))
        return paginate_by_offset(articles, query)

    @accepts(ArticleIn, envelope="article")
    @returns(ArticleOut, envelope="article", key="slug", status=201, location=".ArticleItem")
    def post(self, data: dict[str, Any]) -> Article:
        """Publish an article."""
        tags = get_or_create_named(Tag, data.pop("tag_list", ()))
        article = Article(author=current_user(), tags=tags, **data)
        db.session.add(article)
        db.session.commit()
        return visible_article(current_user(), article.slug)


class Feed(Resource):
    @requires_login
    @accepts_query(OffsetQuery)
    @returns(ListedArticleOut, many=True, envelope="articles", total="articlesCount")
    def get(self, query: dict[str, Any]) -> Page[Article]:
        """List the articles of the users whom the caller follows, newest first."""
        viewer = current_user()
        return paginate_by_offset(visible_articles(viewer).where(is_followed(viewer)), query)


@returns(ArticleOut, envelope="article", key="slug")
class ArticleItem(Resource):
    @cached
    def get(self, slug: str) -> Article:
        """Show an article."""
        return visible_article(current_user_or_none(), slug)

    @may_fail(403)
    @accepts(ArticleIn, partial=True, envelope="article")
    def put(self, slug: str, data: dict[str, Any]) -> Article:
        """Change the given fields of an article; a new title moves it to another address."""
        article = own(current_user(), visible_article(current_user(), slug))
        require_match(article, ArticleOut)
        if "tag_list" in data:
            data["tags"] = get_or_create_named(Tag, data.pop("tag_list"))
        article.update(data)
        db.session.commit()
        return visible_article(current_user(), article.slug)

    @may_fail(403)
    @returns(status=204)
    def delete(self, slug: str) -> None:
        """Delete an article with its comments."""
        article = own(current_user(), visible_article(current_user(), slug))
        require_match(article, ArticleOut)
        db.session.delete(article)
        db.session.commit()


@returns(ArticleOut, envelope="article", key="slug")
class Favorite(Resource):
    def post(self, slug: str) -> Article:
        """Add an article to the caller's favorites; a second time changes nothing."""
        article = visible_article(current_user(), slug)
        insert_once(favorites, user_id=current_user().id, article_id=article.id)
        db.session.commit()
        return visible_article(current_user(), slug)

    def delete(self, slug: str) -> Article:
        """Remove an article from the caller's favorites; a second time changes nothing."""
        viewer = current_user()
        article = visible_article(viewer, slug)
        db.session.execute(delete(favorites).filter_by(user_id=viewer.id, article_id=article.id))
        db.session.commit()
        return visible_article(viewer, slug)


class TagList(Resource):
    @cached
    @returns(TagsOut)
    def get(self) -> dict[str, Any]:
        """List the tags in use, the most popular ones first."""
        return {"tags": db.session.scalars(popular_tags()).all()}
