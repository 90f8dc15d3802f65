"""Renewing a certificate: which one, and who to contact; a certificate that we do not know is
described by product and document.
"""

import re
from dataclasses import replace

from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import CaptureLead
from gatte.conversation.flows.base import Flow, FlowName, Slot
from gatte.conversation.flows.certificates import (
    certificate_options,
    certificate_with,
    chosen_certificate,
    show_validity,
)
from gatte.conversation.flows.common import (
    DOCUMENT,
    EMAIL,
    NAME,
    PART,
    PRODUCT,
    PRODUCT_PART,
    known_person,
)
from gatte.conversation.parsing.normalize import ParseResult, normalize_text
from gatte.conversation.parsing.products import ProductParts, find_parts, parts_of
from gatte.conversation.snapshot import CertificateFacts, Snapshot
from gatte.conversation.texts import render

OTHER = "other"
OF_SOMEBODY_ELSE = re.compile(
    r"\bd(?:[ao]|e uma?) (?:meu |minha |nosso |nossa |seu |outr[ao] |um |uma )?"
    r"(?:marido|espos[ao]|mulher|namorad[ao]|noiv[ao]|mae|pai|filh[ao]|irma|irmao|sogr[ao]|cunhad[ao]"
    r"|ti[ao]|prim[ao]|avo|net[ao]|soci[ao]|chefe|patrao|patroa|cliente|amig[ao]|vizinh[ao]"
    r"|colega|funcionari[ao]|outra pessoa|outra empresa)\b"
)
"""Whose certificate it is, where that need not be the contact's own."""


def _parse_certificate(text: str, snapshot: Snapshot) -> ParseResult:
    if text == OTHER or normalize_text(text) in {"outro", normalize_text(render("row.other"))}:
        return ParseResult(OTHER)
    found = certificate_with(text, snapshot)
    return ParseResult(found.id) if found else ParseResult(problem="certificate_missing")


def _several(snapshot: Snapshot) -> bool:
    return bool(snapshot.certificates)


def _unknown_certificate(snapshot: Snapshot) -> bool:
    return snapshot.slots.get("certificate", OTHER) == OTHER


def _prefill(snapshot: Snapshot, text: str) -> dict[str, str]:
    known = known_person(snapshot)
    certificate = _meant(snapshot, text)
    return {**known, "certificate": certificate} if certificate else known


def _meant(snapshot: Snapshot, text: str) -> str:
    """The certificate that a wish means: the one that it names, else the only one or the one that
    the contact was reminded of; empty where that must be asked.
    """
    certificates = snapshot.certificates
    if not certificates:
        return ""
    wanted = find_parts(text)
    named = [one for one in certificates if not _of_other_kind(one, wanted)]
    if not named:
        return OTHER
    if OF_SOMEBODY_ELSE.search(normalize_text(text)):
        return ""
    by_words = certificate_with(text, snapshot)
    if by_words is not None and len(certificates) > 1:
        return by_words.id
    reminded = [one for one in named if one.reminded]
    only = next((group for group in (named, reminded) if len(group) == 1), None)
    return only[0].id if only else ""


def _of_other_kind(certificate: CertificateFacts, wanted: ProductParts) -> bool:
    """Whether words speak of a person's certificate and this is a company's, or the other way
    round; one for invoices is a company's too.
    """
    is_personal = parts_of(certificate.kind).kind == "e-CPF"
    return bool(wanted.kind) and is_personal != (wanted.kind == "e-CPF")


def _settle(draft: DecisionBuilder) -> bool:
    """Make of certificate and product one wish: a product that is the known one again says
    nothing, another model of it is what is wanted now, and one of another kind is another
    certificate.
    """
    known = chosen_certificate(draft.snapshot)
    if known is None:
        return True
    slots = draft.snapshot.slots
    said = parts_of(slots.get("product") or slots.get(PART, ""))
    if _of_other_kind(known, said):
        draft.set_slots({"certificate": OTHER})
        return True
    wanted = said.with_known(parts_of(known.kind))
    draft.clear_slots("product", PART)
    if wanted.name != known.kind and said.model:
        draft.set_slots({"product": wanted.name})
    return True


def _open_key(snapshot: Snapshot) -> str:
    if chosen_certificate(snapshot) is not None:
        return "renewal.open_known"
    is_other = snapshot.slots.get("certificate") == OTHER
    return "renewal.open_other" if is_other else ""


def _values(snapshot: Snapshot) -> dict[str, str]:
    known = chosen_certificate(snapshot)
    return {"value": show_validity(known, snapshot.now.date())} if known else {}


def finish(draft: DecisionBuilder) -> None:
    """Hand the renewal to the desk as a lead that knows what it renews."""
    slots = draft.snapshot.slots
    known = chosen_certificate(draft.snapshot)
    document_on_file = draft.snapshot.contact.document if known else None
    kind = known.kind if known else ""
    draft.add_effect(
        CaptureLead(
            name=slots["name"],
            product=slots.get("product") or kind,
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
    settle=_settle,
    summary_values=_values,
    open_key=_open_key,
)
