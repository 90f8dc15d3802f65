"""Webhook subscriptions in the hands of an admin: which system is told of what, and where."""

import base64
import os
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from gatte import services
from gatte.models import WebhookEventType, WebhookSubscription
from gatte.store import audit, webhook_deliveries
from gatte.store import webhook_subscriptions as stored

LONGEST_URL = 2000
SECRET_BYTES = 24
SECRET_MARK = "whsec_"  # noqa: S105 - what every secret begins with


class BadWebhookUrl(Exception):
    """Nothing can be sent to this address; the message says why."""


def subscribe(
    url: str, event_types: Sequence[WebhookEventType], user_id: int | None
) -> WebhookSubscription:
    """Tell an address of events from now on, signed with a fresh secret; BadWebhookUrl when it
    cannot be.
    """
    check_url(url)
    secret = SECRET_MARK + base64.b64encode(os.urandom(SECRET_BYTES)).decode()
    subscription = stored.add_subscription(url, event_types, secret, user_id)
    audit.record(user_id, "webhook.subscribe", _subject(subscription.id))
    return subscription


def change(
    subscription_id: UUID,
    user_id: int | None,
    *,
    url: str | None = None,
    event_types: Sequence[WebhookEventType] | None = None,
    active: bool | None = None,
) -> WebhookSubscription:
    """Change a subscription; what is None stays. NoSuchSubscription when there is none."""
    subscription = stored.get_locked(subscription_id)
    if url is not None:
        check_url(url)
        subscription.url = url
    if event_types is not None:
        subscription.event_types = [kind.value for kind in event_types]
    if active is not None:
        subscription.active = active
    audit.record(user_id, "webhook.change", _subject(subscription_id))
    return subscription


def replay(
    subscription_id: UUID,
    user_id: int | None,
    since: datetime | None = None,
    *,
    delivered_too: bool = False,
) -> int:
    """Send what was given up once more, and what was delivered too when asked; how many events.
    NoSuchSubscription when there is no such subscription.
    """
    stored.get_locked(subscription_id)
    count = webhook_deliveries.replay(subscription_id, since, delivered_too=delivered_too)
    audit.record(user_id, "webhook.replay", _subject(subscription_id), {"events": count})
    return count


def check_url(url: str) -> None:
    """BadWebhookUrl unless events can be sent to this URL: https in production, no user in it."""
    try:
        location = urlsplit(url)
        has_port = location.port is None or location.port > 0
    except ValueError:
        raise BadWebhookUrl("is no URL") from None
    schemes = {"https"} if services.settings().production else {"https", "http"}
    if location.scheme not in schemes or not location.hostname or not has_port:
        raise BadWebhookUrl("is no https address of a host")
    if location.username is not None or location.fragment:
        raise BadWebhookUrl("has a user or a fragment in it")
    if not _is_host(location.hostname):
        raise BadWebhookUrl("has no host that there can be")
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise BadWebhookUrl(f"has other than {LONGEST_URL} printable ASCII characters at most")


def _is_host(name: str) -> bool:
    """Whether a host can have this name: no part of it is empty or too long (RFC 1035, 2.3.4)."""
    try:
        name.encode("idna")
    except UnicodeError:
        return False
    return True


def _subject(subscription_id: UUID) -> str:
    return f"webhook_subscription:{subscription_id}"
