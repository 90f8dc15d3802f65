"""The knowledge base as people keep it: articles read from files and stored with the passages under
which they are found.
"""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from sqlalchemy import func
from sqlalchemy.orm import Session

from gatte.conversation.nlu import Intent
from gatte.conversation.parsing.normalize import expand_for_search, normalize_for_search
from gatte.intelligence import embedding
from gatte.models.knowledge import Article, Passage, PassageKind
from gatte.store import knowledge

DEMO_ARTICLES = Path(__file__).parents[1] / "content" / "articles.toml"
EMBEDDED_AT_ONCE = 200
LONGEST_ANSWER = 600  # characters; a longer bubble is not read on a phone
LONGEST_SHORT_ANSWER = 250

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class BadArticles(Exception):
    """A file of articles cannot be used; `problems` has one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class ArticleDraft(BaseModel):
    """An article as a file holds it; `asks` are ways in which people ask for it. `short`, if any,
    is what is said first, and `answer` when somebody wants more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
    title: Line
    question: Line
    answer: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=2, max_length=LONGEST_ANSWER)
    ]
    short_answer: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=LONGEST_SHORT_ANSWER)
    ] = Field(default="", alias="short")
    topic: Intent = Intent.FAQ
    source: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""
    valid_from: date | None = None
    example_questions: tuple[Line, ...] = Field(default=(), max_length=200, alias="asks")


@dataclass(frozen=True)
class ImportResult:
    """What an import did, in numbers of articles."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class _PassageText:
    kind: PassageKind
    text: str


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
    session: Session, drafts: Sequence[ArticleDraft], *, embed: bool = True
) -> ImportResult:
    """Store articles by slug, with their passages; the same import again changes nothing. The
    caller commits.

    Without `embed` new passages have no vector, and are found by words alone, until the job
    `embed_passages` gives them one: a web process holds no model. Articles that are not among
    `drafts` stay as they are, and so do variants that were learned from customers.
    """
    knowledge.lock_import(session)
    known = knowledge.articles_by_slug(session, [draft.slug for draft in drafts])
    outcomes = [
        _change(known[draft.slug], draft) if draft.slug in known else _create(session, known, draft)
        for draft in drafts
    ]
    if embed:
        _embed([passage for article in known.values() for passage in article.passages])
    session.flush()
    return ImportResult(
        outcomes.count("created"), outcomes.count("changed"), outcomes.count("unchanged")
    )


def embed_missing(session: Session) -> None:
    """Give vectors to passages of articles that were changed lately and have none. The caller
    commits.
    """
    _embed(knowledge.list_unembedded(session, EMBEDDED_AT_ONCE))


def add_variant(session: Session, article_id: UUID, text: str) -> bool:
    """Add a way in which a customer asked for an article; False when it is known already or the
    article is gone. The caller commits.
    """
    article = knowledge.find_article(session, article_id)
    words = normalize_for_search(text)
    if (
        article is None
        or not words
        or any(passage.normalised == words for passage in article.passages)
    ):
        return False
    _add(article, [_PassageText(PassageKind.VARIANT, text.strip())])
    _embed(article.passages)
    return True


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


def _create(session: Session, known: dict[str, Article], draft: ArticleDraft) -> str:
    article = known[draft.slug] = Article(slug=draft.slug, version=1, **_fields(draft))
    session.add(article)
    _add(article, list(_texts(draft)))
    return "created"


def _change(article: Article, draft: ArticleDraft) -> str:
    changed = {
        name: value for name, value in _fields(draft).items() if getattr(article, name) != value
    }
    for name, value in changed.items():
        setattr(article, name, value)
    if not _replace_passages(article, draft) and not changed:
        return "unchanged"
    article.version += 1
    article.updated_at = func.now()
    return "changed"


def _fields(draft: ArticleDraft) -> dict[str, Any]:
    fields = draft.model_dump(exclude={"slug", "example_questions"})
    return {**fields, "topic": draft.topic.value}


def _texts(draft: ArticleDraft) -> Iterator[_PassageText]:
    """What an article is found by: its title and question, question and answer together, and each
    way of asking.
    """
    yield _PassageText(PassageKind.QUESTION, draft.title)
    if draft.question != draft.title:
        yield _PassageText(PassageKind.QUESTION, draft.question)
    yield _PassageText(PassageKind.ANSWER, f"{draft.question} {draft.answer}")
    yield from (
        _PassageText(PassageKind.VARIANT, text) for text in dict.fromkeys(draft.example_questions)
    )


def _replace_passages(article: Article, draft: ArticleDraft) -> bool:
    """Bring the passages to what the draft says, learned variants apart; whether anything was to be
    done.
    """
    wanted = list(_texts(draft))
    stale = [
        passage
        for passage in article.passages
        if passage.kind is not PassageKind.VARIANT and _text_of(passage) not in wanted
    ]
    for passage in stale:
        article.passages.remove(passage)
    present = {_text_of(passage) for passage in article.passages}
    missing = [text for text in wanted if text not in present]
    _add(article, missing)
    return bool(stale or missing)


def _text_of(passage: Passage) -> _PassageText:
    return _PassageText(passage.kind, passage.text)


def _add(article: Article, texts: Iterable[_PassageText]) -> None:
    article.passages.extend(
        Passage(kind=text.kind, text=text.text, normalised=normalize_for_search(text.text))
        for text in texts
    )


def _embed(passages: Iterable[Passage]) -> None:
    """Give those passages vectors that have none; without the embedding package they are found by
    words alone.
    """
    bare = [passage for passage in passages if passage.embedding is None]
    if not bare or not embedding.available():
        return
    vectors = embedding.embed([expand_for_search(passage.text) for passage in bare])
    for passage, vector in zip(bare, vectors, strict=True):
        passage.embedding = vector


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
