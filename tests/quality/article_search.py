"""How well articles are found: the search itself, without the conversation around it, on the
questions of a voice that name the article that answers them.

`python -m tests.quality.article_search FAQ.csv PARAPHRASES.csv` measures it on another knowledge
base: columns `id, question, answer`, and `query, faq_id`.
"""

import argparse
import csv
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from gatte.conversation.parsing.normalize import normalize_for_search
from gatte.extensions import db
from gatte.intelligence.knowledge import retrieval
from gatte.intelligence.knowledge.article_draft import LONGEST_ANSWER, ArticleDraft, slug_of
from tests.quality import voice_files
from tests.quality.sentences import ARTICLES

NEAREST = 5


@dataclass(frozen=True)
class SearchedQuestion:
    """A question, and whether an article that answers it came first, or among the first five."""

    id: str
    voice: str
    is_first: bool
    is_among_five: bool

    @property
    def counts(self) -> dict[str, bool]:
        """The figures that it counts for."""
        return {"search: hit@1": self.is_first, "search: recall@5": self.is_among_five}


def questions(voice: str) -> list[dict[str, Any]]:
    """The questions of a voice that an article answers."""
    lines = voice_files.lines(voice, "sentences")
    return [one for one in lines if one["kind"] == "question" and one["topic"] in ARTICLES]


def search_all(app: Flask, voice: str) -> list[SearchedQuestion]:
    """What is found for each question of a voice."""
    with app.app_context(), Session(db.engine) as session:
        return [
            _searched(session, one["id"], voice, one["text"], ARTICLES[one["topic"]])
            for one in questions(voice)
        ]


def _searched(
    session: Session, name: str, voice: str, question: str, right: frozenset[str]
) -> SearchedQuestion:
    found = [one.slug for one in retrieval.retrieve(session, question, NEAREST)]
    return SearchedQuestion(
        id=name,
        voice=voice,
        is_first=any(slug in right for slug in found[:1]),
        is_among_five=any(slug in right for slug in found),
    )


def other_base(path: Path) -> Iterator[ArticleDraft]:
    """The articles of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            question = row["question"][:200]
            answer = row["answer"][:LONGEST_ANSWER]
            yield ArticleDraft(
                slug=slug_of(row["id"]), title=question, question=question, answer=answer
            )


def paraphrases(path: Path, drafts: Sequence[ArticleDraft]) -> Iterator[Mapping[str, str]]:
    """The questions of a CSV file that are not the articles' own."""
    asked = {draft.slug: normalize_for_search(draft.question) for draft in drafts}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            slug = slug_of(row["faq_id"])
            if normalize_for_search(row["query"]) != asked.get(slug):
                yield {"query": row["query"], "slug": slug}


def main() -> int:
    """Measure another knowledge base; the exit code."""
    from tests.quality import figures, system

    parser = argparse.ArgumentParser(
        prog="python -m tests.quality.article_search", description=__doc__
    )
    parser.add_argument("articles", type=Path)
    parser.add_argument("paraphrases", type=Path)
    given = parser.parse_args()
    drafts = list(other_base(given.articles))
    with (
        tempfile.TemporaryDirectory() as folder,
        system.running(Path(folder), drafts) as (app, _),
        app.app_context(),
        Session(db.engine) as session,
    ):
        searched = [
            _searched(session, row["query"], "", row["query"], frozenset({row["slug"]}))
            for row in paraphrases(given.paraphrases, drafts)
        ]
    sys.stdout.write(f"{len(drafts)} articles, {len(searched)} questions\n")
    for name in searched[0].counts:
        figure = figures.share([(one.id, float(one.counts[name])) for one in searched])
        sys.stdout.write(f"{name}: {figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
