"""Whom the company may write to without having been asked, in SQL, and where: a fragment that
several statements share, of which `c` is any row with a contact_id and `p` its contact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from gatte.extensions import db
from gatte.models import Conversation
from gatte.store.consents import MARKETING_GRANTED, SERVICE_NOT_REFUSED
from gatte.whatsapp.simulator import SIMULATOR_NUMBER

QUIET_MINUTES = 15
"""Nobody is reminded while they are in a conversation with us."""
REUSED_DAYS = 60
"""A closed conversation this young takes further notices; an older one gives way to a new one."""
# Of a row `c` with a contact_id: whether the company may and can write to the contact now.
REACHABLE = f"""
    p.opted_out_at IS NULL
    AND p.erased_at IS NULL
    AND (p.phone_sealed IS NOT NULL OR p.bsuid_sealed IS NOT NULL)
    AND {SERVICE_NOT_REFUSED}
    AND (%(is_marketing)s::boolean IS FALSE OR {MARKETING_GRANTED})
    AND NOT EXISTS (
        SELECT FROM conversation o
        WHERE o.contact_id = c.contact_id
            AND o.closed_at IS NULL
            AND (
                o.owner = 'human'
                OR o.last_activity_at
                    > %(now)s::timestamptz - interval '{QUIET_MINUTES} minutes'))
    AND (%(number)s::text = '{SIMULATOR_NUMBER}' OR NOT EXISTS (
        SELECT FROM conversation o
        WHERE o.contact_id = c.contact_id AND o.phone_number_id = '{SIMULATOR_NUMBER}'))
"""  # noqa: S608 - our own words only
# Which conversation of a contact `c` takes a notice: an open one, or a closed one that is young.
CONVERSATION = f"""
    LEFT JOIN LATERAL (
        SELECT o.id, o.owner_version, o.closed_at
        FROM conversation o
        WHERE o.contact_id = c.contact_id
            AND o.phone_number_id = %(number)s::text
            AND (
                o.closed_at IS NULL
                OR o.closed_at > %(now)s::timestamptz - interval '{REUSED_DAYS} days')
        ORDER BY o.closed_at IS NULL DESC, o.opened_at DESC, o.id DESC
        LIMIT 1
    ) v ON TRUE
"""  # noqa: S608 - our own words only


@dataclass(frozen=True)
class Audience:
    """From which number and when contacts are written to, and whether by a template that Meta takes
    for marketing, which only who allowed it gets.
    """

    phone_number_id: str
    now: datetime
    is_marketing: bool

    @property
    def values(self) -> Mapping[str, Any]:
        """What `REACHABLE` and `CONVERSATION` ask for."""
        return {
            "number": self.phone_number_id,
            "now": self.now,
            "is_marketing": self.is_marketing,
        }


def find_conversation(contact_id: UUID, phone_number_id: str) -> Conversation | None:
    """The conversation of a contact that takes a message which nobody asked for, locked until the
    transaction ends: an open one, or a closed one that is young; None when there is neither.
    """
    youngest = func.clock_timestamp() - timedelta(days=REUSED_DAYS)
    found = select(Conversation).where(
        Conversation.contact_id == contact_id,
        Conversation.phone_number_id == phone_number_id,
        Conversation.data_key_id.is_not(None),
        or_(Conversation.closed_at.is_(None), Conversation.closed_at > youngest),
    )
    open_first = found.order_by(
        Conversation.closed_at.is_(None).desc(),
        Conversation.opened_at.desc(),
        Conversation.id.desc(),
    )
    locked = open_first.limit(1).with_for_update(of=Conversation)
    return db.session.scalar(locked.execution_options(populate_existing=True))
