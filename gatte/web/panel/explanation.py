"""Why the bot said a message: what it had understood, what decided, what it found, what it cost;
and the correction of what was understood wrongly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.conversation.commands import Outcome, Resolution, label_of
from gatte.conversation.decision_history import DecisionHistory
from gatte.conversation.snapshot import ExternalEvent, MessagesReceived
from gatte.desk import command_words, corrections
from gatte.desk.corrections import LONGEST_REASON, NotCorrectable, NotYourExample
from gatte.extensions import db
from gatte.models import Author, LlmCall, Message, Role, TrainingExample, Turn
from gatte.store import knowledge, messages, training_examples, turns
from gatte.web.htmx import render
from gatte.web.panel import labels, model_labels
from gatte.web.panel.admin_access import is_admin
from gatte.web.panel.auth import current_user_or_401, note_reading
from gatte.web.panel.form_values import form_text

PLACE = "/panel/sessoes/<uuid:conversation_id>/porque/<uuid:message_id>"
OUTCOMES: dict[Outcome, str] = {
    Outcome.DONE: "feito",
    Outcome.KEPT: "guardado para depois",
    Outcome.ASKED_BACK: "perguntado de volta",
    Outcome.OVERRULED: "cedeu a outro pedido",
}
ANSWER_REASONS: dict[str, str] = {
    "model": "o Gemini escreveu a resposta, e cada frase foi conferida com os artigos",
    "passage": "o texto do próprio artigo, que respondia com segurança",
    "nothing_near": "nenhum artigo fala disso",
    "not_sure": "havia artigos próximos, mas nenhum respondia com segurança",
    "model_declined": "o Gemini não encontrou a resposta nos artigos",
    "facts": "dados da empresa, sem procurar artigos",
    "whole_article": "o artigo inteiro, porque o cliente quis ler mais",
    "article_gone": "o artigo não existe mais",
}
STEPS: dict[str, str] = {
    "classify": "entender",
    "decide": "decidir",
    "answer": "procurar a resposta",
    "transcribe": "transcrever o áudio",
}
NOTHING_TO_LEARN = (
    "Esta leitura não pode ser corrigida: não há palavras do cliente das quais o robô possa "
    "aprender. Foi um toque em um botão, uma mensagem apagada, ou o robô falou sozinho."
)


@dataclass(frozen=True)
class CommandRow:
    """One thing that was understood, in words."""

    words: str
    confidence: float
    certainty: str
    source: str
    span: str
    outcome: str
    by: str


@dataclass(frozen=True)
class MessageExplanation:
    """All that the page shows of how a message came about."""

    message: Message
    turn: Turn | None
    said: Sequence[str] = ()
    commands: Sequence[CommandRow] = ()
    event: str = ""
    causes: Sequence[str] = ()
    answer: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    calls: Sequence[LlmCall] = ()
    examples: Sequence[TrainingExample] = ()
    is_correctable: bool = False

    @property
    def understood(self) -> list[CommandRow]:
        """What was understood and not overruled."""
        overruled = OUTCOMES[Outcome.OVERRULED]
        return [one for one in self.commands if one.outcome != overruled] or list(self.commands)

    @property
    def cost_brl(self) -> float:
        """What the calls to models cost together."""
        return float(sum(call.cost_brl for call in self.calls))


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(PLACE, view_func=show_explanation)
    bp.add_url_rule(f"{PLACE}/corrigir", view_func=correct_reading, methods=["POST"])
    bp.add_url_rule(
        "/panel/aprendizado/exemplos/<uuid:example_id>/retirar",
        view_func=withdraw_example,
        methods=["POST"],
    )


def show_explanation(conversation_id: UUID, message_id: UUID) -> Response:
    page = _page(_message(conversation_id, message_id))
    note_reading(f"conversation:{conversation_id}")
    return page


def correct_reading(conversation_id: UUID, message_id: UUID) -> AnyResponse:
    """Store what the customer meant; a form without a choice is shown again with what was typed."""
    message = _message(conversation_id, message_id)
    chosen = [label for label in request.form.getlist("leitura") if label in command_words.WORDS]
    reason = form_text("motivo")
    if not chosen:
        return _page(message, 422, problem="Marque pelo menos uma coisa que o cliente quis dizer.")
    if len(reason) > LONGEST_REASON:
        return _page(message, 422, problem=f"Explique em até {LONGEST_REASON} caracteres.")
    try:
        corrections.correct(message, chosen, reason, current_user_or_401().id)
    except NotCorrectable:
        db.session.rollback()
        return _page(message, 409, problem=NOTHING_TO_LEARN)
    db.session.commit()
    flash("Obrigado! O robô aprende com esta correção no próximo treino.", "success")
    return redirect(_address(message.conversation_id, message.id), 303)


def withdraw_example(example_id: UUID) -> AnyResponse:
    """Let a correction no longer be learned from: one's own, or any for an admin."""
    user = current_user_or_401()
    try:
        example = corrections.withdraw(example_id, user.id, is_admin=user.role is Role.ADMIN)
    except NotYourExample:
        abort(403)
    if example is None:
        abort(404)
    db.session.commit()
    flash("Correção retirada: o robô não aprende mais com ela.", "success")
    if request.form.get("voltar") == "lista":
        return redirect(url_for("panel.list_examples"), 303)
    return redirect(_address(example.conversation_id, example.message_id), 303)


