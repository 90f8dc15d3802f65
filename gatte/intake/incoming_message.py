"""A message on its way from the inbox into the history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gatte.conversation.nlu import MessageKind
from gatte.models import SkipReason


@dataclass(frozen=True)
class InboxRow:
    """A row of the inbox, opened."""

    id: int
    sender_hash: bytes
    wamid_hash: bytes
    kind: str
    payload: dict[str, Any]
    request_id: str | None
    sent_at: datetime
    received_at: datetime


@dataclass
class IncomingMessage:
    """A message that is being processed, with its words as they were said; screening may set it
    aside, and have it forgotten.
    """

    id: UUID
    row: InboxRow
    kind: MessageKind
    text: str
    raw_payload: dict[str, Any]
    echo: bool
    filename: str | None = None
    mime_type: str | None = None
    skip_reason: SkipReason | None = None
    redacted: bool = False

    @property
    def at(self) -> int:
        """When it arrived, in milliseconds."""
        return round(self.row.received_at.timestamp() * 1000)
