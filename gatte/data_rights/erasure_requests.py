"""Erasures that customers asked for in the conversation: each is a ticket, which people carry out
or, where `GATTE_ERASURE_POLICY` says so, the clock.
"""

from datetime import timedelta
from uuid import UUID

import structlog

from gatte import services
from gatte.settings import ErasurePolicy
from gatte.store import tickets

log = structlog.get_logger(__name__)


def automatic_delay() -> timedelta | None:
    """After how long a confirmed request is carried out by itself; None when people do it."""
    settings = services.settings()
    if settings.gatte_erasure_policy is not ErasurePolicy.AUTOMATIC:
        return None
    return timedelta(hours=settings.gatte_erasure_delay_hours)


def list_due() -> list[UUID]:
    """The contacts who are to be erased by now, those who waited longest first."""
    return tickets.list_erasures_due()


def leave_to_people(contact_id: UUID) -> None:
    """Let nobody be erased by the clock who is under a legal hold: the ticket stays, for people."""
    tickets.cancel_erasures(contact_id)
    log.warning("erasure_left_to_people", contact_id=str(contact_id), why="legal hold")
