"""Who wrote: contacts are found by keyed hashes of phone (both ninth-digit forms are one) and
business-scoped user id.

Customers of the simulator are hashed apart, so that whatever one of them claims to be never leads
to the contact of a real person.
"""

import re
from uuid import uuid4

from gatte.models import Contact, ContactIdentity, IdentityKind, keyring
from gatte.models.sealing import LookupHasher
from gatte.store import contacts
from gatte.whatsapp.events import Sender
from gatte.whatsapp.simulator import SIMULATOR_NUMBER

COUNTRY = "55"
BRAZILIAN_MOBILE = re.compile(r"(55)([1-9]\d)9?([6-9]\d{7})")


def canonical_phone(phone: str) -> str:
    """A phone as digits only; a Brazilian mobile without its ninth digit, since Meta sends either
    form of the same number.
    """
    digits = re.sub(r"\D", "", phone)
    match = BRAZILIAN_MOBILE.fullmatch(digits)
    return "".join(match.groups()) if match else digits


def hash_of(
    kind: IdentityKind, value: str, phone_number_id: str, keys: LookupHasher | None = None
) -> bytes:
    """The hash by which a person is found who writes to this number of the company."""
    simulated = phone_number_id == SIMULATOR_NUMBER
    named = f"simulated {kind.value}" if simulated else kind.value
    return (keys or keyring()).lookup_hash(named, value)


def identity_hashes(
    sender: Sender, phone_number_id: str = "", keys: LookupHasher | None = None
) -> list[tuple[IdentityKind, bytes]]:
    """The hashes by which a sender can be found, the surest first."""
    phone = canonical_phone(sender.phone) if sender.phone else None
    known = [(IdentityKind.BSUID, sender.bsuid), (IdentityKind.PHONE, phone)]
    return [(kind, hash_of(kind, value, phone_number_id, keys)) for kind, value in known if value]


def sender_hash(
    sender: Sender, keys: LookupHasher | None = None, phone_number_id: str = ""
) -> bytes:
    """The hash that orders a sender's messages in the inbox: the first of its identities."""
    if sender.bsuid:
        return hash_of(IdentityKind.BSUID, sender.bsuid, phone_number_id, keys)
    phone = canonical_phone(sender.phone or "")
    return hash_of(IdentityKind.PHONE, phone, phone_number_id, keys)


def search_hashes(number: str) -> list[bytes]:
    """The hashes that a number may lead to a person by: as a phone, with or without the country's
    code, and as a document. Customers of the simulator are not found.
    """
    phones = {canonical_phone(number), canonical_phone(COUNTRY + number)}
    known = [(IdentityKind.PHONE, phone) for phone in phones] + [(IdentityKind.DOCUMENT, number)]
    return [keyring().lookup_hash(kind, value) for kind, value in known]


def short_hash(wamid_hash: bytes) -> str:
    """How log lines name a message: the beginning of the keyed hash of its wamid, which the tables
    hold whole.
    """
    return wamid_hash[:12].hex()


def new_correlation_id() -> str:
    """The id that all log lines about one conversation carry: random, so that it tells nothing of
    who writes.
    """
    return uuid4().hex


def find_or_create_contact(sender: Sender, phone_number_id: str = "") -> Contact:
    """The contact of a sender, with all it is known by now; a new one when nothing was known."""
    hashes = identity_hashes(sender, phone_number_id)
    contact = _find(hashes) or contacts.create_contact()
    contacts.link_identities(contact, hashes)
    _refresh(contact, sender)
    return contact


def _find(hashes: list[tuple[IdentityKind, bytes]]) -> Contact | None:
    for kind, hashed in hashes:
        found = contacts.find_identity(kind, hashed)
        if found is not None and not _phone_of_another_person(found, hashes):
            return found.contact
    return None


def _phone_of_another_person(
    found: ContactIdentity, hashes: list[tuple[IdentityKind, bytes]]
) -> bool:
    """A phone whose contact has a different user id was given to somebody else: numbers are used
    again.
    """
    if found.kind is not IdentityKind.PHONE or hashes[0][0] is not IdentityKind.BSUID:
        return False
    known = {
        identity.hash
        for identity in found.contact.identities
        if identity.kind is IdentityKind.BSUID
    }
    return bool(known) and hashes[0][1] not in known


def _refresh(contact: Contact, sender: Sender) -> None:
    if sender.phone and contact.phone != sender.phone:
        contact.phone = sender.phone
    if sender.bsuid and contact.bsuid != sender.bsuid:
        contact.bsuid = sender.bsuid
    if sender.name and contact.name is None:
        contact.name = sender.name
