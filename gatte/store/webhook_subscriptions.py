"""The table `webhook_subscription`: addresses of other systems that are told of events."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from gatte.extensions import db
from gatte.models import WebhookEventType, WebhookSubscription, keyring


class NoSuchSubscription(Exception):
    """There is no webhook subscription with this id."""


def add_subscription(
    url: str, event_types: Sequence[WebhookEventType], secret: str, created_by_id: int | None
) -> WebhookSubscription:
    """Store a subscription, with a data key of its own for its secret."""
    key = keyring().new_contact_key()
    db.session.add(key)
    db.session.flush()  # the subscription refers to it
    subscription = WebhookSubscription(
        data_key_id=key.id,
        url=url,
        event_types=[kind.value for kind in event_types],
        active=True,
        secret=secret,
        created_by_id=created_by_id,
    )
    db.session.add(subscription)
    db.session.flush()
    return subscription


def find_subscription(subscription_id: UUID) -> WebhookSubscription | None:
    """The subscription with this id, as it is now."""
    return db.session.get(WebhookSubscription, subscription_id, populate_existing=True)


def get_locked(subscription_id: UUID) -> WebhookSubscription:
    """A subscription, locked until the transaction ends; NoSuchSubscription when there is none."""
    found = select(WebhookSubscription).where(WebhookSubscription.id == subscription_id)
    locked = found.with_for_update().execution_options(populate_existing=True)
    subscription = db.session.scalar(locked)
    if subscription is None:
        raise NoSuchSubscription(str(subscription_id))
    return subscription


def list_subscriptions() -> list[WebhookSubscription]:
    """All subscriptions, the newest first; inactive ones too."""
    query = select(WebhookSubscription).order_by(WebhookSubscription.id.desc())
    return list(db.session.scalars(query))
