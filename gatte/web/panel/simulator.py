"""The simulator: one chats as a customer, over the same way that a message of WhatsApp takes.

What the customer writes goes through `receive.store_webhook` as the webhook body that Meta would
send; what the company answers is read from the outbox, and the made-up phone reports it as read.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast
from uuid import UUID

from flask import Blueprint, Response, abort, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte import services
from gatte.conversation.nlu import MessageKind
from gatte.conversation.replies import ButtonsReply, MenuReply, Reply, from_json
from gatte.conversation.snapshot import Owner
from gatte.delivery import SIMULATOR_NUMBER
from gatte.intake import contact_identity, group_commit, receive
from gatte.models import Conversation, DeliveryState, Direction, InboxMessage, Message
from gatte.models.message import UNFINISHED_STATES
from gatte.observability import tracing
from gatte.store import contacts, conversations, inbox, messages
from gatte.web.htmx import is_htmx_request, render_changed_blocks
from gatte.web.panel import labels
from gatte.web.panel.form_values import as_uuid
from gatte.web.panel.formatting import message_preview
from gatte.whatsapp import simulator
from gatte.whatsapp.events import Sender, Status
from gatte.whatsapp.simulator import MessagePart, SimulatedContact

SHOWN = 60
GUESTS = "simulated_customers"  # in the browser's session
MAX_CONTACTS = 12  # in the browser's cookie, which holds 4 KB
LONGEST_TEXT = 4096
DEFAULT_CONTACTS = (
    SimulatedContact("5500970000101", "Marina Alves", "BR.1000000000000101"),
    SimulatedContact("5500970000102", "Rogério Nunes", "BR.1000000000000102"),
    SimulatedContact("5500970000103", "Beatriz Prado", "BR.1000000000000103"),
    SimulatedContact(None, "Caio Farias", "BR.1000000000000104", username="caio.farias"),
)
ENDPOINTS = frozenset({"panel.show_simulator", "panel.send_as_customer", "panel.add_customer"})
RECEIVED_STATES = frozenset(
    {DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ}
)
# What the attachment menu offers: its words, and what then arrives.
ATTACHMENTS: dict[str, tuple[str, MessagePart]] = {
    "imagem": (
        "Imagem",
        simulator.media_message(MessageKind.IMAGE, "image/jpeg", caption="Foto do erro na tela"),
    ),
    "audio": ("Áudio", simulator.media_message(MessageKind.AUDIO, "audio/ogg; codecs=opus")),
    "documento": (
        "Documento PDF",
        simulator.media_message(
            MessageKind.DOCUMENT, "application/pdf", filename="contrato-social.pdf"
        ),
    ),
    "certificado": (
        "Arquivo .pfx",
        simulator.media_message(
            MessageKind.DOCUMENT, "application/x-pkcs12", filename="empresa.pfx"
        ),
    ),
    "localizacao": ("Localização", simulator.location_message(-23.561414, -46.655881)),
    "figurinha": ("Figurinha", simulator.media_message(MessageKind.STICKER, "image/webp")),
}


class TestContact(TypedDict):
    """A customer whom this browser made up."""

    phone: str
    bsuid: str
    name: str


@dataclass(frozen=True)
class ChatBubble:
    """A message as the customer sees it; `reply` has the buttons or rows of an answer."""

    id: str
    mine: bool
    text: str
    at: datetime
    tick: str = ""
    reply: Reply | None = None
    author: str = ""


@dataclass(frozen=True)
class ChatView:
    """What the customer's phone shows, and whether an answer is being written."""

    bubbles: list[ChatBubble]
    typing: bool
    conversation: Conversation | None


def add_routes(bp: Blueprint) -> None:
    bp.before_request(require_simulator)
    bp.add_url_rule("/panel/simulador", view_func=show_simulator)
    bp.add_url_rule("/panel/simulador/mensagens", view_func=send_as_customer, methods=["POST"])
    bp.add_url_rule("/panel/simulador/clientes", view_func=add_customer, methods=["POST"])


