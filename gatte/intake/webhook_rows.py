"""The rows that one body of the webhook becomes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class MessageRow(NamedTuple):
    """A message of a customer, or an echo of one that a person sent from the phone."""

    phone_number_id: str
    wamid_hash: bytes
    sender_hash: bytes
    kind: str
    immediate: bool
    payload: bytes
    request_id: str | None
    sent_at: datetime


class StatusRow(NamedTuple):
    """A status of a message of ours."""

    phone_number_id: str
    wamid_hash: bytes
    outbox_id: UUID | None
    status: str
    error_code: int | None
    error_details: str | None
    billable: bool | None
    category: str | None
    at: datetime


class EventRow(NamedTuple):
    """Anything else, sealed whole."""

    field: str
    phone_number_id: str | None
    payload: bytes


@dataclass(slots=True)
class WebhookRows:
    """All rows of one body."""

    messages: list[MessageRow] = field(default_factory=list)
    statuses: list[StatusRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    request_id: str | None = None
    refused: int = 0
    """How often the database refused these rows, or a part of them."""

    def halves(self) -> "list[WebhookRows]":
        """The first and the second half of these rows, each not empty; nothing when there are fewer
        than two.
        """
        rows: list[MessageRow | StatusRow | EventRow] = [
            *self.messages,
            *self.statuses,
            *self.events,
        ]
        middle = len(rows) // 2
        return [self._only(rows[:middle]), self._only(rows[middle:])] if middle else []

    def _only(self, rows: "Sequence[MessageRow | StatusRow | EventRow]") -> "WebhookRows":
        return WebhookRows(
            [row for row in rows if isinstance(row, MessageRow)],
            [row for row in rows if isinstance(row, StatusRow)],
            [row for row in rows if isinstance(row, EventRow)],
            self.request_id,
        )

    def __len__(self) -> int:
        return len(self.messages) + len(self.statuses) + len(self.events)
