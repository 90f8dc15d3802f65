"""Leads in the hands of the desk: who follows one up, and how far the sale has come."""

from uuid import UUID

from sqlalchemy import func, select

from gatte.desk import audit
from gatte.extensions import db
from gatte.models import Lead, LeadStage, User


class NoSuchLead(Exception):
    """There is no lead with this id."""


def get_lead(lead_id: UUID) -> Lead:
    """A lead, locked until the transaction ends; NoSuchLead when there is none."""
    lead: Lead | None = db.session.scalar(select(Lead).where(Lead.id == lead_id).with_for_update(of=Lead))
    if lead is None:
        raise NoSuchLead(str(lead_id))
    return lead


def assign(lead_id: UUID, owner: User | None, user_id: int) -> Lead:
    """Give a lead to a person, or to nobody."""
    lead = get_lead(lead_id)
    before, after = lead.owner_id, owner.id if owner else None
    if before != after:
        lead.owner_id, lead.updated_at = after, func.now()
        audit.record(user_id, "lead.assign", f"lead:{lead.id}", {"from": before, "to": after})
    return lead


def move(lead_id: UUID, stage: LeadStage, user_id: int) -> Lead:
    """Set how far the sale has come."""
    lead = get_lead(lead_id)
    if lead.stage is not stage:
        audit.record(user_id, "lead.stage", f"lead:{lead.id}", {"from": lead.stage.value, "to": stage.value})
        lead.stage, lead.updated_at = stage, func.now()
    return lead
