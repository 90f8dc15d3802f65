"""Meta takes nothing from a number (bad token, no payment, locked account), or cannot be reached:
its sending pauses.

Answers wait instead of failing one by one, and no thread waits for a Meta that hangs. When the
pause is over one answer is sent as a probe; while probes fail each pause is twice as long as the
one before, and the first that gets through lets all others go. The state is in Postgres, for all
hosts; a process that knows of no pause asks for news once a second.
"""

import random
import threading
import time
from dataclasses import dataclass, field

import structlog
from flask import Flask

from gatte import services
from gatte.conversation.replies import TemplateReply
from gatte.delivery.claims import ClaimedReply
from gatte.models import FailureCause
from gatte.observability import metrics
from gatte.store import number_pauses, outbox
from gatte.store.number_pauses import PauseLengths
from gatte.whatsapp.channel import MAX_ATTEMPTS_LONG, NotSent, Rejected
from gatte.whatsapp.errors import ErrorCategory

log = structlog.get_logger(__name__)

PAUSING_CATEGORIES = {
    ErrorCategory.AUTH_ALERT,
    ErrorCategory.PERMISSION,
    ErrorCategory.PAYMENT_ALERT,
    ErrorCategory.ACCOUNT_ALERT,
}
# these say nothing about whether the number may send
NEUTRAL_CATEGORIES = {ErrorCategory.TRANSIENT, ErrorCategory.RATE_LIMITED}
LONGEST_SECONDS = 900.0
LONGEST_UNREACHABLE_SECONDS = 60.0
FAILURE_THRESHOLD = 5  # calls in a row without an answer of Meta
CACHE_SECONDS = 1.0
# those who wait come back one after the other; the end of the pause calls them all
JITTER_SECONDS = 60.0


@dataclass
class PauseCache:
    """What this process knows: which numbers pause, and how many calls for each went unanswered in
    a row.
    """

    numbers: frozenset[str] = frozenset()
    asked_at: float = -CACHE_SECONDS
    record_no_response: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def init_app(app: Flask) -> None:
    """Give the application what it knows of pauses: nothing yet."""
    app.extensions["gatte_pauses"] = PauseCache()


def is_paused(phone_number_id: str) -> bool:
    """Whether sending by this number pauses, as far as this process knows: news are a second old at
    most.
    """
    return phone_number_id in _known()


def postpone_if_paused(claimed: ClaimedReply) -> bool:
    """Whether an answer must wait because its number pauses; then it does (the caller commits). The
    probe need not.
    """
    if not is_paused(claimed.phone_number_id):
        return False
    probe = number_pauses.claim_probe(claimed.phone_number_id, _pause_lengths())
    if probe.is_granted:
        log.info("number_probed", phone_number_id=claimed.phone_number_id)
        return False
    if probe.wait_seconds is None:
        return False
    jitter = random.uniform(1.0, JITTER_SECONDS)  # noqa: S311 - jitter is no secret
    outbox.postpone(
        claimed.outbox_id,
        claimed.attempt,
        max(0.0, probe.wait_seconds) + jitter,
        error_code=probe.error_code,
        cause=FailureCause.NUMBER_PAUSED,
    )
    return True


def retry_delay_after_rejection(claimed: ClaimedReply, error: Rejected) -> float | None:
    """Seconds until an answer is tried again that was refused for its number's sake; None when the
    refusal is about the answer itself.
    """
    if isinstance(error, NotSent):
        record_no_response(claimed.phone_number_id)
    elif _is_about_the_number(claimed, error):
        wait = _pause(claimed.phone_number_id, error.error.category, error.code)
        return wait if claimed.attempt < MAX_ATTEMPTS_LONG else None
    elif error.code is not None and error.error.category not in NEUTRAL_CATEGORIES:
        record_response(claimed.phone_number_id)
    return None


def _is_about_the_number(claimed: ClaimedReply, error: Rejected) -> bool:
    """A template that cannot be paid says nothing about answers within the 24 h window, which are
    free.
    """
    alert = error.error.category in PAUSING_CATEGORIES and not error.error.rule.permanent
    return alert and not (
        error.error.category is ErrorCategory.PAYMENT_ALERT
        and isinstance(claimed.reply, TemplateReply)
    )


def record_no_response(phone_number_id: str) -> None:
    """A call for this number ended without an answer of Meta; several in a row are a reason to
    pause.
    """
    pauses = services.pause_cache()
    with pauses.lock:
        in_a_row = pauses.record_no_response.get(phone_number_id, 0) + 1
        pauses.record_no_response[phone_number_id] = in_a_row
    if in_a_row >= FAILURE_THRESHOLD:
        _pause(phone_number_id, FailureCause.NOT_CONNECTED, None)


def record_response(phone_number_id: str) -> None:
    """Meta works for this number: should it pause, all that waits goes at once (with the
    transaction of the caller).
    """
    pauses = services.pause_cache()
    pauses.record_no_response.pop(phone_number_id, None)
    if phone_number_id not in pauses.numbers:
        return
    since = number_pauses.end_pause(phone_number_id)
    if since is None:
        return
    outbox.end_postponement(phone_number_id, FailureCause.NUMBER_PAUSED)
    log.warning("number_resumed", phone_number_id=phone_number_id, since=since.isoformat())


def _pause(phone_number_id: str, cause: ErrorCategory | FailureCause, code: int | None) -> float:
    """Start a pause, or confirm the one there is; seconds until its end."""
    pause = number_pauses.start_pause(phone_number_id, cause.value, code, _pause_lengths().first)
    pauses = services.pause_cache()
    with pauses.lock:
        pauses.numbers |= {phone_number_id}
    if pause.is_new:
        metrics.NUMBER_PAUSES.labels(cause=cause).inc()
        log.error(
            "number_paused", phone_number_id=phone_number_id, cause=cause.value, error_code=code
        )
    return max(0.01, pause.wait_seconds)


def _known() -> frozenset[str]:
    """The numbers that pause, as far as this process knows."""
    pauses = services.pause_cache()
    with pauses.lock:
        if time.monotonic() - pauses.asked_at < CACHE_SECONDS:
            return pauses.numbers
        pauses.asked_at = time.monotonic()
    numbers = number_pauses.list_paused()
    with pauses.lock:
        pauses.numbers = numbers
    return numbers


def _pause_lengths() -> PauseLengths:
    first = services.settings().gatte_number_pause_seconds
    return PauseLengths(first, LONGEST_SECONDS, LONGEST_UNREACHABLE_SECONDS)
