"""The vector of a question by Gemini, where the knowledge base has the vectors of its model.

What leaves is the question without any personal value. Whatever goes wrong (time, budget, errors),
the search goes by the local vectors alone.
"""

from dataclasses import dataclass, field
from typing import Any

from gatte import services
from gatte.intelligence.calls import CallPurpose
from gatte.intelligence.gemini.client import Gemini, GeminiUnavailable
from gatte.intelligence.knowledge.version import KnowledgeBaseVersion
from gatte.intelligence.pseudonymization import Pseudonymizer, Record
from gatte.settings import EmbeddingProvider


@dataclass(frozen=True)
class GeminiVector:
    """The numbers that a model of Gemini made of a question."""

    model: str
    numbers: Any


@dataclass(frozen=True)
class QuestionEmbedder:
    """Asks a model of Gemini for the vector of a question; `record` is what is known of who asks,
    and does not leave.
    """

    gemini: Gemini
    record: Record = field(default_factory=Record)

    @property
    def model(self) -> str:
        """The model that is asked."""
        return self.gemini.models.embedding

    def ask(self, question: str) -> GeminiVector | None:
        """The question's vector; None when there is none. No transaction may be open."""
        hidden = Pseudonymizer(self.record)
        hidden.learn_from_dialogue((), [question])
        text = hidden.without_placeholders(hidden.hide(question).text)
        if not text:
            return None
        try:
            vectors, _ = self.gemini.embed([text], CallPurpose.EMBED_QUESTION)
        except GeminiUnavailable:
            return None
        return GeminiVector(self.model, vectors[0])


def embedder_for(
    edition: KnowledgeBaseVersion, record: Record | None = None
) -> QuestionEmbedder | None:
    """Who embeds a question that searches this state of the knowledge base; None where local
    vectors alone are searched: by the settings, or until Gemini's are complete.
    """
    gemini = services.gemini()
    is_chosen = services.settings().gatte_embeddings is EmbeddingProvider.GEMINI
    if gemini is None or not is_chosen or edition.vector_model != gemini.models.embedding:
        return None
    return QuestionEmbedder(gemini, record or Record())
