"""Buying a certificate: product, name, CPF or CNPJ, company, e-mail."""

from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import CaptureLead
from gatte.conversation.flows.base import Flow, FlowName
from gatte.conversation.flows.common import (
    COMPANY,
    DOCUMENT,
    EMAIL,
    NAME,
    PRODUCT,
    PRODUCT_PART,
    known_person,
)


def finish(draft: DecisionBuilder) -> None:
    """Hand the lead to the desk."""
    slots = draft.snapshot.slots
    draft.add_effect(
        CaptureLead(
            name=slots["name"],
            product=slots["product"],
            document=slots.get("document") or None,
            company=slots.get("company") or None,
            email=slots.get("email") or None,
        )
    )
    draft.add_text("lead.done", first_name=slots["name"].split()[0])


LEAD = Flow(
    FlowName.LEAD,
    (PRODUCT, PRODUCT_PART, NAME, DOCUMENT, COMPANY, EMAIL),
    finish,
    prefill=known_person,
)
