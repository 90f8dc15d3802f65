"""Questions that people of the company try out: what would be found, and what the bot would say.

A web process holds no model, so a worker answers. The question travels through Redis, sealed, and
is gone after some minutes.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy.orm import Session

from gatte import services
from gatte.conversation import fact_answers, fact_questions
from gatte.conversation.company_facts import CompanyFacts
from gatte.conversation.fact_questions import OWN_RECORDS, QuestionContext
from gatte.conversation.parsing.normalize import expand_for_search
from gatte.extensions import db
from gatte.infra import rq_queue
from gatte.infra.rq_queue import BatchedJob, JobBatch, JobName, QueueName
from gatte.intelligence import embedding, responder
from gatte.intelligence.knowledge import (
    article_versions,
    passages,
    question_vectors,
    reranker,
    retrieval,
)
from gatte.intelligence.knowledge.article_passages import texts_of
from gatte.intelligence.knowledge.question_vectors import GeminiVector
from gatte.intelligence.knowledge.retrieval import Candidates, RetrievalResult
from gatte.intelligence.knowledge.version import current_version
from gatte.models import Article, ArticleVersion, keyring
from gatte.models.columns import new_uuid7
from gatte.privacy.crypto import DecryptionFailed
from gatte.store import article_lists, facts
from gatte.store.knowledge import ArticleTexts, PassageRow

LONGEST_QUESTION = retrieval.LONGEST_QUESTION
SHOWN = 8
MOST_DRAFTS = 100
KEPT_SECONDS = 600


@dataclass(frozen=True)
class TrialPassage:
    """An article that may answer, with its score, and the passage that came nearest."""

    article_id: str
    title: str
    score: float
    cosine: float
    kind: str
    text: str
    is_draft: bool


@dataclass(frozen=True)
class Trial:
    """A question that somebody tries out, and what came of it once a worker has answered it.

    `probability` is how sure we are that the first passage answers; `answer` is empty when the bot
    would say that it does not know; `why` and `fact_text` say where the answer comes from.
    """

    question: str
    with_drafts: bool
    done: bool = False
    probability: float = 0.0
    answer: str = ""
    short: str = ""
    why: str = ""
    fact_text: str = ""
    found: tuple[TrialPassage, ...] = field(default=())


def start(question: str, *, with_drafts: bool) -> UUID:
    """Have a worker answer a question; the id of the trial. RedisError when Redis is away."""
    trial_id = new_uuid7()
    _keep(trial_id, Trial(question[:LONGEST_QUESTION], with_drafts))
    job = BatchedJob(JobName.ANSWER_TRIAL, (str(trial_id),))
    rq_queue.enqueue_batches([JobBatch(f"trial-{trial_id}", QueueName.TURNS, (job,))])
    return trial_id


def find(trial_id: UUID) -> Trial | None:
    """A trial as it stands; None when it is over or was never begun."""
    sealed = cast("bytes | None", services.redis().get(_key(trial_id)))
    if sealed is None:
        return None
    try:
        stored = json.loads(keyring().unseal_inbox(sealed, _place(trial_id)))
    except DecryptionFailed:
        return None
    found = tuple(TrialPassage(**one) for one in stored.pop("found"))
    return Trial(**stored, found=found)


def answer(trial_id: UUID) -> None:
    """Answer a trial in a worker; nothing when it is over."""
    trial = find(trial_id)
    if trial is not None:
        _keep(trial_id, _answered(trial))


def _answered(trial: Trial) -> Trial:
    by_gemini = _vector_by_gemini(trial.question)
    with Session(db.engine) as session:
        drafts = article_lists.list_waiting(session, MOST_DRAFTS) if trial.with_drafts else []
        found = _find(session, trial.question, drafts, by_gemini)
        drafted = {article.id for article, _ in drafts}
    said = responder.compose_answer(
        found, gemini=services.gemini(), company=services.settings().gatte_company_name
    )
    return Trial(
        question=trial.question,
        with_drafts=trial.with_drafts,
        done=True,
        probability=found.probability,
        answer=said.text or "",
        short=said.short,
        why=said.why.value,
        fact_text=_fact_text(trial.question),
        found=tuple(
            TrialPassage(
                article_id=str(one.article_id),
                title=one.title,
                score=one.score,
                cosine=one.cosine,
                kind=one.passage_kind.value,
                text=one.passage_text,
                is_draft=one.article_id in drafted,
            )
            for one in found.found
        ),
    )


def _vector_by_gemini(question: str) -> GeminiVector | None:
    """The question's vector, where searches go by Gemini's; nothing is open in the database while
    it is made.
    """
    with Session(db.engine) as session:
        edition = current_version(session)
    embedder = question_vectors.embedder_for(edition)
    return None if embedder is None else embedder.ask(question)


def _find(
    session: Session,
    question: str,
    drafts: Sequence[tuple[Article, ArticleVersion]],
    by_gemini: GeminiVector | None,
) -> RetrievalResult:
    """What is found when these drafts are in use, each in place of what its article says now."""
    if not drafts:
        return retrieval.find_passages(session, question, SHOWN, by_gemini=by_gemini)
    asked = reranker.tokenize_question(question, retrieval.vector_of(question))
    rows, articles = retrieval.candidate_rows(session, asked)
    drafted = {article.id for article, _ in drafts}
    rows = [row for row in rows if row.article_id not in drafted]
    texts = passages.vectorize(session, rows)
    for number, (article, version) in enumerate(drafts):
        draft_rows, draft_texts, says = _draft_candidates(article, version, number)
        rows += draft_rows
        texts += draft_texts
        articles = {**articles, article.id: says}
    return retrieval.rank(asked, Candidates(rows, texts, articles), SHOWN)


def _draft_candidates(
    article: Article, version: ArticleVersion, number: int
) -> tuple[list[PassageRow], list[reranker.TokenisedText], ArticleTexts]:
    """The passages that a draft would have, and what it says."""
    draft = article_versions.draft_of(article, version)
    wanted = list(texts_of(draft))
    first = -1000 * (number + 1)  # no passage of the table has such an id
    rows = [
        PassageRow(first + place, article.id, one.kind, one.text)
        for place, one in enumerate(wanted)
    ]
    words = [one.text for one in wanted]
    texts = [
        reranker.tokenize(text, vector) for text, vector in zip(words, _vectors(words), strict=True)
    ]
    says = ArticleTexts(
        article.id,
        draft.slug,
        draft.title,
        draft.question,
        draft.answer,
        draft.short_answer,
        draft.topic.value,
        draft.source,
    )
    return rows, texts, says


def _vectors(texts: Sequence[str]) -> Any:  # noqa: ANN401 - an array
    import numpy as np

    if not embedding.available():
        return np.zeros((len(texts), embedding.DIMENSIONS), dtype=np.float32)
    return embedding.embed([expand_for_search(text) for text in texts])


def _fact_text(question: str) -> str:
    """What facts of the company answer, which the bot says before any article."""
    now = datetime.now(services.settings().time_zone)
    known: CompanyFacts = facts.load()
    questions = fact_questions.find(question, QuestionContext(now=now)).questions
    asked = [one for one in questions if one.topic not in OWN_RECORDS]
    told = fact_answers.answer(asked, known, known.business_hours(now.date()), now)
    return told.text


def _keep(trial_id: UUID, trial: Trial) -> None:
    content = json.dumps(asdict(trial), ensure_ascii=False).encode()
    sealed = keyring().seal_inbox(content, _place(trial_id))
    services.redis().set(_key(trial_id), sealed, ex=KEPT_SECONDS)


def _key(trial_id: UUID) -> str:
    return f"gatte:trial:{trial_id}"


def _place(trial_id: UUID) -> bytes:
    return f"trial:{trial_id}".encode()
