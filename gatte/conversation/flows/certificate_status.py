"""When a certificate ends: told to its registered contact only; everyone else is led to a person who can check."""

from dataclasses import replace

from gatte.conversation import choices
from gatte.conversation.draft import Draft
from gatte.conversation.flows.base import Flow, FlowName, needs_no_yes
from gatte.conversation.flows.certificates import days_left, show_certificate
from gatte.conversation.flows.common import DOCUMENT
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import say

RENEW_WITHIN_DAYS = 60
MOST_SHOWN = 5


def _unregistered(snapshot: Snapshot) -> bool:
    return not snapshot.certificates


def finish(draft: Draft) -> None:
    """Tell the registered contact; tell anyone else nothing, not even whether the document is known here."""
    certificates = sorted(draft.now.certificates, key=lambda one: one.valid_until)[:MOST_SHOWN]
    asked = draft.now.slots.get("document")
    if not certificates or (asked and draft.now.contact.document not in (None, asked)):
        draft.ask(say("certificate_status.unregistered"), choices.HUMAN(), choices.MENU())
        return
    today = draft.now.now.date()
    lines = "\n".join(f"• {show_certificate(one, today)}" for one in certificates)
    if days_left(certificates[0], today) > RENEW_WITHIN_DAYS:
        draft.say("certificate_status.done", lines=lines)
        return
    draft.note("offer", choices.RENEW().id)
    draft.ask(say("certificate_status.renew_soon", lines=lines), choices.RENEW(), choices.MENU())


CERTIFICATE_STATUS = Flow(
    FlowName.CERTIFICATE_STATUS,
    (replace(DOCUMENT, wanted=_unregistered),),
    finish,
    confirms=needs_no_yes,
)
