"""What rules alone read: the words of a command, alarms, courtesy, data that can be checked."""

from collections.abc import Iterator

from gatte.conversation.appointment_words import answers_cancellation, appointment_wish
from gatte.conversation.command_reader.place import Place
from gatte.conversation.commands import (
    Affirm,
    CancelFlow,
    Command,
    Complain,
    Deny,
    Escalate,
    OptIn,
    OptOut,
    RequestHuman,
    ResumeFlow,
    SetSlot,
    ShowMenu,
    StartFlow,
    TurnReading,
    command_of,
)
from gatte.conversation.effects import EscalationReason
from gatte.conversation.escalation_rules import cannot_issue_invoices, find_trigger
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.parsing.documents import find_document
from gatte.conversation.parsing.names import find_email
from gatte.conversation.parsing.normalize import word_set
from gatte.conversation.rules import (
    CommandWord,
    asks_for_ticket,
    cancels_this,
    command_in,
    says_unhelpful,
    small_talk_in,
)

LITERAL: dict[CommandWord, type[Command]] = {
    CommandWord.HUMAN: RequestHuman,
    CommandWord.MENU: ShowMenu,
    CommandWord.CANCEL: CancelFlow,
    CommandWord.LEAVE: OptOut,
    CommandWord.BACK_IN: OptIn,
    CommandWord.CONTINUE: ResumeFlow,
}
BARE_YES = word_set("s sim ss quero")


def literals(place: Place) -> Iterator[Command]:
    for text in place.texts:
        word = command_in(text)
        if word is not None:
            yield LITERAL[word](span=text, literal=True)  # type: ignore[call-arg]  # without keys


def alarms(place: Place, reading: TurnReading) -> Iterator[Command]:
    """What must reach a person by its words; where a model read the turn too, not when it hears a
    question rather than a call for somebody.
    """
    text = "\n".join(place.texts)
    trigger = find_trigger(text)
    today = place.snapshot.now.date()
    expired = any(one.valid_until < today for one in place.snapshot.certificates)
    if trigger is None and expired and cannot_issue_invoices(text):
        yield Escalate(EscalationReason.INVOICE_STOPPED, span=text)
        return
    if trigger is None or (
        trigger.reason is EscalationReason.REFUND and place.flow and cancels_this(text)
    ):
        return
    alarm: Command = Escalate(trigger.reason, span=text)
    if trigger.reason is EscalationReason.COMPLAINT:
        alarm = Complain(span=text)
    if reading.labels and reading.probability("Question") > reading.call_for_person:
        return
    yield alarm


def whole_message(place: Place, text: str) -> Command | None:
    """The one command that a message is, where rules know it whole."""
    word = command_in(text)
    agrees = answers_cancellation(text, place.snapshot)
    answer = yes_or_no(text) if agrees is None else agrees
    wish = None if place.waiting else appointment_wish(text, place.snapshot)
    courtesy = small_talk_in(text)
    found: Command | None = None
    if agrees is not None:
        found = (Affirm if agrees else Deny)(span=text, literal=True)
    elif wish is not None and wish != place.snapshot.flow:
        found = StartFlow(wish, span=text)
    elif word is not None:
        found = LITERAL[word](span=text, literal=True)  # type: ignore[call-arg]  # without keys
    elif place.flow and cancels_this(text):
        found = CancelFlow(span=text, literal=True)
    elif not place.flow and asks_for_ticket(text):
        found = StartFlow("ticket", span=text)
    elif place.awaits_yes and answer is not None:
        found = (Affirm if answer else Deny)(span=text, literal=True)
    elif place.snapshot.flags.get("answered") and says_unhelpful(text):
        found = Deny(span=text, literal=True)
    elif courtesy:
        found = command_of(courtesy, text)
    return found


def checked_data(text: str) -> Iterator[Command]:
    """Data that are told before any flow runs: only those that can be checked."""
    if document := find_document(text).value:
        yield SetSlot("document", document, span=text)
    if email := find_email(text).value:
        yield SetSlot("email", email, span=text)
