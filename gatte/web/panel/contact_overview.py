"""What an agent sees of a contact beside its conversation, and can open to change: certificates,
what it allows the company to send, and what the bot remembers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from gatte.models import Certificate, Consent, ConsentKind, ContactMemory
from gatte.store import certificates, consents, memories
from gatte.web.panel import labels
from gatte.web.panel.certificates import local_today

UNTOLD = {
    ConsentKind.SERVICE: "ainda não disse; lembretes do que é dele saem",
    ConsentKind.MARKETING: "não pediu; ofertas não saem",
}
"""What holds for a contact that has said nothing."""


@dataclass(frozen=True)
class ContactOverview:
    """Certificates (the first to end on top), memories, and each kind of notice with what the
    contact says of it, in words.
    """

    certificates: list[Certificate]
    memories: Sequence[ContactMemory]
    consents: list[tuple[str, str]]
    today: date


def load_overview(contact_id: UUID) -> ContactOverview:
    """The overview of a contact; one that was erased has an empty one."""
    newest = newest_choices(consents.list_of_contact(contact_id))
    return ContactOverview(
        certificates=certificates.list_of_contact(contact_id),
        memories=memories.list_of_contact(contact_id),
        consents=[(labels.label(kind), consent_in_words(kind, newest)) for kind in ConsentKind],
        today=local_today(),
    )


def newest_choices(rows: Sequence[Consent]) -> dict[ConsentKind, bool]:
    """Whether a contact allows each kind of notice that it spoke of, from its rows, the newest
    first.
    """
    return {row.kind: row.granted for row in reversed(rows)}


def consent_in_words(kind: ConsentKind, newest: dict[ConsentKind, bool]) -> str:
    """What a contact said of a kind of notice, or what holds while it has said nothing."""
    if kind not in newest:
        return UNTOLD[kind]
    return "aceita" if newest[kind] else "não quer"
