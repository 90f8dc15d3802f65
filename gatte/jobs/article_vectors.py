"""Gives passages the vectors that Gemini makes, where the company chose so, a commit a request.

Searches go by them from when all have theirs; until then, and whenever Gemini fails, they go by the
local ones, which every passage has.
"""

from collections.abc import Mapping

from gatte import services
from gatte.extensions import db
from gatte.intelligence import calls
from gatte.intelligence.gemini.client import Gemini, GeminiUnavailable
from gatte.intelligence.knowledge import gemini_vectors
from gatte.intelligence.knowledge.version import current_version
from gatte.settings import EmbeddingProvider
from gatte.store import passage_vectors
from gatte.turns import llm_costs

MOST_REQUESTS = 500
"""In one run, so that it ends well within its lease; the next one goes on."""


def run() -> Mapping[str, object]:
    """Embed what has no vector yet; counts, and what went wrong if anything did."""
    gemini = services.gemini()
    if gemini is None or services.settings().gatte_embeddings is EmbeddingProvider.LOCAL:
        return {"embedded": 0}
    _leave_former_model(gemini)
    embedded = 0
    for _ in range(MOST_REQUESTS):
        try:
            done = _embed_next(gemini)
        except GeminiUnavailable as failure:
            return {"embedded": embedded, "problem": failure.call.outcome.value}
        if not done:
            passage_vectors.serve(db.session(), gemini.models.embedding)
            db.session.commit()
            break
        embedded += done
    return {"embedded": embedded}


def _leave_former_model(gemini: Gemini) -> None:
    """Vectors of two models cannot be compared: before the first one of another model takes a
    place, searches go by the local ones.
    """
    serving = current_version(db.session()).vector_model
    if serving not in {"", gemini.models.embedding}:
        passage_vectors.serve(db.session(), None)
    db.session.commit()


def _embed_next(gemini: Gemini) -> int:
    """Embed as many passages as fit into one request; how many there were. GeminiUnavailable when
    they got no vector; what that cost is stored all the same.
    """
    batch = gemini_vectors.next_batch(db.session(), gemini)
    db.session.commit()
    if not batch:
        return 0
    with calls.collected() as made:
        try:
            vectors = gemini_vectors.embed(gemini, batch)
        finally:
            llm_costs.store_unattached(made)
            llm_costs.report(made)
    ids = [passage.passage_id for passage in batch]
    passage_vectors.store(db.session(), gemini.models.embedding, ids, vectors.tolist())
    db.session.commit()
    return len(batch)
