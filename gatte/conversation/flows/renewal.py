"""Renewing a certificate: which one, and who to contact; a certificate that we do not know is
described by product and document.
"""

from dataclasses import replace

from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import CaptureLead
from gatte.conversation.flows.base import Flow, FlowName, Slot
from gatte.conversation.flows.certificates import certificate_options, certificate_with
from gatte.conversation.flows.common import (
    DOCUMENT,
    EMAIL,
    NAME,
    PRODUCT,
    PRODUCT_PART,
    known_person,
)
from gatte.conversation.parsing.normalize import ParseResult, normalize_text
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import render

OTHER = "other"


def _parse_certificate(text: str, snapshot: Snapshot) -> ParseResult:
    if text == OTHER or normalize_text(text) in {"outro", normalize_text(render("row.other"))}:
        return ParseResult(OTHER)
    found = certificate_with(text, snapshot)
    return ParseResult(found.id) if found else ParseResult(problem="certificate_missing")


def _several(snapshot: Snapshot) -> bool:
    return bool(snapshot.certificates)


def _unknown_certificate(snapshot: Snapshot) -> bool:
    return snapshot.slots.get("certificate", OTHER) == OTHER


def _prefill(snapshot: Snapshot) -> dict[str, str]:
    known = known_person(snapshot)
    reminded = [one for one in snapshot.certificates if one.reminded]
    for meant in (snapshot.certificates, reminded):
        if len(meant) == 1:
            known["certificate"] = meant[0].id
    return known


def finish(draft: DecisionBuilder) -> None:
    """Hand the renewal to the desk as a lead that knows what it renews."""
    slots = draft.snapshot.slots
    chosen = slots.get("certificate")
    known = next((one for one in draft.snapshot.certificates if one.id == chosen), None)
    document_on_file = draft.snapshot.contact.document if known else None
    draft.add_effect(
        CaptureLead(
            name=slots["name"],
            product=known.kind if known else slots["product"],
            document=slots.get("document") or document_on_file,
            email=slots.get("email") or None,
            renewal_of=known.id if known else None,
        )
    )
    draft.add_text("renewal.done", first_name=slots["name"].split()[0])


CERTIFICATE = Slot(
    "certificate",
    parse_answer=_parse_certificate,
    required_if=_several,
    options=lambda snapshot: certificate_options(snapshot, other=True),
    synonyms=("certificado",),
)
RENEWAL = Flow(
    FlowName.RENEWAL,
    (
        CERTIFICATE,
        replace(PRODUCT, required_if=_unknown_certificate, synonyms=("produto", "tipo", "modelo")),
        PRODUCT_PART,
        NAME,
        replace(DOCUMENT, required_if=_unknown_certificate),
        EMAIL,
    ),
    finish,
    prefill=_prefill,
)
