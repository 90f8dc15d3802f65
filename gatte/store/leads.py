"""The table `lead`: people who want to buy or renew a certificate."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from gatte.extensions import db
from gatte.models import Conversation, Lead, LeadStage

ACTIVE_STAGES = (LeadStage.NEW, LeadStage.CONTACTED, LeadStage.QUOTED)


class NoSuchLead(Exception):
    """There is no lead with this id."""


def add_lead(conversation: Conversation, **values: Any) -> None:  # noqa: ANN401 - columns by name
    """Store a lead that came of a conversation."""
    db.session.add(
        Lead(
            data_key_id=conversation.data_key_id,
            contact_id=conversation.contact_id,
            conversation_id=conversation.id,
            **values,
        )
    )


def get_locked(lead_id: UUID) -> Lead:
    """A lead, locked until the transaction ends; NoSuchLead when there is none."""
    locked = select(Lead).where(Lead.id == lead_id).with_for_update(of=Lead)
    lead: Lead | None = db.session.scalar(locked.execution_options(populate_existing=True))
    if lead is None:
        raise NoSuchLead(str(lead_id))
    return lead


def find_with_people(lead_id: UUID) -> Lead | None:
    """A lead with its contact and its owner."""
    query = select(Lead).where(Lead.id == lead_id)
    return db.session.scalar(query.options(joinedload(Lead.contact), joinedload(Lead.owner)))


def list_in_stages(stages: Sequence[LeadStage], after: UUID | None, limit: int) -> Sequence[Lead]:
    """Leads in these stages, the newest first (ids made later sort later); those behind `after`."""
    query = (
        select(Lead)
        .where(Lead.stage.in_(stages))
        .options(joinedload(Lead.contact), joinedload(Lead.owner))
    )
    if after is not None:
        query = query.where(Lead.id < after)
    return db.session.scalars(query.order_by(Lead.id.desc()).limit(limit)).all()


def list_page(
    *,
    stage: LeadStage | None,
    owner_id: int | None,
    contact_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Lead]:
    """Leads in a stage, of a person, of a contact, where asked, the newest first (ids made later
    sort later); those behind `after`.
    """
    query = select(Lead)
    if stage is not None:
        query = query.where(Lead.stage == stage)
    if owner_id is not None:
        query = query.where(Lead.owner_id == owner_id)
    if contact_id is not None:
        query = query.where(Lead.contact_id == contact_id)
    if after is not None:
        query = query.where(Lead.id < after)
    return db.session.scalars(query.order_by(Lead.id.desc()).limit(limit)).all()


def list_of_conversation(conversation_id: UUID, limit: int) -> list[Lead]:
    """The leads that came of a conversation, the newest first."""
    query = select(Lead).where(Lead.conversation_id == conversation_id)
    return list(db.session.scalars(query.order_by(Lead.id.desc()).limit(limit)))


def count_by_stage() -> dict[LeadStage, int]:
    """How many leads are in each stage; stages of none are left out."""
    return dict(db.session.execute(select(Lead.stage, func.count()).group_by(Lead.stage)).all())


def touch(lead: Lead) -> None:
    """Note that a person changed the lead now: forms of the version before are out of date."""
    lead.version += 1
    lead.updated_at = func.now()
