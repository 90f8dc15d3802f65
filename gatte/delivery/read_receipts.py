"""Blue ticks and "typing…": a courtesy beside the turn, which neither waits for it nor fails with
it.
"""

import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from gatte.delivery import client_for, number_pause
from gatte.observability import metrics
from gatte.observability.metric_labels import ReadReceiptOutcome
from gatte.whatsapp.channel import Channel, SendFailed

log = structlog.get_logger(__name__)

MAX_CONCURRENT = 8
MAX_PENDING = 100
MAX_AGE_SECONDS = (
    5.0  # later the answer is there, or nearly; "typing…" after it would promise another
)


@dataclass(frozen=True)
class ReadReceipt:
    """One message to be shown as read, with "typing…" or without."""

    channel: Channel
    phone_number_id: str
    wamid: str
    typing: bool
    asked_at: float = field(default_factory=time.monotonic)


class ReadReceiptQueue:
    """Sends marks on a few threads. A hundred may wait: then the oldest is dropped, as is any that
    waited for too long.
    """

    def __init__(
        self,
        at_once: int = MAX_CONCURRENT,
        most_waiting: int = MAX_PENDING,
        fresh_seconds: float = MAX_AGE_SECONDS,
    ) -> None:
        self._fresh_seconds = fresh_seconds
        self._at_once = at_once
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="typing")
        self._waiting: deque[ReadReceipt] = deque(maxlen=most_waiting)
        self._changing = threading.Lock()
        self._running = 0

    def add(self, mark: ReadReceipt) -> None:
        """Send it soon, or never when Meta is too slow for all that wait."""
        with self._changing:
            if len(self._waiting) == self._waiting.maxlen:
                _count(ReadReceiptOutcome.DROPPED)
            self._waiting.append(mark)
            if self._running == self._at_once:
                return
            self._running += 1
        self._threads.submit(self._send_all)

    def _send_all(self) -> None:
        while (mark := self._next()) is not None:
            if time.monotonic() - mark.asked_at > self._fresh_seconds:
                _count(ReadReceiptOutcome.DROPPED)
            else:
                _send(mark)

    def _next(self) -> ReadReceipt | None:
        with self._changing:
            if self._waiting:
                return self._waiting.popleft()
            self._running -= 1
            return None


_marks = ReadReceiptQueue()


def mark_read_async(phone_number_id: str, wamid: str, *, typing: bool) -> None:
    """Mark a message, and with it the earlier ones, as read; with `typing` show that an answer is
    being written.
    """
    if number_pause.is_paused(phone_number_id):
        _count(ReadReceiptOutcome.PAUSED)
    else:
        _marks.add(ReadReceipt(client_for(phone_number_id), phone_number_id, wamid, typing))


def _send(mark: ReadReceipt) -> None:
    try:
        mark.channel.mark_read(mark.phone_number_id, mark.wamid, typing=mark.typing)
    except SendFailed as error:
        _count(ReadReceiptOutcome.FAILED)
        log.info("read_receipt_failed", error=type(error).__name__)
    except Exception:  # a courtesy: whatever is wrong with one, the next is sent
        _count(ReadReceiptOutcome.FAILED)
        log.exception("read_receipt_failed")
    else:
        _count(ReadReceiptOutcome.SENT)


def _count(outcome: ReadReceiptOutcome) -> None:
    metrics.READ_MARKS.labels(outcome=outcome).inc()
