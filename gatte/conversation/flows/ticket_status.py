"""How the contact's own tickets stand; tickets of others never reach the core, whatever number is
asked for.
"""

import re

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.flows.base import Flow, FlowName, Slot, needs_no_yes
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult
from gatte.conversation.snapshot import Snapshot
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


def _never(_snapshot: Snapshot) -> bool:
    return False


def state_in_words(status: str) -> str:
    """A status of the desk in the customer's language; words that are none of the desk's are left
    as they are.
    """
    return render(f"ticket_state.{status}") if exists(f"ticket_state.{status}") else status


def finish(draft: DecisionBuilder) -> None:
    """Tell how the tickets stand, or the one that was asked for."""
    number = draft.snapshot.slots.get("number")
    tickets = [one for one in draft.snapshot.tickets if number in (None, str(one.number))]
    if not tickets:
        key = "ticket_status.not_this" if number else "ticket_status.none"
        draft.set_flag("offer", None if number else option_ids.TICKET().id)
        draft.add_buttons(render(key, number=number or ""), option_ids.TICKET(), option_ids.HUMAN())
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
    (Slot("number", parse_answer=find_number, extract=find_number, required_if=_never),),
    finish,
    needs_confirmation=needs_no_yes,
)
