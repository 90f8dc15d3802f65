"""Renewing a certificate: which one, and who to contact; a certificate that we do not know is described by product and document."""

from dataclasses import replace

from gatte.conversation.draft import Draft
from gatte.conversation.effects import CaptureLead
from gatte.conversation.flows.base import Flow, FlowName, Slot
from gatte.conversation.flows.certificates import certificate_options, certificate_with
from gatte.conversation.flows.common import DOCUMENT, EMAIL, NAME, PRODUCT, known_person
from gatte.conversation.parsing.words import Parsed, fold
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import say

OTHER = "other"


def _parse_certificate(text: str, snapshot: Snapshot) -> Parsed:
    if text == OTHER or fold(text) in {"outro", fold(say("row.other"))}:
        return Parsed(OTHER)
    found = certificate_with(text, snapshot)
    return Parsed(found.id) if found else Parsed(problem="certificate_missing")


def _several(snapshot: Snapshot) -> bool:
    return bool(snapshot.certificates)


def _unknown_certificate(snapshot: Snapshot) -> bool:
    return snapshot.slots.get("certificate", OTHER) == OTHER


def _prefill(snapshot: Snapshot) -> dict[str, str]:
    known = known_person(snapshot)
    if len(snapshot.certificates) == 1:
        known["certificate"] = snapshot.certificates[0].id
    return known


def finish(draft: Draft) -> None:
    """Hand the renewal to the desk as a lead that knows what it renews."""
    slots = draft.now.slots
    known = next((one for one in draft.now.certificates if one.id == slots.get("certificate")), None)
    draft.do(
        CaptureLead(
            name=slots["name"],
            product=known.kind if known else slots["product"],
            document=slots.get("document") or (draft.now.contact.document if known else None),
            email=slots.get("email") or None,
            renewal_of=known.id if known else None,
        )
    )
    draft.say("renewal.done", first_name=slots["name"].split()[0])


CERTIFICATE = Slot(
    "certificate",
    parse=_parse_certificate,
    wanted=_several,
    options=lambda snapshot: certificate_options(snapshot, other=True),
    words=("certificado",),
)
RENEWAL = Flow(
    FlowName.RENEWAL,
    (
        CERTIFICATE,
        replace(PRODUCT, wanted=_unknown_certificate, words=("produto", "tipo", "modelo")),
        NAME,
        replace(DOCUMENT, wanted=_unknown_certificate),
        EMAIL,
    ),
    finish,
    prefill=_prefill,
)
