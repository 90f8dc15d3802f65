"""One conversation: its messages as they come, the card of the contact, and what an agent may do
with it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte import media_formats
from gatte.conversation.snapshot import Owner
from gatte.conversation.states import InvalidTransition
from gatte.desk import handoff
from gatte.extensions import db
from gatte.media import file_types
from gatte.models import (
    Appointment,
    AuditEntry,
    Conversation,
    Direction,
    Lead,
    MediaFile,
    Message,
    Ticket,
    Transition,
    keyring,
)
from gatte.models.columns import new_uuid7
from gatte.store import (
    appointments,
    audit,
    contacts,
    conversations,
    leads,
    media_files,
    messages,
    tickets,
    users,
)
from gatte.web.htmx import is_htmx_request, render_changed_blocks
from gatte.web.panel import labels
from gatte.web.panel.admin_access import is_admin, require_admin
from gatte.web.panel.auth import current_user_or_401, note_reading
from gatte.web.panel.contact_overview import load_overview
from gatte.web.panel.form_values import (
    LARGEST_BIGINT,
    draft_id,
    form_text,
    form_user,
    parse_integer,
)
from gatte.web.panel.formatting import now, window_left

log = structlog.get_logger(__name__)

Action = Callable[[UUID, int], object]
TAKEN = "A conversa é sua. O robô não responde mais enquanto ela estiver com você."
PLACE = "/panel/sessoes/<uuid:conversation_id>"
PAGE_SIZE = 80
TIMELINE_SIZE = 40
CARDS_SHOWN = 5  # tickets, leads, and appointments of the contact
LONGEST_REPLY = 4096  # the Cloud API's limit for a text
LIVE_BLOCKS = ("heading", "thread", "composer", "card", "timeline")
TOLD_BLOCKS = ("notices", "problem")  # a poll must not sweep these away


@dataclass(frozen=True)
class ConversationView:
    """What the page shows of a conversation to the agent who looks at it."""

    conversation: Conversation
    messages: list[Message]
    earlier: int | None
    transitions: list[Transition]
    audit: list[AuditEntry]
    tickets: list[Ticket]
    leads: list[Lead]
    appointments: Sequence[Appointment]
    media: Mapping[UUID, MediaFile | None]
    """By message, of those that brought a file; None where it is not kept (any more)."""
    left: timedelta
    mine: bool
    problem: str = ""
    written: str = ""

    @property
    def may_write(self) -> bool:
        """Whether the agent may answer now: the conversation is theirs and the window is open."""
        return self.mine and self.left > timedelta()

    @property
    def takeable(self) -> bool:
        """Whether the agent may take it: it is open, and no agent has it."""
        row = self.conversation
        served = row.owner is Owner.HUMAN and row.assignee_id is not None
        return row.closed_at is None and not served

    @property
    def served_by_another(self) -> bool:
        """Whether another agent has it."""
        human = self.conversation.owner is Owner.HUMAN
        return human and self.conversation.assignee_id is not None and not self.mine

    @property
    def standing(self) -> str:
        """A word that changes when the conversation changes hands."""
        row = self.conversation
        state = row.owner.value
        if row.closed_at:
            state = "closed"
        elif row.waiting_since:
            state = "waiting"
        return f"{state}-{row.assignee_id or 'nobody'}"

    @property
    def muted(self) -> bool:
        """Whether the bot answers nothing that the contact writes now."""
        return contacts.is_muted(self.conversation.contact, now())


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(PLACE, view_func=show_conversation)
    for name, view in (
        ("assumir", take),
        ("responder", reply),
        ("devolver", hand_back),
        ("reiniciar", reset),
        ("encaminhar", escalate),
        ("encerrar", close),
        ("passar", reassign),
    ):
        bp.add_url_rule(f"{PLACE}/{name}", view_func=view, methods=["POST"])


def show_conversation(conversation_id: UUID) -> Response:
    page = _page(conversation_id)
    note_reading(f"conversation:{conversation_id}")
    return page


def take(conversation_id: UUID) -> AnyResponse:
    return do(conversation_id, handoff.take, TAKEN)


def reply(conversation_id: UUID) -> AnyResponse:
    """Send what was typed; a refusal stands beside the field, which keeps the text."""
    text = form_text("texto")
    message_id = draft_id()
    if not text or len(text) > LONGEST_REPLY:
        why = f"Escreva uma mensagem de 1 a {LONGEST_REPLY} caracteres. Esta tem {len(text)}."
        return _page(conversation_id, 422, problem=why, written=text)
    refusal = _try(conversation_id, lambda talk, user: handoff.reply(talk, user, text, message_id))
    if refusal is not None:
        return _page(conversation_id, 409, problem=_message_for(refusal), written=text)
    return _refresh(conversation_id, 200)


def hand_back(conversation_id: UUID) -> AnyResponse:
    return do(conversation_id, handoff.hand_back, "Conversa devolvida ao robô.")


def close(conversation_id: UUID) -> AnyResponse:
    any_state = is_admin()
    return do(
        conversation_id,
        lambda talk, user: handoff.close(talk, user, any_state=any_state),
        "Atendimento encerrado.",
    )


def reassign(conversation_id: UUID) -> AnyResponse:
    """An admin gives a conversation from the agent whom the page showed to another one, or takes
    it.
    """
    require_admin()
    before = parse_integer(request.form.get("de", ""))
    after = form_user("para")
    if before is None or after is None:
        abort(400)
    is_own = after.id == current_user_or_401().id
    return do(
        conversation_id,
        lambda talk, user: handoff.reassign(talk, before, after.id, user),
        TAKEN if is_own else f"Agora quem atende é {after.name}.",
    )


def reset(conversation_id: UUID) -> AnyResponse:
    require_admin()
    return do(
        conversation_id,
        handoff.force_reset,
        "Conversa reiniciada: a próxima mensagem do cliente começa do início.",
    )


def escalate(conversation_id: UUID) -> AnyResponse:
    return do(
        conversation_id,
        handoff.force_escalation,
        "Conversa encaminhada: ela está na fila de atendimento.",
    )


def do(conversation_id: UUID, action: Action, praise: str) -> AnyResponse:
    """Do what the agent asked, commit, and show the page again; a refusal of the desk is told in
    plain words.
    """
    if (refusal := _try(conversation_id, action)) is not None:
        flash(_message_for(refusal), "danger")
        return _refresh(conversation_id, 409)
    flash(praise, "success")
    return _refresh(conversation_id, 200)


def _try(conversation_id: UUID, action: Action) -> Exception | None:
    """Do it and commit; the refusal of the desk when there is one."""
    if conversations.find_conversation(conversation_id) is None:
        abort(404)
    try:
        action(conversation_id, current_user_or_401().id)
        db.session.commit()
    except tuple(REFUSALS) as refusal:
        db.session.rollback()
        log.info(
            "agent_action_rejected",
            conversation_id=str(conversation_id),
            why=type(refusal).__name__,
        )
        return refusal
    return None


REFUSALS: dict[type[Exception], str] = {
    handoff.AlreadyTaken: "Outra pessoa da equipe assumiu esta conversa antes de você.",
    handoff.NotYours: "Esta conversa não está com você. Assuma a conversa antes de continuar.",
    handoff.WindowClosed: (
        "A janela de 24 horas fechou: até o cliente escrever de novo, "
        "o WhatsApp só aceita modelos aprovados. Nada foi enviado."
    ),
    handoff.ConversationClosed: (
        "Esta conversa já foi encerrada. Quando o cliente escrever de novo, começa outra."
    ),
    handoff.CustomerJustWrote: (
        "O cliente acabou de escrever. Leia a mensagem antes de encerrar o atendimento."
    ),
    InvalidTransition: (
        "A conversa mudou de situação e essa ação não vale mais. Veja como ela está agora."
    ),
}


def _message_for(refusal: Exception) -> str:
    return REFUSALS[type(refusal)]


def _refresh(conversation_id: UUID, status: int) -> AnyResponse:
    if not is_htmx_request():
        return redirect(url_for("panel.show_conversation", conversation_id=conversation_id), 303)
    return _page(conversation_id, status)


def _page(
    conversation_id: UUID, status: int = 200, *, problem: str = "", written: str = ""
) -> Response:
    conversation = conversations.find_with_people(conversation_id)
    if conversation is None:
        abort(404)
    before = parse_integer(request.args.get("antes", ""), LARGEST_BIGINT)
    told_blocks = TOLD_BLOCKS if request.method == "POST" else ()
    return render_changed_blocks(
        "panel/conversation.html",
        *told_blocks,
        *LIVE_BLOCKS,
        status=status,
        talk=_load_view(conversation, before, problem, written),
        before=before,
        overview=None if is_htmx_request() else load_overview(conversation.contact_id),
        flows=labels.FLOWS,
        playable_mime_types=file_types.PLAYABLE_MIME_TYPES,
        is_admin=is_admin(),
        people=users.list_active_by_name() if is_admin() else [],
        mute_choices=list(labels.MUTE_CHOICES.items()),
        mute_spans=list(labels.MUTE_SPANS.items()),
        new_draft_id=new_uuid7(),
    )


def _load_view(
    conversation: Conversation, before: int | None, problem: str, written: str
) -> ConversationView:
    shown = messages.list_latest(conversation.id, before, PAGE_SIZE + 1)
    data_key_ids = {conversation.data_key_id, conversation.contact.data_key_id}
    keyring().preload({key_id for key_id in data_key_ids if key_id is not None})
    has_agent = conversation.owner is Owner.HUMAN
    subjects = [f"conversation:{conversation.id}", f"contact:{conversation.contact_id}"]
    return ConversationView(
        conversation=conversation,
        messages=shown[-PAGE_SIZE:],
        earlier=shown[-PAGE_SIZE].sequence if len(shown) > PAGE_SIZE else None,
        transitions=conversations.list_transitions(conversation.id, TIMELINE_SIZE),
        audit=audit.list_of_subjects(subjects, TIMELINE_SIZE),
        tickets=tickets.list_of_contact(conversation.contact_id, CARDS_SHOWN),
        leads=leads.list_of_contact(conversation.contact_id, CARDS_SHOWN),
        appointments=appointments.list_of_contact(conversation.contact_id, CARDS_SHOWN),
        media=_media_of(shown[-PAGE_SIZE:]),
        left=window_left(conversation.last_inbound_at),
        mine=has_agent and conversation.assignee_id == current_user_or_401().id,
        problem=problem,
        written=written,
    )


def _media_of(shown: Sequence[Message]) -> dict[UUID, MediaFile | None]:
    """The files of the messages that brought one."""
    ids = [
        message.id
        for message in shown
        if message.direction is Direction.IN and message.kind in media_formats.KINDS
    ]
    found = media_files.find_of_messages(ids)
    return {message_id: found.get(message_id) for message_id in ids}
