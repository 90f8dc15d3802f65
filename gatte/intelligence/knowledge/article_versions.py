"""The versions of an article: drafts are kept beside what the bot answers from, until somebody
publishes one.

Every way of changing an article goes through `save` and `publish`: the panel, the API, an import.
The caller holds `knowledge.lock_import` and commits.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from gatte.conversation.nlu import Intent
from gatte.intelligence.knowledge.article_draft import ArticleDraft
from gatte.intelligence.knowledge.article_passages import replace_passages, variants_of
from gatte.models.knowledge import Article, ArticleState, ArticleVersion
from gatte.store import knowledge

COLUMNS = (
    "title",
    "question",
    "answer",
    "short_answer",
    "topic",
    "source",
    "valid_from",
    "valid_to",
)
"""What a draft and an article both have, under the same name."""


class NothingToPublish(Exception):
    """The article has no draft that waits, and is in use already."""


def content_of(draft: ArticleDraft) -> dict[str, Any]:
    """A draft as JSON values, without its slug: the content of a version."""
    return draft.model_dump(mode="json", by_alias=True, exclude={"slug"})


def draft_of(article: Article, version: ArticleVersion) -> ArticleDraft:
    """The draft that a version of an article holds."""
    return ArticleDraft.model_validate({"slug": article.slug, **version.content})


def current_draft(article: Article) -> ArticleDraft:
    """What an article says now."""
    columns = {name: getattr(article, name) for name in COLUMNS}
    columns["topic"] = Intent(article.topic or Intent.FAQ)
    asks = variants_of(article)
    return ArticleDraft.model_construct(slug=article.slug, example_questions=tuple(asks), **columns)


def new_article(session: Session, slug: str, owner_id: int | None = None) -> Article:
    """An article without any version yet; it becomes whole by `save`."""
    article = Article(
        slug=slug,
        title="",
        question="",
        answer="",
        short_answer="",
        version=0,
        active=False,
        owner_id=owner_id,
    )
    session.add(article)
    return article


def save(
    session: Session, article: Article, draft: ArticleDraft, author_id: int | None
) -> ArticleVersion:
    """Keep a draft as the newest version. An article that was never published says it from now on
    in lists; one in use goes on answering with what was published.
    """
    session.flush()
    _keep_first_version(session, article)
    version = ArticleVersion(
        article_id=article.id,
        number=_last_number(session, article) + 1,
        content=content_of(draft),
        author_id=author_id,
    )
    session.add(version)
    if article.state is ArticleState.DRAFT:
        _write_columns(article, draft)
        article.version = version.number
    session.flush()
    return version


def find_waiting(session: Session, article: Article) -> ArticleVersion | None:
    """The newest version, when it was not published and is not older than what is in use."""
    newest = knowledge.find_newest_version(session, article.id)
    if newest is None or newest.published_at is not None:
        return None
    return newest if newest.number >= article.version else None


def newest_draft(session: Session, article: Article) -> ArticleDraft:
    """What somebody edits: the draft that waits, else what the article says."""
    waiting = find_waiting(session, article)
    return current_draft(article) if waiting is None else draft_of(article, waiting)


def publish(
    session: Session, article: Article, version: ArticleVersion, user_id: int | None
) -> None:
    """Let the bot answer with this version from now on. It is found by its words, and by its
    meaning as soon as its passages have vectors; until then by its former passages too.
    """
    draft = draft_of(article, version)
    _write_columns(article, draft)
    replace_passages(article, draft)
    article.version = version.number
    article.active = True
    article.archived_at = None
    article.updated_at = func.now()
    version.published_at = datetime.now(UTC)
    version.published_by_id = user_id
    session.flush()


def publish_waiting(session: Session, article: Article, user_id: int | None) -> ArticleVersion:
    """Publish the draft that waits, or bring an archived article back as it was; NothingToPublish
    when it is in use and nothing waits.
    """
    waiting = find_waiting(session, article)
    if waiting is None and article.active:
        raise NothingToPublish
    if waiting is None:
        waiting = save(session, article, current_draft(article), user_id)
    publish(session, article, waiting, user_id)
    return waiting


def archive(article: Article) -> None:
    """Let the bot answer with this article no more; nothing of it is lost."""
    article.active = False
    article.archived_at = func.now()
    article.updated_at = func.now()


def _write_columns(article: Article, draft: ArticleDraft) -> None:
    for name in COLUMNS:
        value = getattr(draft, name)
        if getattr(article, name) != value:
            setattr(article, name, value)


def _keep_first_version(session: Session, article: Article) -> None:
    """An article from before there were versions gets one of what it says now, so that nothing is
    lost by a change.
    """
    if not article.version or knowledge.find_newest_version(session, article.id) is not None:
        return
    session.add(
        ArticleVersion(
            article_id=article.id,
            number=article.version,
            content=content_of(current_draft(article)),
            created_at=article.updated_at,
            published_at=article.updated_at,
        )
    )
    session.flush()


def _last_number(session: Session, article: Article) -> int:
    newest = knowledge.find_newest_version(session, article.id)
    number = 0 if newest is None else newest.number
    return max(number, article.version)
