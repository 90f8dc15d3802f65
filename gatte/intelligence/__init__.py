"""Understanding and answering: the cheapest sure way first, Gemini where it helps, local models where it is away.

`asking.understand` gives the intent of a text, `asking.answer` the answer to a question; a turn uses only these two. Behind them:
`classifier` and `embedding` (local), `retrieval` over the knowledge base, `responder` (writes and checks answers), `gemini` with its
breaker. No transaction is open while a model is asked. Heavy packages are imported where they are used: web processes stay small.
"""

from flask import Flask

from gatte.observability import metrics
from gatte.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its models; nothing is loaded before it is used."""
    from gatte.intelligence import gemini
    from gatte.intelligence.asking import LocalModels

    app.extensions["gatte_gemini"] = gemini.from_settings(settings)
    metrics.show_models({settings.gemini_classifier_model, settings.gemini_responder_model, settings.gemini_embedding_model})
    app.extensions["gatte_local_models"] = LocalModels(settings.gatte_folder / "models")
