"""Contacts in the hands of the desk: whether they get notices, and whether the bot answers them."""

from gatte.models import ConsentKind, ConsentSource, Contact
from gatte.store import audit, consents
from gatte.store import contacts as stored

DESK_TEXT = "registro da equipe 1"


def set_opted_out(
    contact: Contact, user_id: int, source: ConsentSource, *, opted_out: bool
) -> None:
    """Note that the contact told us to send no more notices, or to send them again."""
    if (contact.opted_out_at is not None) == opted_out:
        return
    if opted_out:
        stored.opt_out(contact, source, user_id)
    else:
        stored.opt_in(contact, source, user_id)
    action = "contact.opt_out" if opted_out else "contact.opt_in"
    audit.record(user_id, action, f"contact:{contact.id}")


LONGEST_NOTE = 500


def set_consent(
    contact: Contact, kind: ConsentKind, user_id: int, *, granted: bool, note: str = ""
) -> None:
    """Note that the contact told a person of the desk to send, or not to send, a kind of message;
    `note` is how.

    Whoever wanted no notices at all and allows one kind is written to again.
    """
    if granted:
        set_opted_out(contact, user_id, ConsentSource.DESK, opted_out=False)
    consents.record(
        contact.id,
        kind,
        granted=granted,
        source=ConsentSource.DESK,
        text_version=DESK_TEXT,
        user_id=user_id,
        note=note or None,
    )
    action = "consent.granted" if granted else "consent.withdrawn"
    audit.record(user_id, action, f"contact:{contact.id}", {"kind": kind.value})
