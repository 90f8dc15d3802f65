"""The end of an inbox key: destroyed when what came in on its day has had its time, and never while
a message of that day waits to be processed.
"""

from datetime import UTC, date, datetime, timedelta

import structlog

from gatte import services
from gatte.store import inbox_keys

log = structlog.get_logger(__name__)

WARNING_DAYS = 7
"""So many days before its end a key is warned of that unprocessed messages still need."""


def destroy_old_keys(today: date | None = None) -> dict[str, int]:
    """Destroy the inbox keys whose days are over, as of `today` (UTC); how many, and how many are
    kept for what is still sealed under them. The caller commits.
    """
    last_day = (today or datetime.now(UTC).date()) - _retention()
    destroyed = kept = waiting = 0
    for day in inbox_keys.list_days(last_day + timedelta(days=WARNING_DAYS)):
        sealed = inbox_keys.count_sealed(day)
        if sealed.unprocessed:
            waiting += sealed.unprocessed
            log.error(
                "inbox_messages_outlive_their_key",
                day=day.isoformat(),
                messages=sealed.unprocessed,
                what="these messages must be processed before their key can be destroyed",
            )
        if day > last_day:
            continue
        if sealed.unprocessed or sealed.kept:
            kept += 1
        else:
            inbox_keys.destroy(day)
            destroyed += 1
            log.info("inbox_key_destroyed", day=day.isoformat())
    return {"destroyed": destroyed, "kept": kept, "unprocessed_messages": waiting}


def _retention() -> timedelta:
    return timedelta(days=services.settings().gatte_retention_webhook_days + 1)
