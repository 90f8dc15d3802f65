"""Articles in the hands of the company's people: written as drafts by anybody, published and
archived by admins. Each change is audited; none undoes what another person did meanwhile.
"""

from uuid import UUID

from gatte.extensions import db
from gatte.intelligence.knowledge import article_versions
from gatte.intelligence.knowledge.article_draft import ArticleDraft, slug_of
from gatte.models import Article
from gatte.store import audit, knowledge


class StaleArticle(Exception):
    """Somebody saved the article after the page was made."""


class NoSuchArticle(Exception):
    """There is no article with this id."""


def new_slug(title: str) -> str:
    """A free name for an article of this title: `preco-do-a1`, or `preco-do-a1-2` when that is
    taken.
    """
    base = slug_of(title)
    taken = knowledge.list_slugs(db.session(), base)
    if base not in taken:
        return base
    number = next(number for number in range(2, len(taken) + 3) if f"{base}-{number}" not in taken)
    return f"{base}-{number}"


def add(draft: ArticleDraft, owner_id: int | None, user_id: int) -> Article:
    """Store a new article as a draft."""
    session = db.session()
    knowledge.lock_import(session)
    article = article_versions.new_article(session, draft.slug, owner_id)
    article_versions.save(session, article, draft, user_id)
    audit.record(user_id, "article.draft", _subject(article))
    return article


def change(
    article_id: UUID, draft: ArticleDraft, owner_id: int | None, user_id: int, seen: int
) -> Article:
    """Keep a draft of an article; StaleArticle when somebody saved one since version `seen`. A
    draft that says nothing new is not kept.
    """
    article = _locked(article_id)
    _require_newest(article, seen)
    article.owner_id = owner_id
    if _newest_content(article) == article_versions.content_of(draft):
        return article
    article_versions.save(db.session(), article, draft, user_id)
    audit.record(user_id, "article.draft", _subject(article))
    return article


def publish(article_id: UUID, user_id: int, seen: int) -> Article:
    """Let the bot answer with the newest draft, or bring an archived article back; StaleArticle,
    or NothingToPublish.
    """
    article = _locked(article_id)
    _require_newest(article, seen)
    article_versions.publish_waiting(db.session(), article, user_id)
    audit.record(user_id, "article.publish", _subject(article))
    return article


def archive(article_id: UUID, user_id: int, seen: int) -> Article:
    """Let the bot answer with the article no more; StaleArticle."""
    article = _locked(article_id)
    _require_newest(article, seen)
    article_versions.archive(article)
    audit.record(user_id, "article.archive", _subject(article))
    return article


def newest_number(article: Article) -> int:
    """The number of the newest version, published or not: what a form was made of."""
    newest = knowledge.find_newest_version(db.session(), article.id)
    number = 0 if newest is None else newest.number
    return max(number, article.version)


def _newest_content(article: Article) -> dict[str, object]:
    return article_versions.content_of(article_versions.newest_draft(db.session(), article))


def _locked(article_id: UUID) -> Article:
    knowledge.lock_import(db.session())
    article = knowledge.find_article(db.session(), article_id)
    if article is None:
        raise NoSuchArticle(str(article_id))
    db.session.refresh(article)
    return article


def _require_newest(article: Article, seen: int) -> None:
    if newest_number(article) != seen:
        raise StaleArticle


def _subject(article: Article) -> str:
    return f"article:{article.id}"
