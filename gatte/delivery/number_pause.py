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
from typing import Any, cast

import structlog
from flask import Flask, current_app
from sqlalchemy import func, select, text, update

from gatte.conversation.replies import TemplateReply
from gatte.delivery.claims import ClaimedReply
from gatte.delivery.failure_reasons import FailureCause
from gatte.extensions import db
from gatte.models import DeliveryState, NumberPause, Outbox
from gatte.observability import metrics
from gatte.settings import Settings
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
LONGEST_AWAY_SECONDS = 60.0
FAILURE_THRESHOLD = 5  # calls in a row without an answer of Meta
CACHE_SECONDS = 1.0
# those who wait come back one after the other; the end of the pause calls them all
JITTER_SECONDS = 60.0

PAUSE = text("""
    INSERT INTO number_pause AS p (phone_number_id, cause, error_code, tries, probe_at)
    VALUES (:number, :cause, :code, 1, clock_timestamp() + make_interval(secs => :first))
    ON CONFLICT (phone_number_id) DO UPDATE
        SET cause = excluded.cause, error_code = excluded.error_code
    RETURNING xmax = 0 AS fresh, extract(epoch FROM probe_at - clock_timestamp()) AS wait
""")
PROBE = text("""
    UPDATE number_pause SET
        tries = tries + 1,
        probe_at = clock_timestamp() + make_interval(secs => least(
            :first * 2.0 ^ least(tries, 20),
            CASE WHEN error_code IS NULL THEN :away ELSE :longest END))
    WHERE phone_number_id = :number AND probe_at <= clock_timestamp()
    RETURNING tries
""")
WAIT = text("""
    SELECT error_code, extract(epoch FROM probe_at - clock_timestamp()) AS wait
    FROM number_pause
    WHERE phone_number_id = :number
""")


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
    with db.engine.begin() as connection:
        if connection.execute(PROBE, _limits(claimed.phone_number_id)).first() is not None:
            log.info("number_probed", phone_number_id=claimed.phone_number_id)
            return False
        pause = connection.execute(WAIT, {"number": claimed.phone_number_id}).first()
    if pause is None:
        return False
    jitter = random.uniform(1.0, JITTER_SECONDS)  # noqa: S311 - jitter is no secret
    _postpone(claimed, pause.error_code, max(0.0, float(pause.wait)) + jitter)
    return True


def _postpone(claimed: ClaimedReply, code: int | None, seconds: float) -> None:
    """Let an answer wait; its claim does not count as an attempt."""
    values: dict[str, Any] = {
        "state": DeliveryState.PENDING,
        "attempts": claimed.attempt - 1,
        "due_at": _after(seconds),
    }
    mine = update(Outbox).where(
        Outbox.id == claimed.outbox_id,
        Outbox.attempts == claimed.attempt,
        Outbox.state == DeliveryState.SENDING,
    )
    waiting = mine.values(**values, error_code=code, error_details=FailureCause.NUMBER_PAUSED)
    db.session.execute(waiting.execution_options(synchronize_session=False))


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
    pauses = _pauses()
    with pauses.lock:
        in_a_row = pauses.record_no_response.get(phone_number_id, 0) + 1
        pauses.record_no_response[phone_number_id] = in_a_row
    if in_a_row >= FAILURE_THRESHOLD:
        _pause(phone_number_id, FailureCause.NOT_CONNECTED, None)


def record_response(phone_number_id: str) -> None:
    """Meta works for this number: should it pause, all that waits goes at once (with the
    transaction of the caller).
    """
    pauses = _pauses()
    pauses.record_no_response.pop(phone_number_id, None)
    if phone_number_id not in pauses.numbers:
        return
    gone = db.session.execute(
        db.delete(NumberPause)
        .filter_by(phone_number_id=phone_number_id)
        .returning(NumberPause.since)
    ).first()
    if gone is None:
        return
    held = update(Outbox).where(
        Outbox.phone_number_id == phone_number_id, Outbox.state == DeliveryState.PENDING
    )
    calling = held.where(Outbox.error_details == FailureCause.NUMBER_PAUSED).values(
        due_at=func.clock_timestamp()
    )
    db.session.execute(calling.execution_options(synchronize_session=False))
    log.warning("number_resumed", phone_number_id=phone_number_id, since=gone.since.isoformat())


def _pause(phone_number_id: str, cause: ErrorCategory | FailureCause, code: int | None) -> float:
    """Start a pause, or confirm the one there is; seconds until its end."""
    with db.engine.begin() as connection:
        pause = connection.execute(
            PAUSE, {**_limits(phone_number_id), "cause": cause.value, "code": code}
        ).one()
    pauses = _pauses()
    with pauses.lock:
        pauses.numbers |= {phone_number_id}
    if pause.fresh:
        metrics.NUMBER_PAUSES.labels(cause=cause).inc()
        log.error(
            "number_paused", phone_number_id=phone_number_id, cause=cause.value, error_code=code
        )
    return max(0.01, float(pause.wait))


def _known() -> frozenset[str]:
    """The numbers that pause, as far as this process knows."""
    pauses = _pauses()
    with pauses.lock:
        if time.monotonic() - pauses.asked_at < CACHE_SECONDS:
            return pauses.numbers
        pauses.asked_at = time.monotonic()
    with db.engine.connect() as connection:
        numbers = frozenset(connection.scalars(select(NumberPause.phone_number_id)))
    with pauses.lock:
        pauses.numbers = numbers
    return numbers


def _limits(phone_number_id: str) -> dict[str, Any]:
    settings: Settings = current_app.extensions["gatte_settings"]
    first = settings.gatte_pause_seconds
    return {
        "number": phone_number_id,
        "first": first,
        "longest": LONGEST_SECONDS,
        "away": LONGEST_AWAY_SECONDS,
    }


def _after(seconds: float) -> Any:  # noqa: ANN401 - an SQL expression
    return func.clock_timestamp() + text("make_interval(secs => :seconds)").bindparams(
        seconds=seconds
    )


def _pauses() -> PauseCache:
    return cast("PauseCache", current_app.extensions["gatte_pauses"])
