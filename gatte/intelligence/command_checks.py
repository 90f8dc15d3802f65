"""What Gemini proposes for a turn becomes commands only where it holds: known labels, spans that
stand in the text, values that their slot's parser takes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict, cast, get_args

from gatte.conversation.command_reader.label_commands import SIMPLE_LABELS
from gatte.conversation.commands import (
    Affirm,
    CancelFlow,
    Command,
    CorrectSlot,
    Courtesy,
    Deny,
    Escalate,
    FlowWish,
    LeaveQueue,
    OtherLanguage,
    Question,
    SetSlot,
    Skip,
    SmallTalk,
    StartFlow,
    Unclear,
)
from gatte.conversation.effects import EscalationReason
from gatte.conversation.flows.base import Slot
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.nlu import PredictionSource
from gatte.conversation.parsing.normalize import fold
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import State
from gatte.intelligence.gemini.structured_output import GeneratedCommand, GeneratedTurn
from gatte.intelligence.pseudonymization import HiddenText, Pseudonymizer, UnknownPlaceholder

SIMPLE: dict[str, type[Command]] = {
    **SIMPLE_LABELS,
    "Affirm": Affirm,
    "Deny": Deny,
    "Unclear": Unclear,
}
TOLD_REASONS = (
    EscalationReason.INVOICE_STOPPED,
    EscalationReason.REVOCATION,
    EscalationReason.FRAUD,
    EscalationReason.REFUND,
    EscalationReason.LEGAL_THREAT,
    EscalationReason.DATA_BREACH,
    EscalationReason.DISTRESS,
)
"""What a customer tells that a person must handle; the other reasons are found by rules."""
VALUES: dict[str, type[SetSlot | CorrectSlot]] = {"SetSlot": SetSlot, "CorrectSlot": CorrectSlot}
LABELS = (
    *SIMPLE,
    *VALUES,
    "Skip",
    "Question",
    "OtherLanguage",
    *(f"StartFlow:{flow}" for flow in get_args(FlowWish)),
    *(f"Escalate:{reason}" for reason in TOLD_REASONS),
    *(f"SmallTalk:{kind}" for kind in Courtesy),
)
SLOTS = tuple(dict.fromkeys(slot.name for flow in FLOWS.values() for slot in flow.slots))
LITERAL_SLOTS = frozenset(
    {"name", "company", "email", "document", "subject", "description", "value", "number"}
)
"""Slots whose value must stand in the text letter by letter; others may be named by the model."""
NAMED_LANGUAGES = frozenset({"es", "en"})
LONGEST_QUESTION = 300
CONFIDENCE = 0.9
"""Written for a command of Gemini, which gives no probabilities: above every threshold."""
NUMBER = re.compile(r"(?<![^\W\d_])\d+")
NOT_LETTERS = re.compile(r"[\W_]+")


class _Reading(TypedDict):
    """How a command was read."""

    source: PredictionSource
    confidence: float
    span: str


@dataclass(frozen=True)
class SaidTurn:
    """The messages of a turn as they were sent, what hides in them, and what was said before.

    `answers_something`: whether a yes or a no would answer anything.
    """

    messages: Sequence[HiddenText]
    hidden: Pseudonymizer
    snapshot: Snapshot
    said_before: str = ""
    answers_something: bool = True

    @property
    def text(self) -> str:
        """All messages in the customer's own words."""
        originals = [message.original_of(message.text) or "" for message in self.messages]
        return "\n".join(originals).strip()

    def original_of(self, span: str) -> str:
        """The stretch of the customer's words that a span names; "" when it stands nowhere."""
        wanted = span.strip()
        for message in self.messages:
            original = message.original_of(wanted)
            if original:
                return original
        return ""


def checked_commands(turn: GeneratedTurn, said: SaidTurn) -> tuple[Command, ...]:
    """The commands of a turn that hold, in their order; empty when none does."""
    found: list[Command] = []
    for one in turn.commands:
        found += _command(one, turn, said)
    clear = [command for command in found if not isinstance(command, Unclear)]
    return tuple(clear or found[:1])


