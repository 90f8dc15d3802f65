"""The texts under which articles are found, made of what an article says, and their vectors.

When an article changes, its former passages are found until the new ones have their vectors: see
`embed_missing`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm import Session, object_session

from gatte.conversation.parsing.normalize import expand_for_search, normalize_for_search
from gatte.intelligence import embedding
from gatte.intelligence.knowledge import conflicts
from gatte.models.knowledge import Article, Passage, PassageKind
from gatte.store import knowledge

if TYPE_CHECKING:
    from gatte.intelligence.knowledge.article_draft import ArticleDraft

EMBEDDED_AT_ONCE = 200


@dataclass(frozen=True)
class PassageText:
    """A text under which an article shall be found."""

    kind: PassageKind
    text: str


def texts_of(draft: "ArticleDraft") -> Iterator[PassageText]:
    """What an article is found by: its title and question, question and answer together, and each
    way of asking.
    """
    yield PassageText(PassageKind.QUESTION, draft.title)
    if draft.question != draft.title:
        yield PassageText(PassageKind.QUESTION, draft.question)
    yield PassageText(PassageKind.ANSWER, f"{draft.question} {draft.answer}")
    for text in dict.fromkeys(draft.example_questions):
        yield PassageText(PassageKind.VARIANT, text)


def current_passages(article: Article) -> list[Passage]:
    """The passages that belong to what the article says now, in the order of their making."""
    current = [passage for passage in article.passages if not passage.superseded]
    return sorted(current, key=lambda passage: passage.id or 0)


def variants_of(article: Article) -> list[str]:
    """The ways of asking under which an article is found."""
    passages = current_passages(article)
    return [passage.text for passage in passages if passage.kind is PassageKind.VARIANT]


def replace_passages(article: Article, draft: "ArticleDraft") -> None:
    """Let the article be found by what the draft says; what it was found by stays until the new
    passages have vectors.
    """
    wanted = list(texts_of(draft))
    _hold_passages(article)
    for passage in article.passages:
        passage.superseded = _text_of(passage) not in wanted
    present = {_text_of(passage) for passage in article.passages}
    _add(article, [text for text in wanted if text not in present])


def _hold_passages(article: Article) -> None:
    """Read the passages of a stored article as they are now, and let nobody remove any until the
    transaction ends.
    """
    session = object_session(article)
    if session is not None and inspect(article).persistent:
        knowledge.lock_version(session)
        session.refresh(article, ["passages"])


def embed_at_once(article: Article) -> None:
    """Give the passages of an article their vectors, and drop those that they replace."""
    embed(current_passages(article))
    for passage in [one for one in article.passages if one.superseded]:
        article.passages.remove(passage)


def embed(passages: Iterable[Passage]) -> None:
    """Give those passages vectors that have none; without the embedding package they are found by
    words alone.
    """
    bare = [passage for passage in passages if passage.embedding is None]
    if not bare or not embedding.available():
        return
    vectors = embedding.embed([expand_for_search(passage.text) for passage in bare])
    for passage, vector in zip(bare, vectors, strict=True):
        passage.embedding = vector


def embed_missing(session: Session) -> None:
    """Give vectors to passages that were made lately and have none, let go of those that they
    replace, and compare their articles with those that are asked for alike. The caller commits.
    """
    knowledge.lock_version(session)
    passages = knowledge.list_unembedded(session, EMBEDDED_AT_ONCE)
    embed(passages)
    session.flush()
    changed = {passage.article_id for passage in passages}
    changed |= knowledge.delete_superseded(session, even_without_vectors=not embedding.available())
    conflicts.refresh(session, changed)


def add_variant(session: Session, article_id: UUID, text: str) -> bool:
    """Add a way in which a customer asked for an article; False when it is known already or the
    article is gone. The caller commits.
    """
    article = knowledge.find_article(session, article_id)
    words = normalize_for_search(text)
    if article is None or not words:
        return False
    if any(passage.normalised == words for passage in current_passages(article)):
        return False
    _add(article, [PassageText(PassageKind.VARIANT, text.strip())])
    embed(article.passages)
    return True


def _text_of(passage: Passage) -> PassageText:
    return PassageText(passage.kind, passage.text)


def _add(article: Article, texts: Iterable[PassageText]) -> None:
    article.passages.extend(
        Passage(
            kind=text.kind,
            text=text.text,
            normalised=normalize_for_search(text.text),
            superseded=False,
        )
        for text in texts
    )
