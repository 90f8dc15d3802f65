"""Articles out of a document that somebody brings: what becomes which article, and what is left
out.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from gatte.intelligence.knowledge.article_draft import (
    LONGEST_ANSWER,
    LONGEST_LINE,
    ArticleDraft,
    slug_of,
)
from gatte.intelligence.knowledge.document_sections import (
    DocumentKind,
    Section,
    UnreadableDocument,
)

MOST_BYTES = 2 * 1024 * 1024
MOST_SECONDS = 20
MOST_ARTICLES = 200
SHORTEST_TEXT = 3
READER = "gatte.intelligence.knowledge.document_sections"
OTHER_ENDINGS = {"markdown": DocumentKind.MARKDOWN, "htm": DocumentKind.HTML}
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


class LeftOut(StrEnum):
    """Why a part of a document becomes no article."""

    NO_TITLE = "no_title"
    NO_TEXT = "no_text"
    TOO_MANY = "too_many"
    BAD_FIELD = "bad_field"


@dataclass(frozen=True)
class LeftOutPart:
    """A part of a document that becomes no article: how it begins, why, and which field is wrong
    where one is.
    """

    beginning: str
    why: LeftOut
    field: str = ""


@dataclass(frozen=True)
class DocumentArticles:
    """What a document comes to."""

    drafts: tuple[ArticleDraft, ...]
    left_out: tuple[LeftOutPart, ...]


def kind_of(name: str) -> DocumentKind:
    """How a file of this name is read; UnreadableDocument for another kind of file."""
    ending = PurePath(name).suffix.lower().lstrip(".")
    try:
        return OTHER_ENDINGS.get(ending) or DocumentKind(ending)
    except ValueError:
        known = ", ".join(f".{kind}" for kind in DocumentKind)
        raise UnreadableDocument(f"a file must end with one of {known}") from None


def read_document(name: str, content: bytes) -> DocumentArticles:
    """The articles of a document, read by a process of its own; UnreadableDocument says what is
    wrong with it.
    """
    kind = kind_of(name)
    if len(content) > MOST_BYTES:
        raise UnreadableDocument(f"the file has more than {MOST_BYTES // 1024 // 1024} MB")
    sections = [Section(**one) for one in _read_apart(kind, content)]
    drafts: list[ArticleDraft] = []
    left_out: list[LeftOutPart] = []
    source = PurePath(name).name[:200]
    for section in sections:
        for found in _articles_of(section, source):
            if isinstance(found, LeftOutPart):
                left_out.append(found)
            elif len(drafts) >= MOST_ARTICLES:
                left_out.append(LeftOutPart(found["title"], LeftOut.TOO_MANY))
            else:
                _add_draft(found, drafts, left_out)
    return DocumentArticles(tuple(drafts), tuple(left_out))


def _read_apart(kind: DocumentKind, content: bytes) -> list[dict[str, Any]]:
    """The sections of a document, from a process with limits."""
    command = [sys.executable, "-m", READER, kind.value]
    try:
        ended = subprocess.run(  # noqa: S603 - our own module
            command, input=content, capture_output=True, timeout=MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise UnreadableDocument("the document takes too long to read") from None
    if ended.returncode != 0:
        raise UnreadableDocument("the document could not be read: it is damaged or too large")
    answer = json.loads(ended.stdout)
    if "problem" in answer:
        raise UnreadableDocument(answer["problem"])
    sections: list[dict[str, Any]] = answer["sections"]
    return sections


def _articles_of(section: Section, source: str) -> Iterator[dict[str, Any] | LeftOutPart]:
    """The fields of the articles of a section, or why it has none."""
    if section.fields:
        yield _row_fields(section, source)
        return
    text = "\n".join(section.paragraphs)
    if not section.title and not text:
        return
    if not section.title:
        yield LeftOutPart(text[:80], LeftOut.NO_TITLE)
    elif len(text) < SHORTEST_TEXT:
        yield LeftOutPart(section.title[:80], LeftOut.NO_TEXT)
    else:
        parts = list(_parts(section.paragraphs))
        for number, part in enumerate(parts, start=1):
            title = section.title if len(parts) == 1 else f"{section.title} ({number})"
            yield {"title": title, "question": title, "answer": part, "source": source}


def _row_fields(section: Section, source: str) -> dict[str, Any] | LeftOutPart:
    cells = {name: value for name, value in section.fields.items() if value}
    if not section.title:
        return LeftOutPart(cells.get("answer", "")[:80], LeftOut.NO_TITLE)
    if "answer" not in cells:
        return LeftOutPart(section.title[:80], LeftOut.NO_TEXT)
    asks = [one.strip() for one in cells.pop("asks", "").split("|")]
    given = {"question": section.title, "source": source, **cells}
    return {**given, "title": section.title, "asks": [one for one in asks if one]}


def _parts(paragraphs: list[str]) -> Iterator[str]:
    """Paragraphs put together as long as they fit an answer; a longer one is cut at its sentences,
    and at words where a sentence is too long.
    """
    kept = ""
    for piece in (piece for paragraph in paragraphs for piece in _pieces(paragraph)):
        together = f"{kept}\n{piece}" if kept else piece
        if len(together) <= LONGEST_ANSWER:
            kept = together
            continue
        yield kept
        kept = piece
    if kept:
        yield kept


def _pieces(paragraph: str) -> Iterator[str]:
    if len(paragraph) <= LONGEST_ANSWER:
        yield paragraph
        return
    kept = ""
    for sentence in SENTENCE_END.split(paragraph):
        for words in _cut(sentence):
            together = f"{kept} {words}".strip()
            if len(together) <= LONGEST_ANSWER:
                kept = together
                continue
            yield kept
            kept = words
    if kept:
        yield kept


def _cut(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST_ANSWER:
        end = sentence.rfind(" ", 0, LONGEST_ANSWER)
        end = end if end > 0 else LONGEST_ANSWER
        yield sentence[:end]
        sentence = sentence[end:].strip()
    yield sentence


def _add_draft(
    fields: dict[str, Any], drafts: list[ArticleDraft], left_out: list[LeftOutPart]
) -> None:
    """Check the fields of an article and add it under a name that no other of the document has."""
    taken = {draft.slug for draft in drafts}
    base = slug_of(fields["title"])
    numbers = (f"{base}-{number}" for number in range(2, MOST_ARTICLES + 2))
    slug = base if base not in taken else next(one for one in numbers if one not in taken)
    cut = {name: fields[name][:LONGEST_LINE].strip() for name in ("title", "question")}
    try:
        drafts.append(ArticleDraft.model_validate({**fields, **cut, "slug": slug}))
    except ValidationError as error:
        where = error.errors()[0]["loc"]
        field = str(where[0]) if where else "valid_to"
        left_out.append(LeftOutPart(fields["title"][:80], LeftOut.BAD_FIELD, field))
