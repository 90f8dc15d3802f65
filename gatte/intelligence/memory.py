"""What a conversation told of its contact that is worth knowing in the next one.

Rules read it from what the flows stored (leads, appointments, tickets, certificates, slots) and
from few fixed phrases; Gemini, where there is one, reads it from what was said: it may only name
words that stand in a message, and sees placeholders instead of personal values.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from gatte import services
from gatte.conversation.memory_kinds import MemoryKind
from gatte.conversation.nlu import Intent
from gatte.conversation.parsing.names import parse_name
from gatte.conversation.parsing.normalize import fold
from gatte.conversation.texts import exists, render
from gatte.intelligence.gemini.client import GeminiUnavailable
from gatte.intelligence.memory_reader import ReadableMessage, read_memories
from gatte.intelligence.pseudonymization import CUSTOMER, Record
from gatte.models import Appointment, AppointmentState, Conversation, Lead, MemorySource, Ticket
from gatte.store import (
    appointments,
    certificates,
    conversations,
    leads,
    memories,
    messages,
    tickets,
)
from gatte.store.conversations import NoSuchConversation
from gatte.store.memories import LearnedFact

MESSAGES_READ = 60
ROWS_READ = 5
LONGEST_VALUE = 120
LONGEST_TOPIC = 80
YEAR = timedelta(days=365)
LASTS = {
    MemoryKind.NAME_FORM: 2 * YEAR,
    MemoryKind.COMPANY: 2 * YEAR,
    MemoryKind.PRODUCT: 2 * YEAR,
    MemoryKind.EMAIL: 2 * YEAR,
    MemoryKind.PERIOD: YEAR,
    MemoryKind.TOPIC: timedelta(days=30),
    MemoryKind.PROMISE: timedelta(days=30),
}
"""How long each kind holds after it was told."""
SURE, LIKELY, GUESSED = 1.0, 0.8, 0.6
CALL_ME = re.compile(
    r"\b(?:pode(?:m)? me chamar|me cham[ae]m?|prefiro ser chamad[oa]|me trat[ae]m?)"
    r" (?:so )?(?:de|por|como) ([^\W\d_]{2,20}(?: [^\W\d_]{2,20})?)",
    re.I,
)
NOON, EVENING = 12, 18


@dataclass(frozen=True)
class ToldMessage:
    """A message of the conversation, with its words."""

    id: UUID
    author: str
    text: str
    sent_at: datetime


@dataclass(frozen=True)
class ToldConversation:
    """What a conversation told: by rules already, and its messages for a model to read."""

    conversation_id: UUID
    contact_id: UUID
    messages: tuple[ToldMessage, ...]
    facts: tuple[LearnedFact, ...]
    record: Record = field(default_factory=Record)
    has_open_ticket: bool = False


def collect(conversation_id: UUID) -> ToldConversation | None:
    """What a conversation told, as plain values, so that no transaction stays open while a model is
    asked; None when it is gone.
    """
    conversation = conversations.find_conversation(conversation_id)
    if conversation is None or conversation.data_key_id is None:
        return None
    told = tuple(
        ToldMessage(one.id, one.author.value, one.body, one.sent_at)
        for one in messages.list_latest(conversation_id, None, MESSAGES_READ)
        if one.body and one.erased_at is None
    )
    ticket = tickets.find_newest_active(conversation.contact_id)
    facts = tuple(_facts(conversation, told, ticket))
    contact = conversation.contact
    others = (contact.document, contact.phone, contact.email)
    return ToldConversation(
        conversation_id,
        conversation.contact_id,
        told,
        facts,
        Record(
            names=(contact.name,) if contact.name else (),
            others=tuple(one for one in others if one),
        ),
        has_open_ticket=ticket is not None,
    )


def read_with_model(told: ToldConversation) -> list[LearnedFact]:
    """What Gemini finds in the messages beside; nothing without it, or when it is away. No
    transaction may be open.
    """
    gemini = services.gemini()
    if gemini is None or not any(one.author == CUSTOMER for one in told.messages):
        return []
    readable = [ReadableMessage(one.author, one.text) for one in told.messages]
    try:
        found = read_memories(gemini, readable, told.record)
    except GeminiUnavailable:
        return []
    return [
        _learned(
            one.kind,
            one.value,
            told.messages[one.message],
            one.confidence,
            MemorySource.GEMINI,
        )
        for one in found
    ]


def store(told: ToldConversation, found: Sequence[LearnedFact]) -> int:
    """Put what was found into the contact's memory, what rules found last; how much was new. The
    caller commits.
    """
    try:
        conversation = conversations.get_locked(told.conversation_id)
    except NoSuchConversation:
        return 0
    contact = conversation.contact
    learned = [memories.learn(contact, conversation.id, fact) for fact in [*found, *told.facts]]
    if not told.has_open_ticket:
        memories.expire(contact.id, MemoryKind.PROMISE)
    memories.mark_remembered(conversation.id)
    return sum(learned)


def _facts(
    conversation: Conversation, told: Sequence[ToldMessage], ticket: Ticket | None
) -> Iterator[LearnedFact]:
    """What rules read; of a kind that is found twice the later one is stored last."""
    said = [one for one in told if one.author == CUSTOMER]
    yield from _of_phrases(said)
    yield from _of_slots(conversation, said)
    captured = leads.list_of_conversation(conversation.id, ROWS_READ)
    for lead in sorted(captured, key=lambda one: one.created_at):
        yield from _of_lead(lead, said)
    for certificate in certificates.list_of_contact(conversation.contact_id)[-1:]:
        at = certificate.created_at
        yield _fact(MemoryKind.PRODUCT, certificate.kind, at, SURE)
    booked = appointments.list_of_conversation(conversation.id, ROWS_READ)
    yield from _of_appointments(booked)
    if ticket is not None:
        subject = render("memory.ticket", number=ticket.number, subject=ticket.subject or "")
        yield _fact(MemoryKind.PROMISE, subject, ticket.created_at, SURE)
    yield from _topic(conversation, captured, booked, said)


def _of_phrases(said: Sequence[ToldMessage]) -> Iterator[LearnedFact]:
    for message in said:
        found = CALL_ME.search(fold(message.text))
        name = parse_name(found[1]).value if found else None
        if name:
            yield _learned(MemoryKind.NAME_FORM, name, message, LIKELY, MemorySource.RULE)


def _of_slots(conversation: Conversation, said: Sequence[ToldMessage]) -> Iterator[LearnedFact]:
    """What a form that was not finished holds already."""
    slots = conversation.slots or {}
    kinds = {"company": MemoryKind.COMPANY, "email": MemoryKind.EMAIL}
    for slot, kind in kinds.items():
        value = slots.get(slot)
        if value:
            yield _told(kind, value, said, conversation.last_activity_at, LIKELY)


def _of_lead(lead: Lead, said: Sequence[ToldMessage]) -> Iterator[LearnedFact]:
    if lead.company:
        yield _told(MemoryKind.COMPANY, lead.company, said, lead.created_at, SURE)
    if lead.email:
        yield _told(MemoryKind.EMAIL, lead.email, said, lead.created_at, SURE)
    if lead.product and lead.product != "unsure":
        yield _told(MemoryKind.PRODUCT, lead.product, said, lead.created_at, LIKELY)


def _of_appointments(booked: Sequence[Appointment]) -> Iterator[LearnedFact]:
    """The part of the day in which the contact wants to be served, by what they booked last."""
    wanted = [one for one in booked if one.state is not AppointmentState.CANCELLED]
    if not wanted:
        return
    zone = services.settings().time_zone
    newest = max(wanted, key=lambda one: one.created_at)
    hour = newest.starts_at.astimezone(zone).hour
    part = "morning" if hour < NOON else "afternoon" if hour < EVENING else "evening"
    yield _fact(MemoryKind.PERIOD, render(f"memory.{part}"), newest.created_at, GUESSED)


def _topic(
    conversation: Conversation,
    captured: Sequence[Lead],
    booked: Sequence[Appointment],
    said: Sequence[ToldMessage],
) -> Iterator[LearnedFact]:
    """What the conversation was about, in a few words that follow "falamos sobre"."""
    at = said[-1].sent_at if said else conversation.last_activity_at
    topic = ""
    if captured:
        topic = render("memory.topic_lead", product=captured[0].product)
    elif booked:
        topic = render("memory.topic_schedule")
    elif conversation.last_intent is not None:
        topic = _topic_of_intent(conversation.last_intent)
    if topic:
        yield _fact(MemoryKind.TOPIC, topic[:LONGEST_TOPIC], at, GUESSED)


def _topic_of_intent(intent: Intent) -> str:
    key = f"memory.topic_{intent.value}"
    return render(key) if exists(key) else ""


def _told(
    kind: MemoryKind, value: str, said: Sequence[ToldMessage], at: datetime, confidence: float
) -> LearnedFact:
    """A fact with the last message in which its words stand."""
    words = fold(value)
    message = next((one for one in reversed(said) if words in fold(one.text)), None)
    if message is None:
        return _fact(kind, value, at, confidence)
    return _learned(kind, value, message, confidence, MemorySource.RULE)


def _learned(
    kind: MemoryKind, value: str, message: ToldMessage, confidence: float, source: MemorySource
) -> LearnedFact:
    return LearnedFact(
        kind=kind,
        value=value[:LONGEST_VALUE],
        learned_at=message.sent_at,
        lasts=LASTS[kind],
        confidence=confidence,
        source=source,
        message_id=message.id,
    )


def _fact(kind: MemoryKind, value: str, at: datetime, confidence: float) -> LearnedFact:
    return LearnedFact(kind, value[:LONGEST_VALUE], at, LASTS[kind], confidence, MemorySource.RULE)
