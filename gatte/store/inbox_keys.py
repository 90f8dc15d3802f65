"""The keys of the inbox, one a day, in the table `data_key`: which there are, and what is still
sealed under each.
"""

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, select

from gatte.extensions import db
from gatte.models import CertificateImport, DataKey, InboxMessage, KeyPurpose, WebhookEvent
from gatte.models.sealing import inbox_prefix
from gatte.store.inbox import IS_DEAD_LETTER


class SealedUnderKey(NamedTuple):
    """What is still sealed under the key of a day: messages that wait to be processed, and dead
    letters, events and files of certificates that are kept.
    """

    unprocessed: int
    kept: int


def list_days(until: date) -> list[date]:
    """The days until this one (UTC) whose keys are still there, the oldest first."""
    query = select(DataKey.day).where(DataKey.purpose == KeyPurpose.INBOX_DAY, DataKey.day <= until)
    return [day for day in db.session.scalars(query.order_by(DataKey.day)) if day is not None]


def count_sealed(day: date) -> SealedUnderKey:
    """What is sealed under the key of a day."""
    unprocessed = select(func.count()).where(
        InboxMessage.processed_at.is_(None), _is_sealed_on(day, InboxMessage.payload)
    )
    dead_letters = select(func.count()).where(
        IS_DEAD_LETTER, _is_sealed_on(day, InboxMessage.payload)
    )
    events = select(func.count()).where(_is_sealed_on(day, WebhookEvent.payload))
    files = select(func.count()).where(_is_sealed_on(day, CertificateImport.content_sealed))
    return SealedUnderKey(
        unprocessed=db.session.scalar(unprocessed) or 0,
        kept=sum(db.session.scalar(kept) or 0 for kept in (dead_letters, events, files)),
    )


def _is_sealed_on(day: date, column: Any) -> ColumnElement[bool]:  # noqa: ANN401 - of any model
    """The condition that a column holds what was sealed under the key of a day."""
    prefix = inbox_prefix(day)
    return func.substring(column, 1, len(prefix)) == prefix


def destroy(day: date) -> None:
    """Delete the key of a day: nothing that is sealed under it opens any more."""
    db.session.execute(delete(DataKey).filter_by(purpose=KeyPurpose.INBOX_DAY, day=day))
