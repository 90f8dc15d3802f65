"""Events on their way to other systems, by the convention of standardwebhooks.com: signed, in the
order of each object, tried again for days, then left to people as dead letters.

No transaction is open while a receiver is called.
"""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

import structlog
from standardwebhooks import Webhook

from gatte import services
from gatte.extensions import db
from gatte.infra.http import ConnectFailed, HttpClient, HttpResponse, HttpTimeouts, ResponseLost
from gatte.infra.public_address import AddressRefused, resolve
from gatte.models import WebhookDelivery, WebhookSubscription
from gatte.store import webhook_deliveries, webhook_subscriptions

log = structlog.get_logger(__name__)

MOST_IN_A_JOB = 100
RETRY_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""After the first attempt, the second and so on, as the convention advises: 3 days in all."""
JITTER = 0.2
"""Up to this share a wait is shorter, so that events that failed together do not come back so."""
LONGEST_RETRY_AFTER = 86_400
GONE = 410
TIMEOUTS = HttpTimeouts(
    connect=5.0, read=15.0, pool=1.0, total=20.0, max_response_bytes=64 * 1024, max_connections=1
)
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class AttemptOutcome:
    """How an attempt ended: the receiver's status, or the error when there is none."""

    status: int | None
    error: str = ""
    retry_after: float = 0.0

    @property
    def is_success(self) -> bool:
        """Whether the receiver took the event."""
        return self.status is not None and 200 <= self.status < 300


def deliver_due(subscription_id: UUID) -> None:
    """Send the events of a subscription that are due, in order. Run twice at once, each is sent
    once, but for one whose sender died: receivers know it by its webhook-id.
    """
    for _ in range(MOST_IN_A_JOB):
        delivery = webhook_deliveries.claim_next(subscription_id)
        subscription = webhook_subscriptions.find_subscription(subscription_id)
        if delivery is None or subscription is None:
            break
        request = _request_of(delivery, subscription)
        delivery_id, attempt = delivery.id, delivery.attempts
        db.session.commit()
        outcome = _post(subscription.url, request)
        _record(delivery_id, attempt, outcome)
        db.session.commit()
    webhook_deliveries.delete_old()
    db.session.commit()


@dataclass(frozen=True)
class _SignedRequest:
    headers: dict[str, str]
    body: bytes


def _request_of(delivery: WebhookDelivery, subscription: WebhookSubscription) -> _SignedRequest:
    """The signed request of an event; every attempt has the same webhook-id and body."""
    now = datetime.now(UTC)
    content = {
        "type": delivery.event_type,
        "timestamp": delivery.created_at.astimezone(UTC).isoformat(),
        "data": delivery.payload,
    }
    body = json.dumps(content, separators=(",", ":"))
    signature = Webhook(subscription.secret or "").sign(str(delivery.id), now, body)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GATTE-Webhooks/1",
        "webhook-id": str(delivery.id),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    return _SignedRequest(headers, body.encode())


def _post(url: str, request: _SignedRequest) -> AttemptOutcome:
    location = urlsplit(url)
    port = location.port or PORTS[location.scheme]
    private_allowed = services.settings().gatte_webhook_private_addresses
    try:
        address = resolve(location.hostname or "", port, private_allowed=private_allowed)
    except AddressRefused as refusal:
        return AttemptOutcome(None, str(refusal))
    base_url = f"{location.scheme}://{location.netloc}"
    client = HttpClient(base_url, TIMEOUTS, connect_to=address)
    try:
        headers = {"Host": location.netloc, **request.headers}
        response = client.post(_path_of(location), headers, request.body)
    except (ConnectFailed, ResponseLost) as error:
        return AttemptOutcome(None, f"{type(error).__name__}: {error}")
    finally:
        client.close()
    return _outcome_of(response)


def _path_of(location: SplitResult) -> str:
    path = location.path or "/"
    return f"{path}?{location.query}" if location.query else path


def _outcome_of(response: HttpResponse) -> AttemptOutcome:
    seconds = response.headers.get("Retry-After", "")
    wait = min(float(seconds), LONGEST_RETRY_AFTER) if seconds.isdecimal() else 0.0
    return AttemptOutcome(response.status, f"HTTP {response.status}", wait)


def _record(delivery_id: UUID, attempt: int, outcome: AttemptOutcome) -> None:
    delivery = webhook_deliveries.lock_claimed(delivery_id, attempt)
    if delivery is None:
        return
    if outcome.is_success and outcome.status is not None:
        webhook_deliveries.record_delivered(delivery, outcome.status)
        return
    retry_in = _retry_in(attempt, outcome)
    webhook_deliveries.record_failed(delivery, retry_in, outcome.status, outcome.error)
    if outcome.status == GONE:
        webhook_subscriptions.get_locked(delivery.subscription_id).active = False
    log.warning(
        "webhook_not_delivered",
        delivery_id=str(delivery_id),
        subscription_id=str(delivery.subscription_id),
        attempt=attempt,
        status=outcome.status,
        error=outcome.error,
        dead_letter=retry_in is None,
    )


def _retry_in(attempt: int, outcome: AttemptOutcome) -> float | None:
    """Seconds until the next attempt; None when there is none: after the last, or 410 (Gone)."""
    if outcome.status == GONE or attempt > len(RETRY_SECONDS):
        return None
    share = random.uniform(1 - JITTER, 1)  # noqa: S311 - jitter is no secret
    return max(RETRY_SECONDS[attempt - 1] * share, outcome.retry_after)