def require_simulator() -> None:
    """Where the simulator is off, its pages do not exist."""
    if request.endpoint in ENDPOINTS and not current_app.config["GATTE_SIMULATOR"]:
        abort(404)


def show_simulator() -> Response:
    chosen = _chosen()
    customer = _customer()
    chat = _chat(customer)
    _report_read(customer, chat)
    return render_changed_blocks(
        "panel/simulator.html",
        "chat",
        "chat_status",
        "chat_link",
        chosen=chosen,
        customers=list(enumerate(_customers())),
        customer=customer,
        company=services.settings().gatte_company_name,
        chat=chat,
        attachments=[(key, label) for key, (label, _) in ATTACHMENTS.items()],
        poll_url=url_for("panel.show_simulator", cliente=chosen),
    )


def send_as_customer() -> AnyResponse:
    part = _message_from_form()
    if part is not None:
        body = simulator.customer_message_body(SIMULATOR_NUMBER, _customer(), part)
        _deliver(body)
    if is_htmx_request():
        return show_simulator()
    return redirect(url_for("panel.show_simulator", cliente=_chosen()), 303)


def add_customer() -> AnyResponse:
    plain = re.sub(r"[^\w .'-]", "", request.form.get("nome", ""))
    name = " ".join(plain.split())[:40]
    guests = _guests()
    if name and len(guests) < MAX_CONTACTS:
        made = TestContact(phone=simulator.new_phone(), bsuid=simulator.new_bsuid(), name=name)
        session[GUESTS] = [*guests, made]
        return redirect(url_for("panel.show_simulator", cliente=len(_customers()) - 1), 303)
    return redirect(url_for("panel.show_simulator", cliente=_chosen()), 303)


def _guests() -> list[TestContact]:
    return cast("list[TestContact]", session.get(GUESTS, []))


def _customers() -> list[SimulatedContact]:
    made = [SimulatedContact(guest["phone"], guest["name"], guest["bsuid"]) for guest in _guests()]
    return [*DEFAULT_CONTACTS, *made]


def _chosen() -> int:
    number = request.args.get("cliente", 0, type=int)
    return number if 0 <= number < len(_customers()) else 0


def _customer() -> SimulatedContact:
    return _customers()[_chosen()]


def _message_from_form() -> MessagePart | None:
    """What the form sends: a tap, an attachment or a text; None when it is empty."""
    form = request.form
    if "escolha" in form:
        return _selected_option(form["escolha"], form.get("resposta", ""))
    if form.get("anexo") in ATTACHMENTS:
        return ATTACHMENTS[form["anexo"]][1]
    text = form.get("texto", "").strip()[:LONGEST_TEXT]
    return simulator.text_message(text) if text else None


def _selected_option(choice: str, message_id: str) -> MessagePart:
    """A tap on an option of an answer that this customer got."""
    contact_id = _contact_id(_customer())
    message = None if contact_id is None else _answer(contact_id, message_id)
    reply = _reply(message) if message is not None else None
    if not isinstance(reply, ButtonsReply | MenuReply):
        abort(404)
    option = next((one for one in reply.options if one.id == choice), None)
    if option is None:
        abort(404)
    answered = message.outbox.wamid if message is not None and message.outbox is not None else None
    if isinstance(reply, MenuReply):
        return simulator.list_reply(option.id, option.title, option.description, answered=answered)
    return simulator.button_reply(option.id, option.title, answered=answered)


def _answer(contact_id: UUID, message_id: str) -> Message | None:
    wanted = as_uuid(message_id)
    if wanted is None:
        return None
    return messages.find_of_contact(wanted, contact_id)


def _deliver(body: dict[str, Any]) -> None:
    try:
        receive.store_webhook(simulator.encode(body), tracing.current_request_id())
    except group_commit.StorageUnavailable:
        abort(503)


