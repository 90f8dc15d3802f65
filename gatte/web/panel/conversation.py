"""One conversation: its messages as they come, the card of the contact, and what an agent may do with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as AnyResponse

from gatte.conversation.snapshot import Owner
from gatte.conversation.states import InvalidTransition
from gatte.desk import handoff
from gatte.extensions import db
from gatte.intake import spam
from gatte.models import AuditEntry, Conversation, Lead, Message, Role, Ticket, Transition, keyring
from gatte.web.panel import words
from gatte.web.panel.entry import me
from gatte.web.panel.formatting import now, window_left
from gatte.web.rendering import for_htmx, render_live

log = structlog.get_logger(__name__)

OfConversation = TypeVar("OfConversation", Transition, Ticket, Lead)
SHOWN = 80
STEPS_SHOWN = 40
LONGEST_REPLY = 4096  # the Cloud API's limit for a text
BLOCKS = ("notices", "heading", "thread", "composer", "card", "timeline")


@dataclass(frozen=True)
class Talk:
    """What the page shows of a conversation to the agent who looks at it."""

    conversation: Conversation
    messages: list[Message]
    earlier: int | None
    transitions: list[Transition]
    audit: list[AuditEntry]
    tickets: list[Ticket]
    leads: list[Lead]
    left: timedelta
    mine: bool

    @property
    def may_write(self) -> bool:
        """Whether the agent may answer now: the conversation is theirs and the window is open."""
        return self.mine and self.left > timedelta()

    @property
    def takeable(self) -> bool:
        """Whether the agent may take it: it is open, and no agent has it."""
        served = self.conversation.owner is Owner.HUMAN and self.conversation.assignee_id is not None
        return self.conversation.closed_at is None and not served

    @property
    def muted(self) -> bool:
        """Whether the bot answers nothing that the contact writes now."""
        return spam.is_muted(self.conversation.contact, now())


def add_routes(bp: Blueprint) -> None:
    place = "/panel/sessoes/<uuid:conversation_id>"
    bp.add_url_rule(place, view_func=show_conversation)
    for name, view in (
        ("assumir", take),
        ("responder", reply),
        ("devolver", hand_back),
        ("reiniciar", reset),
        ("encaminhar", escalate),
        ("reativar", unmute),
    ):
        bp.add_url_rule(f"{place}/{name}", view_func=view, methods=["POST"])


def show_conversation(conversation_id: UUID) -> Response:
    return _page(conversation_id)


def take(conversation_id: UUID) -> AnyResponse:
    return _done(conversation_id, handoff.take, "A conversa é sua. O robô não responde mais enquanto ela estiver com você.")


def reply(conversation_id: UUID) -> AnyResponse:
    text = request.form.get("texto", "").strip()
    if not text or len(text) > LONGEST_REPLY:
        return _refused(conversation_id, f"Escreva uma mensagem de 1 a {LONGEST_REPLY} caracteres.", 422)
    message_id = _draft_id(request.form.get("rascunho", ""))
    return _done(conversation_id, lambda talk, user: handoff.reply(talk, user, text, message_id), "")


def _draft_id(given: str) -> UUID | None:
    """The id that the panel gave a draft, so that sending it twice writes it once."""
    try:
        return UUID(given)
    except ValueError:
        return None


def hand_back(conversation_id: UUID) -> AnyResponse:
    return _done(conversation_id, handoff.hand_back, "Conversa devolvida ao robô.")


def reset(conversation_id: UUID) -> AnyResponse:
    if me().role is not Role.ADMIN:
        abort(403)
    return _done(conversation_id, handoff.force_reset, "Conversa reiniciada: a próxima mensagem do cliente começa do início.")


def escalate(conversation_id: UUID) -> AnyResponse:
    return _done(conversation_id, handoff.force_escalation, "Conversa encaminhada: ela está na fila de atendimento.")


def unmute(conversation_id: UUID) -> AnyResponse:
    def forgive(conversation_id: UUID, user_id: int) -> None:
        spam.unmute(db.session.get_one(Conversation, conversation_id).contact, user_id)

    return _done(conversation_id, forgive, "Contato reativado: o robô volta a responder o que ele escrever.")


def _done(conversation_id: UUID, action: Callable[[UUID, int], object], praise: str) -> AnyResponse:
    """Do what the agent asked, commit, and show the page again; a refusal of the desk is told in plain words."""
    if db.session.get(Conversation, conversation_id) is None:
        abort(404)
    try:
        action(conversation_id, me().id)
        db.session.commit()
    except REFUSALS as refusal:
        db.session.rollback()
        log.info("agent_refused", conversation_id=str(conversation_id), why=type(refusal).__name__)
        return _refused(conversation_id, _why(refusal), 409)
    if praise:
        flash(praise, "success")
    return _again(conversation_id, 200)


REFUSALS = (handoff.AlreadyTaken, handoff.NotYours, handoff.WindowClosed, InvalidTransition)


def _why(refusal: Exception) -> str:
    if isinstance(refusal, handoff.AlreadyTaken):
        return "Outra pessoa da equipe assumiu esta conversa antes de você."
    if isinstance(refusal, handoff.NotYours):
        return "Esta conversa não está com você. Assuma a conversa antes de continuar."
    if isinstance(refusal, handoff.WindowClosed):
        return "A janela de 24 horas fechou: até o cliente escrever de novo, o WhatsApp só aceita modelos aprovados. Nada foi enviado."
    return "A conversa mudou de situação e essa ação não vale mais. Veja como ela está agora."


def _refused(conversation_id: UUID, why: str, status: int) -> AnyResponse:
    flash(why, "danger")
    return _again(conversation_id, status)


def _again(conversation_id: UUID, status: int) -> AnyResponse:
    if not for_htmx():
        return redirect(url_for("panel.show_conversation", conversation_id=conversation_id), 303)
    return _page(conversation_id, status)


def _page(conversation_id: UUID, status: int = 200) -> Response:
    conversation = db.session.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .options(joinedload(Conversation.contact), joinedload(Conversation.assignee))
        .execution_options(populate_existing=True)
    )
    if conversation is None:
        abort(404)
    before = request.args.get("antes", type=int)
    talk = _talk(conversation, before)
    blocks = BLOCKS if request.method == "POST" else BLOCKS[1:]  # a poll must not sweep a notice away
    return render_live(
        "panel/conversation.html", *blocks, status=status, talk=talk, before=before, flows=words.FLOWS, is_admin=me().role is Role.ADMIN
    )


def _talk(conversation: Conversation, before: int | None) -> Talk:
    messages = _messages(conversation.id, before)
    keyring().open_all({one.data_key_id for one in (conversation, conversation.contact) if one.data_key_id is not None})
    return Talk(
        conversation=conversation,
        messages=messages[-SHOWN:],
        earlier=messages[-SHOWN].position if len(messages) > SHOWN else None,
        transitions=_latest(Transition, conversation.id, STEPS_SHOWN),
        audit=_audit(conversation),
        tickets=_latest(Ticket, conversation.id, 10),
        leads=_latest(Lead, conversation.id, 10),
        left=window_left(conversation.last_inbound_at),
        mine=conversation.owner is Owner.HUMAN and conversation.assignee_id == me().id,
    )


def _messages(conversation_id: UUID, before: int | None) -> list[Message]:
    """The latest messages in their order, one more than are shown, to know of earlier ones."""
    query = select(Message).where(Message.conversation_id == conversation_id).options(joinedload(Message.outbox), joinedload(Message.user))
    if before is not None:
        query = query.where(Message.position < before)
    return list(reversed(db.session.scalars(query.order_by(Message.position.desc()).limit(SHOWN + 1)).all()))


def _latest(model: type[OfConversation], conversation_id: UUID, limit: int) -> list[OfConversation]:
    return list(db.session.scalars(select(model).where(model.conversation_id == conversation_id).order_by(model.id.desc()).limit(limit)))


def _audit(conversation: Conversation) -> list[AuditEntry]:
    """What people did to the conversation, and to its contact."""
    subjects = [f"conversation:{conversation.id}", f"contact:{conversation.contact_id}"]
    query = select(AuditEntry).where(AuditEntry.subject.in_(subjects)).options(joinedload(AuditEntry.user))
    return list(db.session.scalars(query.order_by(AuditEntry.id.desc()).limit(STEPS_SHOWN)))
