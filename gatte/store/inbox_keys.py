"""The keys of the inbox, one a day, in the table `data_key`: which there are, and what is still
sealed under each.
"""

from datetime import date
from typing import NamedTuple

from sqlalchemy import delete, func, select

from gatte.extensions import db
from gatte.models import DataKey, InboxMessage, KeyPurpose, WebhookEvent
from gatte.models.sealing import inbox_prefix
from gatte.store.inbox import IS_DEAD_LETTER


class SealedUnderKey(NamedTuple):
    """What is still sealed under the key of a day: messages that wait to be processed, and dead
    letters and events that are kept.
    """

    unprocessed: int
    kept: int


def list_days(until: date) -> list[date]:
    """The days until this one (UTC) whose keys are still there, the oldest first."""
    query = select(DataKey.day).where(DataKey.purpose == KeyPurpose.INBOX_DAY, DataKey.day <= until)
    return [day for day in db.session.scalars(query.order_by(DataKey.day)) if day is not None]


def count_sealed(day: date) -> SealedUnderKey:
    """What is sealed under the key of a day."""
    prefix = inbox_prefix(day)
    begins = func.substring(InboxMessage.payload, 1, len(prefix)) == prefix
    unprocessed = select(func.count()).where(InboxMessage.processed_at.is_(None), begins)
    dead_letters = select(func.count()).where(IS_DEAD_LETTER, begins)
    event_begins = func.substring(WebhookEvent.payload, 1, len(prefix)) == prefix
    events = select(func.count()).select_from(WebhookEvent).where(event_begins)
    return SealedUnderKey(
        unprocessed=db.session.scalar(unprocessed) or 0,
        kept=(db.session.scalar(dead_letters) or 0) + (db.session.scalar(events) or 0),
    )


def destroy(day: date) -> None:
    """Delete the key of a day: nothing that is sealed under it opens any more."""
    db.session.execute(delete(DataKey).filter_by(purpose=KeyPurpose.INBOX_DAY, day=day))