def _report_read(customer: SimulatedContact, chat: ChatView) -> None:
    """The phone tells what it shows: each answer that just arrived becomes read, as on a phone with
    the chat open.
    """
    for bubble in chat.bubbles:
        if bubble.tick != "unread":
            continue
        message = messages.get_message(UUID(bubble.id))
        wamid = message.outbox.wamid  # type: ignore[union-attr]
        if wamid:
            body = simulator.status_body(
                SIMULATOR_NUMBER, customer, wamid, Status.READ, outbox_id=bubble.id
            )
            _deliver(body)


def _sender(customer: SimulatedContact) -> Sender:
    return Sender(customer.phone, customer.user_id)


def _contact_id(customer: SimulatedContact) -> UUID | None:
    known = contact_identity.identity_hashes(_sender(customer), SIMULATOR_NUMBER)
    return contacts.find_contact_id([hashed for _, hashed in known])


def _chat(customer: SimulatedContact) -> ChatView:
    waiting = _unprocessed(customer)
    contact_id = _contact_id(customer)
    if contact_id is None:
        return ChatView(waiting, bool(waiting), None)
    history = messages.list_latest_of_contact(contact_id, SHOWN)
    conversation = conversations.find_latest(contact_id, SIMULATOR_NUMBER)
    bubbles = [bubble for message in history if (bubble := _bubble(message)) is not None]
    return ChatView([*bubbles, *waiting], _is_typing(conversation, history, waiting), conversation)


def _unprocessed(customer: SimulatedContact) -> list[ChatBubble]:
    """What the customer wrote and no turn has processed yet."""
    hashed = contact_identity.sender_hash(_sender(customer), phone_number_id=SIMULATOR_NUMBER)
    rows = inbox.list_unprocessed(SIMULATOR_NUMBER, hashed)
    return [_unprocessed_bubble(row) for row in rows]


def _own_id(wamid_hash: bytes | None) -> str:
    """One id for what the customer wrote, in the inbox and after its turn: on the screen it is one
    bubble.
    """
    return (wamid_hash or b"").hex()[:24]


def _unprocessed_bubble(row: InboxMessage) -> ChatBubble:
    message = receive.decrypt_payload(row.wamid_hash, row.payload or b"")["raw"]["message"]
    answer = message.get("interactive", {})
    tapped = answer.get("button_reply") or answer.get("list_reply") or {}
    text = (
        message.get("text", {}).get("body")
        or tapped.get("title")
        or f"[{labels.ATTACHMENTS.get(row.kind, row.kind)}]"
    )
    return ChatBubble(_own_id(row.wamid_hash), mine=True, text=text, at=row.sent_at, tick="sent")


def _bubble(message: Message) -> ChatBubble | None:
    """A message as the customer sees it; None for an answer that has not reached the phone."""
    text = message_preview(message)
    if message.direction is Direction.IN:
        return ChatBubble(
            _own_id(message.wamid_hash),
            mine=True,
            text=text,
            at=message.sent_at,
            tick="read" if message.turn_id else "delivered",
        )
    if message.outbox is not None and message.outbox.state not in RECEIVED_STATES:
        return None
    author = message.user.name if message.user is not None else ""
    unread = message.outbox is not None and message.outbox.state is not DeliveryState.READ
    return ChatBubble(
        str(message.id),
        False,
        text,
        message.sent_at,
        tick="unread" if unread else "",
        reply=_reply(message),
        author=author,
    )


def _reply(message: Message) -> Reply | None:
    stored = message.outbox.reply if message.outbox is not None else None
    return None if stored is None else from_json(stored)


def _is_typing(
    conversation: Conversation | None, history: list[Message], waiting: list[ChatBubble]
) -> bool:
    """Whether the bot is at work: something unread, a turn due, or an answer on its way."""
    if conversation is not None and conversation.owner is Owner.HUMAN:
        return False
    leaving = any(
        message.outbox is not None and message.outbox.state in UNFINISHED_STATES
        for message in history
    )
    turn_due = conversation is not None and conversation.turn_due_at is not None
    return bool(waiting) or leaving or turn_due
