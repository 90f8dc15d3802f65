"""Articles of the knowledge base: listed, read, and put in place by their slug."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationError

from gatte.conversation.nlu import Intent
from gatte.extensions import db
from gatte.intelligence.knowledge import article_versions
from gatte.intelligence.knowledge.article_draft import LONGEST_ANSWER, ArticleDraft
from gatte.intelligence.knowledge.article_passages import variants_of
from gatte.intelligence.knowledge.articles import import_articles
from gatte.models import Article, Scope
from gatte.store import audit
from gatte.store import knowledge as stored
from gatte.web.api.authorization import current_user_id
from gatte.web.api.certificates import Day
from gatte.web.api.cursors import cut_page, read_cursor
from gatte.web.api.endpoint import Answer, Endpoint, single
from gatte.web.api.preconditions import check_match, require_match
from gatte.web.api.schema import (
    NO_NUL,
    ApiModel,
    Moment,
    PageQuery,
    UpdatedSince,
    invalid_fields,
)
from gatte.web.problems import Problem

TAG = "knowledge"
PLACE = "/knowledge/articles/<string(maxlength=80):slug>"
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200, pattern=NO_NUL)
]


class ArticleResource(ApiModel):
    """A question and its answer, as approved by people."""

    id: UUID
    slug: str
    title: str
    question: str
    answer: str
    topic: str
    source: str
    valid_from: date | None
    valid_to: date | None
    active: bool
    version: int
    asks: list[str] = Field(description="Ways in which people ask for it.")
    created_at: Moment
    updated_at: Moment


class ArticlePage(ApiModel):
    items: list[ArticleResource]
    next_cursor: str | None


class ArticleListQuery(PageQuery):
    topic: Intent | None = None
    active: bool | None = None
    updated_since: UpdatedSince = None


class ArticleContent(ApiModel):
    """The whole of an article. Ways of asking are added to those that it has."""

    title: Words
    question: Words
    answer: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, min_length=2, max_length=LONGEST_ANSWER, pattern=NO_NUL
        ),
    ]
    topic: Intent = Intent.FAQ
    source: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=300, pattern=NO_NUL)
    ] = ""
    valid_from: Day | None = None
    valid_to: Day | None = None
    active: bool = True
    asks: list[Words] = Field(default_factory=list, max_length=50)


def article_resource(article: Article) -> ArticleResource:
    """An article as the API shows it."""
    return ArticleResource(
        id=article.id,
        slug=article.slug,
        title=article.title,
        question=article.question,
        answer=article.answer,
        topic=article.topic,
        source=article.source,
        valid_from=article.valid_from,
        valid_to=article.valid_to,
        active=article.active,
        version=article.version,
        asks=variants_of(article),
        created_at=article.created_at,
        updated_at=article.updated_at,
    )


@Endpoint("GET", "/knowledge/articles", TAG, Scope.KNOWLEDGE_READ, ArticlePage)
def list_articles(query: ArticleListQuery) -> ArticlePage:
    """Articles, by slug."""
    after = read_cursor(query)
    found = stored.list_page(
        db.session(),
        topic=query.topic,
        active=query.active,
        updated_since=query.updated_since,
        after=str(after[0]) if after else None,
        limit=query.limit + 1,
    )
    shown, cursor = cut_page(found, query, lambda article: [article.slug])
    return ArticlePage(items=[article_resource(one) for one in shown], next_cursor=cursor)


@Endpoint("GET", PLACE, TAG, Scope.KNOWLEDGE_READ, ArticleResource)
def get_article(slug: str) -> Answer:
    """One article."""
    article = stored.find_by_slug(db.session(), slug)
    if article is None:
        raise _no_article()
    return single(article_resource(article))


@Endpoint("PUT", PLACE, TAG, Scope.KNOWLEDGE_WRITE, ArticleResource, refusals=(412, 428))
def put_article(slug: str, json: ArticleContent) -> Answer:
    """Put an article in place, new or changed: the bot answers from it at once.

    It is found by its words at first, and by its meaning moments later.

    A slug is small letters and digits with single hyphens. To change an article, send its ETag as
    If-Match; a new one needs none. Its version grows with every change.
    """
    session = db.session()
    stored.lock_import(session)
    article = stored.find_by_slug(session, slug)
    _check_version(article)
    content = json.model_dump(exclude={"active"})
    import_articles(session, [_draft(slug, content)], embed=False, user_id=current_user_id())
    article = stored.find_by_slug(session, slug)
    if article is None:
        raise _no_article()
    if json.active and not article.active:
        article_versions.publish_waiting(session, article, current_user_id())
    if article.active and not json.active:
        article_versions.archive(article)
    audit.record(current_user_id(), "article.put", f"article:{article.id}")
    session.flush()
    return single(article_resource(article))


def _check_version(article: Article | None) -> None:
    """A Problem unless the request was made of the article as it is."""
    if article is not None:
        require_match(article_resource(article))
    else:
        check_match(None)


def _draft(slug: str, content: dict[str, Any]) -> ArticleDraft:
    try:
        return ArticleDraft.model_validate({"slug": slug, **content})
    except ValidationError as error:
        raise Problem(
            422,
            "A slug is small letters and digits with single hyphens, as in `preco-do-a1`.",
            kind="bad-slug",
            errors=invalid_fields("body", error.errors(include_input=False, include_context=False)),
        ) from None


def _no_article() -> Problem:
    return Problem(404, "There is no article with this slug.", kind="not-found")
