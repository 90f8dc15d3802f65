"""What was found for a question before, kept in Redis: customers ask the same things, and a search
costs some milliseconds of processor.

An entry belongs to one version of the knowledge base, one day (articles come into force by date)
and one version of the search itself, so nothing is ever taken back: what is out of date is asked
for no more, and ends by itself. A question with personal data is not kept; of the others a keyed
hash is the name of the entry, and only our own articles are its content.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from redis import Redis
from sqlalchemy.orm import Session

from gatte import services
from gatte.conversation.parsing.normalize import expand_for_search, normalize_for_search
from gatte.infra.redis.fail_fast import RedisUnavailable
from gatte.intelligence import embedding
from gatte.intelligence.knowledge import retrieval
from gatte.intelligence.knowledge.question_vectors import GeminiVector, QuestionEmbedder
from gatte.intelligence.knowledge.retrieval import LONGEST_QUESTION, RankedArticle, RetrievalResult
from gatte.intelligence.knowledge.version import KnowledgeBaseVersion, current_version
from gatte.models import PassageKind, keyring
from gatte.models.knowledge import GEMINI_DIMENSIONS
from gatte.observability import metrics
from gatte.observability.metric_labels import CacheName, CacheOutcome
from gatte.privacy import masking

ANSWERS_SECONDS = 24 * 3600
VECTORS_SECONDS = 7 * 24 * 3600
PACKAGE_FOLDER = Path(__file__).parents[1]
CODE_FINGERPRINT_FILES = (
    "answer_confidence.py",
    "content/off_topic.txt",
    "embedding.py",
    "knowledge/joined_vectors.py",
    "knowledge/passages.py",
    "knowledge/question_vectors.py",
    "knowledge/reranker.py",
    "knowledge/retrieval.py",
    "knowledge/retrieval_cache.py",
    "../conversation/parsing/abbreviations.py",
    "../store/knowledge.py",
    "../store/passage_vectors.py",
    "../conversation/parsing/normalize.py",
)
NUMBER_BYTES = 4


@dataclass(frozen=True)
class _CacheKeys:
    """Under which names a question's passages and its vector are kept."""

    answer: str
    vector: str


def find_passages(
    session: Session,
    question: str,
    edition: KnowledgeBaseVersion | None = None,
    embedder: QuestionEmbedder | None = None,
) -> RetrievalResult:
    """What `retrieval.find_passages` gives, from the cache when it was asked before; where an
    embedder is given, by its vectors too, and no transaction may be open then. Never raises for
    want of Redis.
    """
    question = question[:LONGEST_QUESTION]
    if not _may_be_kept(question):
        _count(CacheName.ANSWERS, CacheOutcome.SKIPPED)
        return _search(session, question, embedder)
    model = "" if embedder is None else embedder.model
    names = _names(question, edition or current_version(session), model)
    try:
        answer, vector = _get(names)
    except RedisUnavailable:
        _count(CacheName.ANSWERS, CacheOutcome.UNAVAILABLE)
        return _search(session, question, embedder)
    known = None if answer is None else _deserialize(answer, question)
    _count(CacheName.ANSWERS, CacheOutcome.MISS if known is None else CacheOutcome.HIT)
    return known or _search_and_store(session, question, names, vector, embedder)


def forget(session: Session, questions: Iterable[str]) -> None:
    """Drop the vectors of these questions, and their passages of today; RedisUnavailable when that
    cannot be done now.
    """
    edition = current_version(session)
    models = {"", edition.vector_model}
    names = [_names(one[:LONGEST_QUESTION], edition, by) for one in questions for by in models]
    keys = [key for one in names for key in (one.answer, one.vector)]
    if keys:
        services.fail_fast_redis().execute(lambda redis: redis.delete(*keys))


def _may_be_kept(question: str) -> bool:
    """Whether a question has words, and nothing in it looks like a phone, a document, an address or
    a secret.
    """
    return bool(normalize_for_search(question)) and masking.mask(question) == question


def _names(question: str, known: KnowledgeBaseVersion, model: str) -> _CacheKeys:
    """The names for a search by the vectors of this model of Gemini, or by local ones alone."""
    ring = keyring()
    code = f"{_search_version()}:{model}" if model else _search_version()
    answer = ring.lookup_hash("question", normalize_for_search(question)).hex()
    vector = ring.lookup_hash("question vector", expand_for_search(question)).hex()
    return _CacheKeys(
        f"gatte:retrieval:{code}:{known.number}:{known.day:%Y%m%d}:{answer}",
        f"gatte:embedding:{code}:{vector}",
    )


