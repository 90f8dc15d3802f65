"""The table `webhook_event`: what Meta told us beside messages and statuses; of one field it is
carried out.
"""

from collections.abc import Sequence

from sqlalchemy import func, select

from gatte.extensions import db
from gatte.models import WebhookEvent

USER_PREFERENCES = "user_preferences"


def lock_preferences(limit: int) -> Sequence[WebhookEvent]:
    """So many events on preferences of customers that nobody carried out yet, in their order,
    locked until the transaction ends.
    """
    waiting = select(WebhookEvent).where(
        WebhookEvent.field == USER_PREFERENCES, WebhookEvent.handled_at.is_(None)
    )
    in_order = waiting.order_by(WebhookEvent.id).limit(limit)
    return db.session.scalars(in_order.with_for_update(skip_locked=True)).all()


def mark_handled(event: WebhookEvent) -> None:
    """Note that an event was carried out now."""
    event.handled_at = func.clock_timestamp()