def _address(conversation_id: UUID, message_id: UUID) -> str:
    return url_for("panel.show_explanation", conversation_id=conversation_id, message_id=message_id)


def _message(conversation_id: UUID, message_id: UUID) -> Message:
    message = messages.find_message(message_id)
    if message is None or message.conversation_id != conversation_id:
        abort(404)
    if message.author is not Author.BOT:
        abort(404)
    return message


def _page(message: Message, status: int = 200, *, problem: str = "") -> Response:
    chosen = request.form.getlist("leitura")
    why = explain(message)
    return render(
        "panel/explanation.html",
        status=status,
        why=why,
        groups=command_words.GROUPS,
        problem=problem,
        chosen=chosen,
        reason=form_text("motivo"),
        user_id=current_user_or_401().id,
        is_admin=is_admin(),
        words_of=command_words.words_of,
        answer_reasons=ANSWER_REASONS,
        violations=model_labels.VIOLATIONS,
        call_purposes=model_labels.PURPOSES,
        call_outcomes=model_labels.OUTCOMES,
        step_names=STEPS,
        article_links=_article_links(why.answer),
    )


def _article_links(answer: Mapping[str, Any]) -> dict[str, str]:
    """The addresses of the articles that were found, by slug, without those that are gone."""
    slugs = [passage["slug"] for passage in answer.get("passages", [])]
    ids = knowledge.ids_by_slug(db.session(), slugs)
    return {slug: url_for("panel.show_article", article_id=one) for slug, one in ids.items()}


def explain(message: Message) -> MessageExplanation:
    """How a message of the bot came about, as its turn was recorded."""
    turn = turns.find_turn(message.turn_id) if message.turn_id else None
    if turn is None:
        return MessageExplanation(message, None)
    calls = turns.list_llm_calls(turn.conversation_id, turn.id)
    examples = training_examples.list_of_turn(turn.id)
    history = corrections.history_of(turn)
    if history is None:
        return MessageExplanation(message, turn, calls=calls, examples=examples)
    heard = corrections.utterances_of(history)
    readings = (one.reading for one in history.inputs if isinstance(one, MessagesReceived))
    return MessageExplanation(
        message,
        turn,
        said=[one.text or "(sem texto)" for one in heard],
        commands=[_row(one) for one in history.decision.resolutions],
        event=_event_of(history),
        causes=[step.cause for step in history.decision.steps if step.cause],
        answer=(turn.trace or {}).get("answer", {}),
        model=next((reading.model for reading in readings if reading.model), ""),
        calls=calls,
        examples=examples,
        is_correctable=corrections.readable_input(turn, history) is not None,
    )


def _row(one: Resolution) -> CommandRow:
    command = one.command
    return CommandRow(
        words=command_words.words_of(label_of(command)),
        confidence=command.confidence,
        certainty=command_words.certainty(command.confidence),
        source=command_words.SOURCES[command.source],
        span=command.span,
        outcome=OUTCOMES[one.outcome],
        by=one.by,
    )


def _event_of(history: DecisionHistory) -> str:
    """What made the bot speak by itself, in words; "" when a customer wrote."""
    events = (one.event for one in history.inputs if isinstance(one, ExternalEvent))
    return next((labels.EVENTS[event] for event in events), "")
