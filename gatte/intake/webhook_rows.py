"""The rows that one body of the webhook becomes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gatte.store.inbox import EventRow, MessageRow
from gatte.store.status_events import StatusRow


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
