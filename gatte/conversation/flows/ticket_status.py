"""How the contact's own tickets stand; tickets of others never reach the core, whatever number is asked for."""

import re

from gatte.conversation import choices
from gatte.conversation.draft import Draft
from gatte.conversation.flows.base import Flow, FlowName, Slot, needs_no_yes
from gatte.conversation.parsing.words import NOTHING, Parsed
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import has, say

MOST_SHOWN = 4
NUMBER = re.compile(r"(?:#|\bn[ºo°]?\.?\s*|\bn[uú]mero\s+|\bchamado\s+|\bprotocolo\s+|\bticket\s+)#?(\d{1,9})\b", re.IGNORECASE)


def find_number(text: str, _snapshot: Snapshot) -> Parsed:
    """The number of a ticket, where one is named as such."""
    said = NUMBER.search(text)
    return Parsed(said[1]) if said else NOTHING


def _never(_snapshot: Snapshot) -> bool:
    return False


def _in_words(status: str) -> str:
    """A status of the desk in the customer's language; words that are none of the desk's are left as they are."""
    return say(f"ticket_state.{status}") if has(f"ticket_state.{status}") else status


def finish(draft: Draft) -> None:
    """Tell how the tickets stand, or the one that was asked for."""
    number = draft.now.slots.get("number")
    tickets = [one for one in draft.now.tickets if number in (None, str(one.number))]
    if not tickets:
        key = "ticket_status.not_this" if number else "ticket_status.none"
        draft.note("offer", None if number else choices.TICKET().id)
        draft.ask(say(key, number=number or ""), choices.TICKET(), choices.HUMAN())
        return
    shown = tickets[:MOST_SHOWN]
    lines = "\n".join(say("ticket_status.line", number=one.number, subject=one.subject[:60], status=_in_words(one.status)) for one in shown)
    draft.say("ticket_status.done", lines=lines)


TICKET_STATUS = Flow(
    FlowName.TICKET_STATUS,
    (Slot("number", parse=find_number, find=find_number, wanted=_never),),
    finish,
    confirms=needs_no_yes,
)