@lru_cache(maxsize=1)
def _search_version() -> str:
    """Changes with the code of the search, so that a new release does not give what an old one
    found.
    """
    digest = sha256(b"by meaning" if embedding.available() else b"by words alone")
    for name in CODE_FINGERPRINT_FILES:
        digest.update((PACKAGE_FOLDER / name).read_bytes())
    return digest.hexdigest()[:12]


def _get(names: _CacheKeys) -> list[bytes | None]:
    return services.fail_fast_redis().execute(
        lambda redis: cast("list[bytes | None]", redis.mget([names.answer, names.vector]))
    )


def _search(session: Session, question: str, embedder: QuestionEmbedder | None) -> RetrievalResult:
    """Search past the cache."""
    by_gemini = None if embedder is None else embedder.ask(question)
    return retrieval.find_passages(session, question, by_gemini=by_gemini)


def _search_and_store(
    session: Session,
    question: str,
    names: _CacheKeys,
    kept: bytes | None,
    embedder: QuestionEmbedder | None,
) -> RetrievalResult:
    """Search, and keep what was found."""
    if embedder is not None:
        return _search_by_gemini(session, question, names, kept, embedder)
    known = _vector(kept, embedding.DIMENSIONS)
    _count(CacheName.EMBEDDINGS, CacheOutcome.MISS if known is None else CacheOutcome.HIT)
    vector = retrieval.vector_of(question) if known is None else known
    passages = retrieval.find_passages(session, question, vector=vector)
    _store(names, passages, vector)
    return passages


def _search_by_gemini(
    session: Session,
    question: str,
    names: _CacheKeys,
    kept: bytes | None,
    embedder: QuestionEmbedder,
) -> RetrievalResult:
    """Search by both kinds of vectors, and keep what was found; not where Gemini gave none, since
    it may give one the next time.
    """
    known = _vector(kept, GEMINI_DIMENSIONS)
    _count(CacheName.EMBEDDINGS, CacheOutcome.MISS if known is None else CacheOutcome.HIT)
    vector = embedder.ask(question) if known is None else GeminiVector(embedder.model, known)
    passages = retrieval.find_passages(session, question, by_gemini=vector)
    if vector is not None:
        _store(names, passages, vector.numbers)
    return passages


def _store(
    names: _CacheKeys,
    passages: RetrievalResult,
    vector: Any,  # noqa: ANN401 - an array
) -> None:
    numbers = vector.astype("float32").tobytes()
    try:
        services.fail_fast_redis().execute(lambda redis: _keep(redis, names, passages, numbers))
    except RedisUnavailable:
        _count(CacheName.ANSWERS, CacheOutcome.NOT_KEPT)


def _keep(redis: "Redis", names: _CacheKeys, passages: RetrievalResult, vector: bytes) -> None:
    together = redis.pipeline(transaction=False)
    together.set(names.answer, _serialize(passages), ex=ANSWERS_SECONDS)
    together.set(names.vector, vector, ex=VECTORS_SECONDS)
    together.execute()


def _vector(kept: bytes | None, dimensions: int) -> Any | None:  # noqa: ANN401 - an array
    """The numbers that were kept; None where there are none, or another count of them."""
    import numpy as np

    if kept is None or len(kept) != NUMBER_BYTES * dimensions:
        return None
    return np.frombuffer(kept, dtype=np.float32)


def _serialize(passages: RetrievalResult) -> bytes:
    """Passages as bytes, without the question: it is the customer's."""
    found = [vars(one) | {"article_id": str(one.article_id)} for one in passages.found]
    return json.dumps(
        {"found": found, "probability": passages.probability}, ensure_ascii=False
    ).encode()


def _deserialize(kept: bytes, question: str) -> RetrievalResult | None:
    """What `_serialize` made; None when it is anything else."""
    try:
        stored = json.loads(kept)
        return RetrievalResult(
            question, tuple(_found(one) for one in stored["found"]), float(stored["probability"])
        )
    except (ValueError, TypeError, KeyError):
        return None


def _found(stored: dict[str, Any]) -> RankedArticle:
    read = RankedArticle(**stored)
    return replace(
        read,
        article_id=UUID(stored["article_id"]),
        passage_kind=PassageKind(stored["passage_kind"]),
    )


def _count(cache: CacheName, outcome: CacheOutcome) -> None:
    metrics.CACHE_REQUESTS.labels(cache=cache, outcome=outcome).inc()
