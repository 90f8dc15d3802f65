"""The table `certificate`: digital certificates that were issued to contacts."""

from uuid import UUID

from sqlalchemy import select

from gatte.extensions import db
from gatte.models import Certificate


def list_of_contact(contact_id: UUID) -> list[Certificate]:
    """The certificates of a contact, the one that ends first before the others."""
    mine = select(Certificate).filter_by(contact_id=contact_id)
    return list(db.session.scalars(mine.order_by(Certificate.valid_until, Certificate.id)))
