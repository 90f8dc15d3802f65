"""The person behind a contact, as an erasure looks for them: hashes, and the words by which a
stored webhook body names them.
"""

import base64
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gatte.intake import contact_identity
from gatte.intake.contact_identity import canonical_phone
from gatte.models import Contact, IdentityKind
from gatte.store import contacts
from gatte.whatsapp.simulator import SIMULATOR_NUMBER

PHONE = re.compile(r"\+?\d{8,15}")
NUMBERS = ("", SIMULATOR_NUMBER)
"""Customers of the simulator have hashes of their own."""
FRAME = {"messaging_product", "metadata", "contacts"}
"""What a change of a webhook body has beside what it tells."""
WAMID = "wamid."


@dataclass(frozen=True)
class DataSubject:
    """A person: the contact, and how it is known. `sender_hashes` are all hashes of the contact;
    `words` are the phone in its forms, and the user id.
    """

    contact_id: UUID
    data_key_id: UUID | None
    sender_hashes: frozenset[bytes]
    words: frozenset[str] = frozenset()

    def is_named_in(self, text: str) -> bool:
        """Whether a text holds a word of this person, or is a phone or user id of theirs."""
        if any(word in text or word in _decoded(text) for word in self.words):
            return True
        kind = IdentityKind.PHONE if PHONE.fullmatch(text) else IdentityKind.BSUID
        value = canonical_phone(text) if kind is IdentityKind.PHONE else text
        hashes = {contact_identity.hash_of(kind, value, number) for number in NUMBERS}
        return not hashes.isdisjoint(self.sender_hashes)


def data_subject(contact: Contact) -> DataSubject:
    """The person of a contact whose data key is still there."""
    hashes = contacts.list_identity_hashes(contact.id)
    return DataSubject(
        contact.id, contact.data_key_id, frozenset(hashes), frozenset(_words(contact))
    )


def _words(contact: Contact) -> set[str]:
    words = {contact.bsuid} if contact.bsuid else set()
    if not contact.phone:
        return words
    digits = re.sub(r"\D", "", contact.phone)
    forms = {digits, canonical_phone(digits)}
    canonical = canonical_phone(digits)
    if canonical != digits or contact_identity.BRAZILIAN_MOBILE.fullmatch(digits):
        forms.add(f"{canonical[:4]}9{canonical[4:]}")
    return words | forms


def _decoded(text: str) -> str:
    """What a wamid holds, which is base64 of bytes with the phone among them; nothing for other
    texts.
    """
    if not text.startswith(WAMID):
        return ""
    try:
        return base64.b64decode(text.removeprefix(WAMID) + "==").decode("latin-1")
    except ValueError:
        return ""


def without(payload: bytes, subject: DataSubject) -> bytes | None:
    """A webhook body, as JSON, without what it says of a person; None when nothing else is left of
    it, and the body itself when it does not name the person.
    """
    try:
        body = json.loads(payload)
    except ValueError:
        text = payload.decode(errors="replace")
        return None if any(word in text for word in subject.words) else payload
    if not _names(body, subject):
        return payload
    rest = _pruned(body, subject)
    return None if _names(rest, subject) or not _has_entries(rest) else json.dumps(rest).encode()


def _names(value: object, subject: DataSubject) -> bool:
    return any(subject.is_named_in(text) for text in _texts(value))


def _texts(value: object) -> Collection[str]:
    """All texts in a JSON value, keys left out."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return []


def _pruned(value: Any, subject: DataSubject) -> Any:  # noqa: ANN401 - JSON
    """A JSON value without the members of lists that name the person, the innermost first."""
    if isinstance(value, dict):
        return {name: _pruned(one, subject) for name, one in value.items()}
    if not isinstance(value, list):
        return value
    kept = [_pruned(one, subject) for one in value]
    return [one for one in kept if not _names(one, subject)]


def _has_entries(body: object) -> bool:
    """Whether a body still tells of anything: a message, a status, or another change."""
    if not isinstance(body, dict) or not isinstance(body.get("entry"), list):
        return bool(body)
    changes = [change for entry in body["entry"] for change in entry.get("changes", [])]
    told = [change["value"] for change in changes if isinstance(change.get("value"), dict)]
    return any({name for name, part in one.items() if part} - FRAME for one in told)
