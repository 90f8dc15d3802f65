"""Finding the contact that somebody names."""

from uuid import UUID

from gatte.intake import contact_identity
from gatte.intake.contact_identity import canonical_phone
from gatte.models import IdentityKind
from gatte.store import contacts
from gatte.whatsapp.simulator import SIMULATOR_NUMBER

COUNTRY = "55"


def find_by_phone(phone: str) -> UUID | None:
    """The contact with this phone, with or without the country's code, of Meta's numbers before
    that of the simulator; None when there is none.
    """
    forms = [canonical_phone(phone), canonical_phone(COUNTRY + phone)]
    for number in ("", SIMULATOR_NUMBER):
        hashes = [contact_identity.hash_of(IdentityKind.PHONE, one, number) for one in forms]
        found = contacts.find_contact_id(hashes)
        if found is not None:
            return found
    return None
