"""Leads in the hands of the desk: who follows one up, and how far the sale has come."""

from uuid import UUID

from sqlalchemy import func, select

from gatte.desk import audit
from gatte.extensions import db
from gatte.models import Lead, LeadStage, User


class NoSuchLead(Exception):
    """There is no lead with this id."""


class StaleLead(Exception):
    """Somebody changed the lead after the page was made."""


def get_lead(lead_id: UUID) -> Lead:
    """A lead, locked until the transaction ends; NoSuchLead when there is none."""
    locked = select(Lead).where(Lead.id == lead_id).with_for_update(of=Lead)
    lead: Lead | None = db.session.scalar(locked.execution_options(populate_existing=True))
    if lead is None:
        raise NoSuchLead(str(lead_id))
    return lead


def change(lead_id: UUID, stage: LeadStage, owner: User | None, user_id: int, version: int) -> Lead:
    """Set how far the sale has come and who follows it up; StaleLead when that would undo what
    another did since `version`.
    """
    lead = get_lead(lead_id)
    wanted = stage, owner.id if owner else None
    if lead.version != version and (lead.stage, lead.owner_id) != wanted:
        raise StaleLead
    assign(lead_id, owner, user_id)
    return set_stage(lead_id, stage, user_id)


def assign(lead_id: UUID, owner: User | None, user_id: int) -> Lead:
    """Give a lead to a person, or to nobody."""
    lead = get_lead(lead_id)
    before = lead.owner_id
    after = owner.id if owner else None
    if before != after:
        lead.owner_id = after
        _touch(lead)
        audit.record(user_id, "lead.assign", f"lead:{lead.id}", {"from": before, "to": after})
    return lead


def set_stage(lead_id: UUID, stage: LeadStage, user_id: int) -> Lead:
    """Set how far the sale has come."""
    lead = get_lead(lead_id)
    if lead.stage is not stage:
        audit.record(
            user_id, "lead.stage", f"lead:{lead.id}", {"from": lead.stage.value, "to": stage.value}
        )
        lead.stage = stage
        _touch(lead)
    return lead


def _touch(lead: Lead) -> None:
    lead.version += 1
    lead.updated_at = func.now()
