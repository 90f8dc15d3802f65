"""Leads in the hands of the desk: who follows one up, and how far the sale has come."""

from uuid import UUID

from gatte.models import Lead, LeadStage, User
from gatte.store import audit
from gatte.store.leads import get_locked, touch


class StaleLead(Exception):
    """Somebody changed the lead after the page was made."""


def change(lead_id: UUID, stage: LeadStage, owner: User | None, user_id: int, version: int) -> Lead:
    """Set how far the sale has come and who follows it up; StaleLead when that would undo what
    another did since `version`.
    """
    lead = get_locked(lead_id)
    wanted = stage, owner.id if owner else None
    if lead.version != version and (lead.stage, lead.owner_id) != wanted:
        raise StaleLead
    assign(lead_id, owner, user_id)
    return set_stage(lead_id, stage, user_id)


def assign(lead_id: UUID, owner: User | None, user_id: int) -> Lead:
    """Give a lead to a person, or to nobody."""
    lead = get_locked(lead_id)
    before = lead.owner_id
    after = owner.id if owner else None
    if before != after:
        lead.owner_id = after
        touch(lead)
        audit.record(user_id, "lead.assign", f"lead:{lead.id}", {"from": before, "to": after})
    return lead


def set_stage(lead_id: UUID, stage: LeadStage, user_id: int) -> Lead:
    """Set how far the sale has come."""
    lead = get_locked(lead_id)
    if lead.stage is not stage:
        audit.record(
            user_id, "lead.stage", f"lead:{lead.id}", {"from": lead.stage.value, "to": stage.value}
        )
        lead.stage = stage
        touch(lead)
    return lead
