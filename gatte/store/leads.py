"""The table `lead`: people who want to buy or renew a certificate."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from gatte.extensions import db
from gatte.infra.database.statement_batch import Row
from gatte.models import Certificate, Conversation, Lead, LeadStage, keyring

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


def add_renewal_lead(row: Row) -> None:
    """Store a lead for the renewal of a certificate, of which `row` has the columns, and its data
    key.
    """
    certificate_id, data_key_id = UUID(str(row.id)), UUID(str(row.data_key_id))
    keyring().cache_wrapped(data_key_id, row.master_key_id, bytes(row.wrapped_key))
    holder = Certificate.holder.decrypt(certificate_id, data_key_id, row.holder_sealed)
    document = Certificate.document.decrypt(certificate_id, data_key_id, row.document_sealed)
    db.session.add(
        Lead(
            data_key_id=data_key_id,
            contact_id=UUID(str(row.contact_id)),
            product=row.kind,
            renewal_of=str(certificate_id),
            name=holder,
            document=document,
        )
    )


def find_active_renewal(contact_id: UUID, certificate_id: str) -> Lead | None:
    """The lead for the renewal of a certificate that is still under way."""
    mine = select(Lead).where(
        Lead.contact_id == contact_id,
        Lead.renewal_of == certificate_id,
        Lead.stage.in_(ACTIVE_STAGES),
    )
    return db.session.scalar(mine.order_by(Lead.id.desc()).limit(1).with_for_update())


def complete_renewal(lead: Lead, conversation: Conversation, details: Mapping[str, Any]) -> None:
    """Add what the customer said, by column, to a renewal lead that waits for it."""
    lead.conversation_id = conversation.id
    for name, value in details.items():
        if value:
            setattr(lead, name, value)
    touch(lead)


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
    updated_since: datetime | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Lead]:
    """Leads in a stage, of a person, of a contact, changed since a time, where asked, the newest
    first (ids made later sort later); those behind `after`.
    """
    query = select(Lead)
    if stage is not None:
        query = query.where(Lead.stage == stage)
    if owner_id is not None:
        query = query.where(Lead.owner_id == owner_id)
    if contact_id is not None:
        query = query.where(Lead.contact_id == contact_id)
    if updated_since is not None:
        query = query.where(Lead.updated_at >= updated_since)
    if after is not None:
        query = query.where(Lead.id < after)
    return db.session.scalars(query.order_by(Lead.id.desc()).limit(limit)).all()


def list_of_conversation(conversation_id: UUID, limit: int) -> list[Lead]:
    """The leads that came of a conversation, the newest first."""
    query = select(Lead).where(Lead.conversation_id == conversation_id)
    return list(db.session.scalars(query.order_by(Lead.id.desc()).limit(limit)))


def list_of_contact(contact_id: UUID, limit: int) -> list[Lead]:
    """The leads of a contact in whatever stage, the newest first."""
    query = select(Lead).where(Lead.contact_id == contact_id)
    return list(db.session.scalars(query.order_by(Lead.id.desc()).limit(limit)))


def count_by_stage() -> dict[LeadStage, int]:
    """How many leads are in each stage; stages of none are left out."""
    return dict(db.session.execute(select(Lead.stage, func.count()).group_by(Lead.stage)).all())


def touch(lead: Lead) -> None:
    """Note that a person changed the lead now: forms of the version before are out of date."""
    lead.version += 1
    lead.updated_at = func.now()
