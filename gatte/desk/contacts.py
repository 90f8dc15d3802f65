"""Contacts in the hands of the desk: whether they get notices, and whether the bot answers them."""

from gatte.models import Contact
from gatte.store import audit
from gatte.store import contacts as stored


def set_opted_out(contact: Contact, user_id: int, *, opted_out: bool) -> None:
    """Note that the contact told us to send no more notices, or to send them again."""
    if (contact.opted_out_at is not None) == opted_out:
        return
    if opted_out:
        stored.opt_out(contact)
    else:
        stored.opt_in(contact)
    action = "contact.opt_out" if opted_out else "contact.opt_in"
    audit.record(user_id, action, f"contact:{contact.id}")
