"""Understanding and answering: the cheapest sure way first, Gemini where it helps, local models
where it is away.

`service.read_turn` reads a turn in its place, `service.predict_intent` gives the intent of a single
text, `service.answer_question` the answer to a question; a turn uses only these. Behind them:
`understanding` and `embedding` (local), `command_generator` (asks Gemini about a turn and checks
what it proposes), `knowledge` (search), `responder` (writes answers, which `grounding_check` checks
sentence by sentence), `pseudonymization` (nothing personal leaves), `gemini` with its breaker. No
transaction is open while a model is asked. Heavy packages are imported where they are used: web
processes stay small.
"""

from functools import partial
from typing import TYPE_CHECKING

import structlog
from flask import Flask

from gatte.observability import cost, metrics
from gatte.observability.metric_labels import BudgetPeriod
from gatte.settings import EmbeddingProvider, Settings

if TYPE_CHECKING:
    from gatte.intelligence.gemini.client import Gemini

log = structlog.get_logger(__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its models; nothing is loaded before it is used."""
    from gatte.intelligence import month_costs
    from gatte.intelligence.budget import Budget
    from gatte.intelligence.gemini import client as gemini
    from gatte.intelligence.gemini import rejections
    from gatte.intelligence.service import LocalModels

    limits = month_costs.limits_of(settings)
    budget = Budget(limits, month_costs.spent_reader(app, settings))
    for period in BudgetPeriod:
        metrics.BUDGET_LIMIT_BRL.labels(period=period).set(float(limits.of(period)))
    client = gemini.from_settings(settings, budget)
    if client is not None:
        client.rejections.on_change(partial(rejections.publish, app.extensions["gatte_memory"]))
        _warn_of_missing_prices(client, settings)
    app.extensions["gatte_gemini"] = client
    app.extensions["gatte_local_models"] = LocalModels(settings.gatte_data_dir / "models")


def _warn_of_missing_prices(client: "Gemini", settings: Settings) -> None:
    asked = {client.models.classifier, client.models.responder}
    if settings.gatte_embeddings is EmbeddingProvider.GEMINI:
        asked.add(client.models.embedding)
    for model in sorted(asked):
        if not cost.has_price(model, cost.prices(settings.gatte_model_prices)):
            log.warning(
                "gemini_price_missing",
                model=model,
                what="its calls count as free: add model=in/out to GATTE_MODEL_PRICES",
            )
