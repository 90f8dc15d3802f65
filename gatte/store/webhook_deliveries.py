"""The table `webhook_delivery`: events on their way to the systems that subscribed to them.

Triggers of the database write a row for each subscription in the transaction of the change. A row
is `pending` until its receiver took it (`delivered`) or it is given up (`dead_letter`). Events of
one object go to a subscription in the order of `sequence`: a later one waits for those before it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, or_, select, text, update

from gatte.extensions import db
from gatte.infra.database.clock import DB_NOW, seconds_from_now
from gatte.models import WebhookDelivery, WebhookDeliveryState
from gatte.models.webhook_subscription import PENDING_SQL

CLAIM_SECONDS = 60  # longer than a call to a receiver may take
DELIVERED_KEPT = timedelta(days=7)
DEAD_LETTERS_KEPT = timedelta(days=90)
DELETED_AT_ONCE = 1000
# Of the events `d` of an object only the first pending one is due.
DUE = f"""
    d.{PENDING_SQL}
    AND d.next_attempt_at <= clock_timestamp()
    AND EXISTS (SELECT FROM webhook_subscription s WHERE s.id = d.subscription_id AND s.active)
    AND NOT EXISTS (
        SELECT
        FROM webhook_delivery e
        WHERE e.subscription_id = d.subscription_id
            AND e.object_key = d.object_key
            AND e.sequence < d.sequence
            AND e.{PENDING_SQL})
"""  # noqa: S608 - our own words only
CLAIM_NEXT_SQL = text(f"""
    SELECT d.id
    FROM webhook_delivery d
    WHERE d.subscription_id = :subscription AND {DUE}
    ORDER BY d.sequence
    LIMIT 1
    FOR UPDATE OF d SKIP LOCKED
""")  # noqa: S608 - our own words only


def claim_next(subscription_id: UUID) -> WebhookDelivery | None:
    """The next due event of a subscription, for this process alone during CLAIM_SECONDS; None when
    nothing is due.
    """
    claimed_id = db.session.scalar(CLAIM_NEXT_SQL, {"subscription": subscription_id})
    if claimed_id is None:
        return None
    delivery = db.session.get_one(WebhookDelivery, claimed_id, populate_existing=True)
    delivery.attempts += 1
    delivery.next_attempt_at = seconds_from_now(CLAIM_SECONDS)
    return delivery


def lock_claimed(delivery_id: UUID, attempt: int) -> WebhookDelivery | None:
    """An event as it is now, locked, while it is pending and this is its newest attempt."""
    found = select(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id,
        WebhookDelivery.attempts == attempt,
        WebhookDelivery.state == WebhookDeliveryState.PENDING,
    )
    locked = found.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(locked)


def record_delivered(delivery: WebhookDelivery, status: int) -> None:
    """The receiver took an event."""
    delivery.state = WebhookDeliveryState.DELIVERED
    delivery.delivered_at = DB_NOW
    delivery.last_status = status
    delivery.last_error = None


def record_failed(
    delivery: WebhookDelivery, retry_in: float | None, status: int | None, error: str
) -> None:
    """An attempt failed: the next is in so many seconds, or never with None."""
    delivery.last_status = status
    delivery.last_error = error
    if retry_in is None:
        delivery.state = WebhookDeliveryState.DEAD_LETTER
    else:
        delivery.next_attempt_at = seconds_from_now(retry_in)


def list_page(
    subscription_id: UUID, *, state: WebhookDeliveryState | None, after: int | None, limit: int
) -> Sequence[WebhookDelivery]:
    """The events of a subscription, in a state where asked, the newest first; those behind the
    sequence `after`.
    """
    query = select(WebhookDelivery).where(WebhookDelivery.subscription_id == subscription_id)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if after is not None:
        query = query.where(WebhookDelivery.sequence < after)
    newest = query.order_by(WebhookDelivery.sequence.desc(), WebhookDelivery.id)
    return db.session.scalars(newest.limit(limit)).all()


def count_undelivered() -> dict[tuple[UUID, WebhookDeliveryState], int]:
    """How many events of each subscription wait, and how many were given up."""
    undelivered = (WebhookDeliveryState.PENDING, WebhookDeliveryState.DEAD_LETTER)
    place = (WebhookDelivery.subscription_id, WebhookDelivery.state)
    counted = select(*place, func.count()).where(WebhookDelivery.state.in_(undelivered))
    rows = db.session.execute(counted.group_by(*place))
    return {(subscription_id, state): count for subscription_id, state, count in rows}


def replay(subscription_id: UUID, since: datetime | None, *, delivered_too: bool) -> int:
    """Let the dead letters of a subscription (written since then) be due at once, and what was
    delivered too when asked; how many there were.
    """
    states = [WebhookDeliveryState.DEAD_LETTER]
    if delivered_too:
        states.append(WebhookDeliveryState.DELIVERED)
    chosen = update(WebhookDelivery).where(
        WebhookDelivery.subscription_id == subscription_id, WebhookDelivery.state.in_(states)
    )
    if since is not None:
        chosen = chosen.where(WebhookDelivery.created_at >= since)
    again = chosen.values(
        state=WebhookDeliveryState.PENDING, attempts=0, next_attempt_at=DB_NOW
    ).returning(WebhookDelivery.id)
    rows = db.session.execute(again.execution_options(synchronize_session=False))
    return len(rows.all())


def delete_old() -> None:
    """Forget some of the events that were delivered or given up long ago."""
    now = func.clock_timestamp()
    delivered = WebhookDelivery.state == WebhookDeliveryState.DELIVERED
    dead = WebhookDelivery.state == WebhookDeliveryState.DEAD_LETTER
    old = select(WebhookDelivery.id).where(
        or_(
            delivered & (WebhookDelivery.created_at < now - DELIVERED_KEPT),
            dead & (WebhookDelivery.created_at < now - DEAD_LETTERS_KEPT),
        ),
        WebhookDelivery.created_at < now - DELIVERED_KEPT,
    )
    some = old.order_by(WebhookDelivery.created_at, WebhookDelivery.id).limit(DELETED_AT_ONCE)
    forgotten = delete(WebhookDelivery).where(WebhookDelivery.id.in_(some))
    db.session.execute(forgotten.execution_options(synchronize_session=False))
