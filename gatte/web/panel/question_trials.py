"""The test bench of the knowledge base: a question, what is found for it, and what the bot would
say.
"""

from uuid import UUID

from flask import Blueprint, Response, redirect, request, url_for
from redis.exceptions import RedisError
from werkzeug.wrappers import Response as AnyResponse

from gatte.intelligence import answer_confidence
from gatte.intelligence.knowledge import trials
from gatte.intelligence.knowledge.trials import Trial
from gatte.web.htmx import render
from gatte.web.panel.form_values import form_text

PLACE = "/panel/base/teste"
UNAVAILABLE = "O teste não começou: a fila do servidor não responde. Tente de novo em instantes."
WHY = {
    "model": "Escrita pelo modelo, conferida com os trechos.",
    "passage": "O texto do próprio artigo.",
    "nothing_near": "Nada na base fala disso: o robô pede para explicar de outro jeito.",
    "not_sure": "A base chega perto, mas sem certeza: o robô não arrisca uma resposta.",
    "model_declined": "O modelo não achou a resposta nos trechos.",
}


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(PLACE, view_func=show_trial_form)
    bp.add_url_rule(PLACE, view_func=start_trial, methods=["POST"])
    bp.add_url_rule(f"{PLACE}/<uuid:trial_id>", view_func=show_trial)


def show_trial_form() -> Response:
    return _page(None)


def start_trial() -> AnyResponse:
    question = form_text("pergunta")
    if not question:
        return _page(None, 422, "Escreva a pergunta, como um cliente escreveria.")
    with_drafts = bool(request.form.get("rascunhos"))
    try:
        trial_id = trials.start(question, with_drafts=with_drafts)
    except RedisError:
        return _page(Trial(question, with_drafts), 503, UNAVAILABLE)
    return redirect(url_for("panel.show_trial", trial_id=trial_id), 303)


def show_trial(trial_id: UUID) -> Response:
    """A trial as it stands; the page asks again until it is answered."""
    try:
        trial = trials.find(trial_id)
    except RedisError:
        return _page(None, 503, UNAVAILABLE)
    if trial is None:
        return _page(None, 404, "Este teste já saiu da memória. Faça a pergunta de novo.")
    return _page(trial)


def _page(trial: Trial | None, status: int = 200, problem: str = "") -> Response:
    return render(
        "panel/question_trial.html",
        "trial_result",
        status=status,
        trial=trial,
        problem=problem,
        why=WHY,
        longest=trials.LONGEST_QUESTION,
        sure_from=round(answer_confidence.DIRECT_ANSWER_THRESHOLD * 100),
    )
