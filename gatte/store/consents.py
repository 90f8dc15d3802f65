"""The table `consent`: what contacts allowed and forbade. Of a contact and a kind the newest row
holds; nothing is changed or taken away.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from gatte.extensions import db
from gatte.models import Consent, ConsentKind, ConsentSource, Contact, Conversation, Outbox

META_STOP_TEXT = "meta:marketing_messages"
"""The words are Meta's own, in its settings of the chat."""
MOST_LISTED = 20
# Of a contact `c`: what it last said of a kind; null when it said nothing.
NEWEST = """(
    SELECT s.granted FROM consent s
    WHERE s.contact_id = c.contact_id AND s.kind = '{kind}'
    ORDER BY s.id DESC LIMIT 1)"""
SERVICE_NOT_REFUSED = f"{NEWEST.format(kind=ConsentKind.SERVICE)} IS DISTINCT FROM FALSE"
MARKETING_GRANTED = f"{NEWEST.format(kind=ConsentKind.MARKETING)} IS TRUE"


def record(
    contact_id: UUID,
    kind: ConsentKind,
    *,
    granted: bool,
    source: ConsentSource,
    text_version: str,
    user_id: int | None = None,
    note: str | None = None,
) -> None:
    """Note what a contact allowed or forbade, unless that is what holds already."""
    if find_granted(contact_id, kind) is granted:
        return
    contact = db.session.get_one(Contact, contact_id)
    db.session.add(
        Consent(
            contact_id=contact_id,
            data_key_id=contact.data_key_id,
            kind=kind,
            granted=granted,
            source=source,
            text_version=text_version,
            user_id=user_id,
            note=note,
        )
    )
    db.session.flush()


def find_granted(contact_id: UUID, kind: ConsentKind) -> bool | None:
    """Whether a contact allowed a kind of message; None when it said nothing."""
    mine = select(Consent.granted).where(Consent.contact_id == contact_id, Consent.kind == kind)
    return db.session.scalar(mine.order_by(Consent.id.desc()).limit(1))


def list_of_contact(contact_id: UUID) -> Sequence[Consent]:
    """What a contact allowed and forbade, the newest first."""
    mine = select(Consent).where(Consent.contact_id == contact_id)
    return db.session.scalars(mine.order_by(Consent.id.desc()).limit(MOST_LISTED)).all()


def record_marketing_choice(contact_id: UUID, *, granted: bool) -> None:
    """Note what Meta tells of a contact's choice on marketing messages."""
    record(
        contact_id,
        ConsentKind.MARKETING,
        granted=granted,
        source=ConsentSource.META,
        text_version=META_STOP_TEXT,
    )


def record_marketing_stop_of(outbox_id: UUID) -> None:
    """Note that Meta refused a message since its contact stopped marketing messages (131050)."""
    found = (
        select(Contact.id)
        .join(Conversation, Conversation.contact_id == Contact.id)
        .join(Outbox, Outbox.conversation_id == Conversation.id)
        .where(Outbox.id == outbox_id)
    )
    contact_id = db.session.scalar(found)
    if contact_id is not None:
        record_marketing_choice(contact_id, granted=False)
