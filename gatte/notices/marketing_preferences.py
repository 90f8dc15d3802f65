"""What customers choose in WhatsApp itself on marketing messages: Meta's webhook
`user_preferences`, carried out once each.

Shape: value.user_preferences[] with wa_id, user_id, category "marketing_messages", value stop or
resume, timestamp.
"""

import json
from typing import Any

import structlog

from gatte.intake import contact_identity, receive
from gatte.privacy.crypto import DecryptionFailed
from gatte.store import consents, contacts, webhook_events
from gatte.whatsapp.events import Sender
from gatte.whatsapp.lenient_json import as_dict, identifier, listed, phone

log = structlog.get_logger(__name__)

MARKETING = "marketing_messages"
GRANTED = {"stop": False, "resume": True}
AT_ONCE = 200


def apply_waiting() -> int:
    """Carry out some of the events that wait, in their order; how many were looked at. The caller
    commits.
    """
    events = webhook_events.lock_preferences(AT_ONCE)
    for event in events:
        for choice in _choices(event.payload):
            _apply(choice, event.phone_number_id or "")
        webhook_events.mark_handled(event)
    return len(events)


def _choices(sealed: bytes) -> list[dict[str, Any]]:
    """The choices that an event holds; none when it cannot be read (any more)."""
    try:
        value = as_dict(json.loads(receive.open_event(sealed)))
    except (DecryptionFailed, ValueError, RecursionError):
        log.warning("user_preferences_unreadable")
        return []
    choices = [as_dict(one) for one in listed(value.get("user_preferences"))]
    return [one for one in choices if one.get("category") == MARKETING]


def _apply(choice: dict[str, Any], phone_number_id: str) -> None:
    granted = GRANTED.get(str(choice.get("value")))
    sender = Sender(phone(choice.get("wa_id")), identifier(choice.get("user_id")))
    if granted is None or not (sender.phone or sender.bsuid):
        return
    hashes = contact_identity.identity_hashes(sender, phone_number_id)
    contact_id = contacts.find_contact_id([hashed for _, hashed in hashes])
    if contact_id is None:
        return
    consents.record_marketing_choice(contact_id, granted=granted)
    log.info("marketing_choice_applied", contact_id=str(contact_id), granted=granted)