def _command(one: GeneratedCommand, turn: GeneratedTurn, said: SaidTurn) -> Iterator[Command]:
    """The command that a proposal stands for, or nothing."""
    if one.label not in LABELS:
        return
    span = said.original_of(one.span)
    read = _read_in(span)
    label, _, detail = one.label.partition(":")
    match label:
        case "SetSlot" | "CorrectSlot":
            yield from _value(VALUES[label], one, span, said)
        case "StartFlow":
            yield StartFlow(cast("FlowWish", detail), **read)
        case "Escalate":
            yield Escalate(EscalationReason(detail), **read)
        case "SmallTalk":
            yield SmallTalk(Courtesy(detail), **read)
        case "OtherLanguage":
            language = turn.language if turn.language in NAMED_LANGUAGES else ""
            yield OtherLanguage(language, **read)
        case "Skip":
            yield from _skip(read, said.snapshot)
        case "Question":
            yield Question(_question(one, span, said), **read)
        case _ if _may_be(SIMPLE[label], said):
            yield SIMPLE[label](**read)  # type: ignore[call-arg]  # those without keys of their own


def _read_in(span: str) -> _Reading:
    return {"source": PredictionSource.GEMINI, "confidence": CONFIDENCE, "span": span}


def _skip(read: _Reading, snapshot: Snapshot) -> Iterator[Skip]:
    slot = snapshot.requested_slot
    if slot in SLOTS:
        yield Skip(slot=slot, **read)


def _may_be(kind: type[Command], said: SaidTurn) -> bool:
    """Whether a command can be meant in this place."""
    snapshot = said.snapshot
    if kind is LeaveQueue:
        return snapshot.state is State.WAITING_HUMAN
    if kind in {Affirm, Deny}:
        return said.answers_something
    return kind is not CancelFlow or bool(snapshot.flow or snapshot.suspended_flow)


def _value(
    kind: type[SetSlot | CorrectSlot], one: GeneratedCommand, span: str, said: SaidTurn
) -> Iterator[SetSlot | CorrectSlot]:
    """A value that its slot takes; a correction without its value stays one."""
    read = _read_in(span)
    slot = _slot_named(one.slot, said.snapshot)
    if slot is None or not span:
        return
    value = _value_of(slot, one, span, said)
    if value is not None:
        yield kind(slot.name, value, **read)
    elif kind is CorrectSlot:
        yield CorrectSlot(slot.name, **read)


def _slot_named(name: str, snapshot: Snapshot) -> Slot | None:
    """The slot of this name, of the running flow before all others."""
    running = FLOWS.get(snapshot.flow or "")
    asked = running.slot(name) if running else None
    if asked is not None:
        return asked
    for flow in FLOWS.values():
        slot = flow.slot(name)
        if slot is not None:
            return slot
    return None


def _value_of(slot: Slot, one: GeneratedCommand, span: str, said: SaidTurn) -> str | None:
    """What the slot's parser makes of the span, or else of the model's value where that may be
    believed; None when it takes neither.
    """
    given = _restored(one.value, said.hidden)
    options = slot.options(said.snapshot)
    if given in {option.id.rpartition(":")[2] for option in options}:
        return given
    texts = [span, given]
    if slot.name in LITERAL_SLOTS:
        is_said = _letters(given) in _letters(span)
        texts = [given, span] if is_said else [span]
    for text in texts:
        value = slot.parse_answer(text, said.snapshot).value if text else None
        if value:
            return value
    return None


def _question(one: GeneratedCommand, span: str, said: SaidTurn) -> str:
    """The question that can be understood alone; the customer's own words when the model's hold a
    number or a placeholder that was never there.
    """
    restored = _restored(one.question, said.hidden)
    asked = restored[:LONGEST_QUESTION].strip()
    known = NUMBER.findall(f"{said.said_before}\n{said.text}")
    is_new = set(NUMBER.findall(asked)).difference(known)
    if asked and not is_new:
        return asked
    return span or said.text


def _restored(text: str, hidden: Pseudonymizer) -> str:
    try:
        return hidden.restore(text)
    except UnknownPlaceholder:
        return ""


def _letters(text: str) -> str:
    return NOT_LETTERS.sub("", fold(text))
