"""What the page of articles says of the search by meaning."""

from gatte import services
from gatte.extensions import db
from gatte.intelligence.knowledge.version import current_version
from gatte.settings import EmbeddingProvider
from gatte.store import passage_vectors


def search_words() -> str:
    """How articles are found by their meaning, where Gemini has a part in it; else empty."""
    settings = services.settings()
    if settings.gatte_embeddings is EmbeddingProvider.LOCAL:
        return ""
    model = settings.gemini_embedding_model
    if current_version(db.session()).vector_model != model:
        counts = passage_vectors.count(db.session(), model)
        ready = counts.wanted - counts.missing
        return (
            f"O Gemini prepara a busca pelo sentido: {ready} de {counts.wanted} textos prontos. "
            "Até lá o robô encontra os artigos só com o modelo local."
        )
    return (
        f"O robô encontra os artigos pelo sentido com o modelo local e com o Gemini ({model}). "
        "Quando o Gemini não responde, só com o local."
    )
