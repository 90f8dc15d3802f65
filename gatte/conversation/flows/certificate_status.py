"""When a certificate ends: told to its registered contact, and to whoever has the code that was
sent there; everyone else is led to a person who can check.
"""

from dataclasses import replace

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import IdentitySubject, SendIdentityCode
from gatte.conversation.flows import identity
from gatte.conversation.flows.base import Flow, FlowName, Slot, needs_no_yes, never
from gatte.conversation.flows.certificates import (
    certificate_with,
    days_left,
    show_certificate,
)
from gatte.conversation.flows.common import DOCUMENT
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult
from gatte.conversation.snapshot import CertificateFacts, Snapshot
from gatte.conversation.texts import render

RENEW_WITHIN_DAYS = 60
MOST_SHOWN = 5


def _unregistered(snapshot: Snapshot) -> bool:
    return not snapshot.certificates


def _visible(snapshot: Snapshot) -> tuple[CertificateFacts, ...]:
    """What this customer may hear of: the contact's own, and those of a document whose contact it
    proved to be.
    """
    asked = snapshot.slots.get("document")
    if snapshot.certificates and (not asked or snapshot.contact.document in (None, asked)):
        return snapshot.certificates
    return tuple(one for one in snapshot.identity.certificates if one.document == asked)


def _find_certificate(text: str, snapshot: Snapshot) -> ParseResult:
    """The one of several certificates that a text names."""
    several = len(snapshot.certificates) > 1
    named = certificate_with(text, snapshot) if several else None
    return NO_MATCH if named is None else ParseResult(named.id)


def _is_of_another(snapshot: Snapshot) -> bool:
    return "document" in snapshot.slots and not _visible(snapshot)


def _asked_document(snapshot: Snapshot) -> SendIdentityCode:
    return SendIdentityCode(IdentitySubject.CERTIFICATES, snapshot.slots["document"])


def finish(draft: DecisionBuilder) -> None:
    """Tell who may hear it; tell anyone else nothing, not even whether the document is known
    here.
    """
    visible = _visible(draft.snapshot)
    named = [one for one in visible if one.id == draft.snapshot.slots.get("certificate")]
    certificates = sorted(named or visible, key=lambda one: one.valid_until)[:MOST_SHOWN]
    if not certificates:
        identity.refuse(draft)
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
    (
        replace(DOCUMENT, required_if=_unregistered, invalidates=("identity_code",)),
        Slot(
            "certificate",
            parse_answer=_find_certificate,
            extract=_find_certificate,
            required_if=never,
        ),
        identity.identity_code(_is_of_another, _asked_document),
    ),
    finish,
    needs_confirmation=needs_no_yes,
)
