"""What is remembered of a contact, in the hands of the desk: corrected or forgotten. Each change is
audited.
"""

from uuid import UUID

from gatte.conversation.memory_kinds import MemoryKind
from gatte.conversation.parsing.names import parse_email
from gatte.store import audit, memories

LONGEST_VALUE = 120


class StaleMemory(Exception):
    """Somebody changed the memory after the page was made."""


class BadMemory(Exception):
    """The value is empty, too long, or no e-mail where one belongs."""


def correct(contact_id: UUID, memory_id: UUID, value: str, user_id: int, version: int) -> None:
    """Put another value in place of what is remembered; NoSuchMemory, StaleMemory or BadMemory."""
    memory = memories.get_locked(memory_id, contact_id)
    if memory.version != version:
        raise StaleMemory
    words = " ".join(value.split())
    if memory.kind is MemoryKind.EMAIL:
        words = parse_email(words).value or ""
    if not words or len(words) > LONGEST_VALUE:
        raise BadMemory
    memories.correct(memory, words, user_id)
    audit.record(user_id, "memory.correct", f"contact:{contact_id}", {"kind": memory.kind.value})


def forget(contact_id: UUID, memory_id: UUID, user_id: int) -> None:
    """Forget what is remembered; NoSuchMemory."""
    memory = memories.get_locked(memory_id, contact_id)
    memories.forget(memory, user_id)
    audit.record(user_id, "memory.forget", f"contact:{contact_id}", {"kind": memory.kind.value})
