"""When a certificate ends: told to its registered contact only; everyone else is led to a person
who can check.
"""

from dataclasses import replace

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.flows.base import Flow, FlowName, needs_no_yes
from gatte.conversation.flows.certificates import days_left, show_certificate
from gatte.conversation.flows.common import DOCUMENT
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import render

RENEW_WITHIN_DAYS = 60
MOST_SHOWN = 5


def _unregistered(snapshot: Snapshot) -> bool:
    return not snapshot.certificates


def finish(draft: DecisionBuilder) -> None:
    """Tell the registered contact; tell anyone else nothing, not even whether the document is known
    here.
    """
    certificates = sorted(draft.snapshot.certificates, key=lambda one: one.valid_until)[:MOST_SHOWN]
    asked = draft.snapshot.slots.get("document")
    if not certificates or (asked and draft.snapshot.contact.document not in (None, asked)):
        draft.add_buttons(
            render("certificate_status.unregistered"), option_ids.HUMAN(), option_ids.MENU()
        )
        return
    today = draft.snapshot.now.date()
    lines = "\n".join(f"• {show_certificate(one, today)}" for one in certificates)
    if days_left(certificates[0], today) > RENEW_WITHIN_DAYS:
        draft.add_text("certificate_status.done", lines=lines)
        return
    draft.set_flag("offer", option_ids.RENEW().id)
    draft.add_buttons(
        render("certificate_status.renew_soon", lines=lines), option_ids.RENEW(), option_ids.MENU()
    )


CERTIFICATE_STATUS = Flow(
    FlowName.CERTIFICATE_STATUS,
    (replace(DOCUMENT, required_if=_unregistered),),
    finish,
    needs_confirmation=needs_no_yes,
)
