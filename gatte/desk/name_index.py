"""Letting names that were sealed before names could be searched be found too."""

from sqlalchemy import select

from gatte.extensions import db
from gatte.models import Contact, keyring

BATCH = 500


def index_batch() -> int:
    """Give the next contacts that lack them the words of their names; how many there were. The
    caller commits.
    """
    sealed = Contact.__table__.c.name_sealed
    lacking = select(Contact).where(
        sealed.is_not(None), Contact.name_words.is_(None), Contact.data_key_id.is_not(None)
    )
    contacts = db.session.scalars(
        lacking.order_by(Contact.id).limit(BATCH).with_for_update(skip_locked=True)
    ).all()
    keyring().preload({one.data_key_id for one in contacts if one.data_key_id is not None})
    for contact in contacts:
        contact.name = contact.name
    return len(contacts)
