"""How the contact's own tickets stand, and one of another number for whoever has the code that was
sent to its contact; no other ticket ever reaches the core.
"""

import re

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import IdentitySubject, SendIdentityCode
from gatte.conversation.flows import identity
from gatte.conversation.flows.base import Flow, FlowName, Slot, needs_no_yes, never
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult
from gatte.conversation.snapshot import Snapshot, TicketFacts
from gatte.conversation.texts import exists, render

MOST_SHOWN = 4
NUMBER = re.compile(
    r"(?:#|\bn[ºo°]?\.?\s*|\bn[uú]mero\s+|\bchamado\s+|\bprotocolo\s+|\bticket\s+)#?(\d{1,9})\b",
    re.IGNORECASE,
)


def find_number(text: str, _snapshot: Snapshot) -> ParseResult:
    """The number of a ticket, where one is named as such."""
    said = NUMBER.search(text)
    return ParseResult(said[1]) if said else NO_MATCH


def state_in_words(status: str) -> str:
    """A status of the desk in the customer's language; words that are none of the desk's are left
    as they are.
    """
    return render(f"ticket_state.{status}") if exists(f"ticket_state.{status}") else status


def _visible(snapshot: Snapshot) -> list[TicketFacts]:
    """The contact's own tickets, or the one that was asked for, where this customer may hear of
    it.
    """
    number = snapshot.slots.get("number")
    if number is None:
        return list(snapshot.tickets)
    known = (*snapshot.tickets, *snapshot.identity.tickets)
    return [one for one in known if str(one.number) == number][:1]


def _is_of_another(snapshot: Snapshot) -> bool:
    return "number" in snapshot.slots and not _visible(snapshot)


def _asked_ticket(snapshot: Snapshot) -> SendIdentityCode:
    return SendIdentityCode(IdentitySubject.TICKET, snapshot.slots["number"])


def finish(draft: DecisionBuilder) -> None:
    """Tell how the tickets stand, or the one that was asked for."""
    tickets = _visible(draft.snapshot)
    if not tickets and "number" in draft.snapshot.slots:
        identity.refuse(draft)
        return
    if not tickets:
        draft.set_flag("offer", option_ids.TICKET().id)
        draft.add_buttons(render("ticket_status.none"), option_ids.TICKET(), option_ids.HUMAN())
        return
    shown = tickets[:MOST_SHOWN]
    lines = "\n".join(
        render(
            "ticket_status.line",
            number=one.number,
            subject=one.subject[:60],
            status=state_in_words(one.status),
        )
        for one in shown
    )
    draft.add_text("ticket_status.done", lines=lines)


TICKET_STATUS = Flow(
    FlowName.TICKET_STATUS,
    (
        Slot(
            "number",
            parse_answer=find_number,
            extract=find_number,
            required_if=never,
            invalidates=("identity_code",),
        ),
        identity.identity_code(_is_of_another, _asked_ticket),
    ),
    finish,
    needs_confirmation=needs_no_yes,
)
