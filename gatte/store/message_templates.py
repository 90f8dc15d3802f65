"""The tables `message_template` and `template_purpose`: what Meta approved, and what it is used
for.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from gatte.extensions import db
from gatte.models import MessageTemplate, NoticePurpose, TemplatePurpose, TemplateState
from gatte.models.columns import new_uuid7
from gatte.whatsapp.template_list import ListedTemplate

SYNC_LOCK = 7_011  # one process syncs at a time


def lock_sync() -> None:
    """Let nobody else sync templates until the transaction ends."""
    db.session.execute(select(func.pg_advisory_xact_lock(SYNC_LOCK)))


def upsert(business_account_id: str, listed: ListedTemplate, synced_at: datetime) -> None:
    """Store a template as Meta lists it now."""
    content = {
        "category": listed.category,
        "state": listed.state,
        "body": listed.body,
        "variables": list(listed.variables),
        "buttons": list(listed.buttons),
        "synced_at": synced_at,
    }
    name = {
        "business_account_id": business_account_id,
        "name": listed.name,
        "language": listed.language,
    }
    statement = insert(MessageTemplate).values(id=new_uuid7(), **name, **content)
    db.session.execute(
        statement.on_conflict_do_update(constraint="uq_message_template_name", set_=content)
    )


def mark_deleted_before(business_account_id: str, synced_at: datetime) -> int:
    """Mark the templates of an account that a sync did not meet as deleted; how many that were."""
    gone = update(MessageTemplate).where(
        MessageTemplate.business_account_id == business_account_id,
        MessageTemplate.synced_at < synced_at,
        MessageTemplate.state != TemplateState.DELETED,
    )
    marked = gone.values(state=TemplateState.DELETED).returning(MessageTemplate.id)
    found = db.session.scalars(marked.execution_options(synchronize_session=False)).all()
    return len(found)


def list_templates(business_account_id: str) -> Sequence[MessageTemplate]:
    """The templates of an account by name and language, as they are now."""
    mine = select(MessageTemplate).filter_by(business_account_id=business_account_id)
    in_order = mine.order_by(MessageTemplate.name, MessageTemplate.language, MessageTemplate.id)
    return db.session.scalars(in_order.execution_options(populate_existing=True)).all()


def find_template(business_account_id: str, name: str, language: str) -> MessageTemplate | None:
    """The template of this name in this language."""
    named = select(MessageTemplate).filter_by(
        business_account_id=business_account_id, name=name, language=language
    )
    return db.session.scalar(named.execution_options(populate_existing=True))


def find_of_purpose(purpose: NoticePurpose, business_account_id: str) -> MessageTemplate | None:
    """The template that serves a purpose, of this account."""
    serving = (
        select(MessageTemplate)
        .join(TemplatePurpose, TemplatePurpose.template_id == MessageTemplate.id)
        .where(
            TemplatePurpose.purpose == purpose,
            MessageTemplate.business_account_id == business_account_id,
        )
    )
    return db.session.scalar(serving.execution_options(populate_existing=True))


def list_purposes() -> dict[NoticePurpose, MessageTemplate]:
    """The templates that serve purposes, of whatever account."""
    query = select(TemplatePurpose).options(joinedload(TemplatePurpose.template))
    rows = db.session.scalars(query.order_by(TemplatePurpose.purpose)).all()
    return {row.purpose: row.template for row in rows}


def assign(purpose: NoticePurpose, template_id: UUID) -> None:
    """Let a template serve a purpose, in place of any other."""
    row = {"purpose": purpose, "template_id": template_id}
    changed = {"template_id": template_id, "updated_at": func.now()}
    statement = insert(TemplatePurpose).values(**row)
    db.session.execute(statement.on_conflict_do_update(index_elements=["purpose"], set_=changed))
