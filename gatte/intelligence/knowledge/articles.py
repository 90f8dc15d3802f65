"""The knowledge base as people keep it in files: articles read, and stored by their slugs."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from gatte.intelligence.knowledge import article_passages, article_versions
from gatte.intelligence.knowledge.article_draft import ArticleDraft
from gatte.models.knowledge import Article, ArticleState
from gatte.store import knowledge

DEMO_ARTICLES = Path(__file__).parents[1] / "content" / "articles.toml"


class BadArticles(Exception):
    """A file of articles cannot be used; `problems` has one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class ImportResult:
    """What an import did, in numbers of articles."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


def read_articles(path: Path = DEMO_ARTICLES) -> list[ArticleDraft]:
    """The articles of a TOML file (`[[article]]` tables); BadArticles lists all its problems."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("article", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadArticles([f"not a TOML file: {error}"]) from None
    problems: list[str] = []
    drafts = [
        draft
        for number, row in enumerate(rows, start=1)
        if (draft := _draft(number, row, problems))
    ]
    slugs = [draft.slug for draft in drafts]
    problems += [
        f"article {slug}: stands here more than once"
        for slug in sorted({slug for slug in slugs if slugs.count(slug) > 1})
    ]
    if problems or not rows:
        raise BadArticles(problems or ["the file holds no [[article]]"])
    return drafts


def import_articles(
    session: Session,
    drafts: Sequence[ArticleDraft],
    *,
    embed: bool = True,
    user_id: int | None = None,
) -> ImportResult:
    """Store and publish articles by slug; the same import again changes nothing. The caller
    commits.

    Without `embed` new passages have no vector, and are found by words alone, until the job
    `embed_passages` gives them one: a web process holds no model. Articles that are not among
    `drafts` stay as they are, and so do ways of asking that were learned from customers. An
    archived article is changed and stays archived.
    """
    knowledge.lock_import(session)
    known = knowledge.articles_by_slug(session, [draft.slug for draft in drafts])
    outcomes = [_store(session, known.get(draft.slug), draft, user_id, embed) for draft in drafts]
    session.flush()
    return ImportResult(
        outcomes.count("created"), outcomes.count("changed"), outcomes.count("unchanged")
    )


def import_drafts(
    session: Session, drafts: Sequence[ArticleDraft], user_id: int | None
) -> ImportResult:
    """Store articles as drafts that wait for somebody to publish them, by slug; those that are as
    before stay untouched. The caller commits.
    """
    knowledge.lock_import(session)
    known = knowledge.articles_by_slug(session, [draft.slug for draft in drafts])
    outcomes = []
    for draft in drafts:
        article = known.get(draft.slug)
        if article is not None and _says(article, draft):
            outcomes.append("unchanged")
            continue
        outcomes.append("created" if article is None else "changed")
        target = article or article_versions.new_article(session, draft.slug, user_id)
        article_versions.save(session, target, draft, user_id)
    return ImportResult(
        outcomes.count("created"), outcomes.count("changed"), outcomes.count("unchanged")
    )


def _store(
    session: Session,
    known: Article | None,
    draft: ArticleDraft,
    user_id: int | None,
    embed: bool,
) -> str:
    """Publish one draft; what was done."""
    whole = draft if known is None else _with_learned(known, draft)
    waits = known is not None and known.state is ArticleState.DRAFT
    if known is not None and not waits and _says(known, whole):
        if embed:
            article_passages.embed_at_once(known)
        return "unchanged"
    article = known or article_versions.new_article(session, draft.slug)
    is_archived = article.state is ArticleState.ARCHIVED
    version = article_versions.save(session, article, whole, user_id)
    article_versions.publish(session, article, version, user_id)
    if is_archived:
        article_versions.archive(article)
    if embed:
        article_passages.embed_at_once(article)
    return "created" if known is None else "changed"


def _with_learned(article: Article, draft: ArticleDraft) -> ArticleDraft:
    """The draft with the ways of asking that the article has already."""
    asks = [*article_passages.variants_of(article), *draft.example_questions]
    return draft.model_copy(update={"example_questions": tuple(dict.fromkeys(asks))})


def _says(article: Article, draft: ArticleDraft) -> bool:
    """Whether an article says what a draft says."""
    said = article_versions.content_of(article_versions.current_draft(article))
    return said == article_versions.content_of(draft)


def _draft(number: int, row: dict[str, Any], problems: list[str]) -> ArticleDraft | None:
    try:
        return ArticleDraft.model_validate(row)
    except ValidationError as error:
        name = row.get("slug", f"number {number}")
        problems += [
            f"article {name}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
            for problem in error.errors()
        ]
        return None


@lru_cache(maxsize=1)
def off_topic_texts() -> tuple[str, ...]:
    """Texts that no article answers: small talk, other people's services, other kinds of
    certificate.
    """
    return tuple(
        (Path(__file__).parents[1] / "content" / "off_topic.txt")
        .read_text(encoding="utf-8")
        .splitlines()
    )
