"""Webhooks that we send: subscriptions, what became of their events, and replay."""

from typing import Annotated, Any
from uuid import UUID

from flask import url_for
from pydantic import Field, StringConstraints

from gatte.desk import subscriptions as desk
from gatte.extensions import db
from gatte.models import (
    Scope,
    WebhookDelivery,
    WebhookDeliveryState,
    WebhookEventType,
    WebhookSubscription,
)
from gatte.store import webhook_deliveries
from gatte.store import webhook_subscriptions as stored
from gatte.web.api.authorization import current_user_id
from gatte.web.api.cursors import cut_page, read_cursor
from gatte.web.api.endpoint import Answer, Endpoint, not_found, single
from gatte.web.api.idempotency import keep_answer_open, seal_answer_with
from gatte.web.api.preconditions import require_match
from gatte.web.api.schema import ApiModel, GivenMoment, Moment, PageQuery
from gatte.web.problems import Problem

TAG = "webhooks"
PLACE = "/webhooks/<uuid:webhook_id>"
Url = Annotated[str, StringConstraints(min_length=8, max_length=desk.LONGEST_URL)]
EventTypes = Annotated[
    list[WebhookEventType], Field(min_length=1, max_length=len(WebhookEventType))
]


class WebhookResource(ApiModel):
    """An address that is told of events."""

    id: UUID
    url: str
    event_types: list[str]
    active: bool
    created_at: Moment


class WebhookWithSecretResource(WebhookResource):
    """A webhook as it is made: the only time that its secret is shown."""

    secret: str = Field(description="Verifies signatures; begins with `whsec_`.")


class WebhookList(ApiModel):
    items: list[WebhookResource]


class NewWebhook(ApiModel):
    url: Url = Field(description="https; http too where GATTE_ENV is not production.")
    event_types: EventTypes


class WebhookUpdate(ApiModel):
    """What is to be changed; what is left out stays."""

    url: Url | None = None
    event_types: EventTypes | None = None
    active: bool | None = None


class WebhookDeliveryResource(ApiModel):
    """One event on its way to one webhook; `id` is the webhook-id that the receiver sees."""

    id: UUID
    event_type: str
    object_key: str = Field(description="What changed: its events arrive in order.")
    data: dict[str, Any]
    state: WebhookDeliveryState
    attempts: int
    next_attempt_at: Moment
    last_status: int | None
    last_error: str | None
    delivered_at: Moment | None
    created_at: Moment


class WebhookDeliveryPage(ApiModel):
    items: list[WebhookDeliveryResource]
    next_cursor: str | None


class WebhookDeliveryListQuery(PageQuery):
    state: WebhookDeliveryState | None = None


class WebhookReplay(ApiModel):
    """Which events are sent once more: dead letters, and on demand what was delivered too."""

    since: GivenMoment | None = None
    delivered_too: bool = False


class WebhookReplayResult(ApiModel):
    events: int


def webhook_resource(row: WebhookSubscription) -> WebhookResource:
    """A subscription as the API shows it."""
    return WebhookResource(
        id=row.id,
        url=row.url,
        event_types=row.event_types,
        active=row.active,
        created_at=row.created_at,
    )


@Endpoint("GET", "/webhooks", TAG, Scope.WEBHOOKS_READ, WebhookList)
def list_webhooks() -> WebhookList:
    """All webhooks, the newest first."""
    return WebhookList(items=[webhook_resource(row) for row in stored.list_subscriptions()])


@Endpoint(
    "POST",
    "/webhooks",
    TAG,
    Scope.WEBHOOKS_WRITE,
    WebhookWithSecretResource,
    status=201,
    idempotent=True,
)
def create_webhook(json: NewWebhook) -> Answer:
    """Tell an address of events from now on. The answer holds the secret, this once."""
    try:
        row = desk.subscribe(json.url, json.event_types, current_user_id())
    except desk.BadWebhookUrl as refusal:
        raise _bad_url(refusal) from None
    seal_answer_with(row.data_key_id)
    shown = webhook_resource(row).model_dump()
    made = WebhookWithSecretResource(**shown, secret=row.secret or "")
    place = url_for("api.get_webhook", webhook_id=row.id)
    return single(made, 201, {"Location": place})


@Endpoint("GET", PLACE, TAG, Scope.WEBHOOKS_READ, WebhookResource)
def get_webhook(webhook_id: UUID) -> Answer:
    """One webhook."""
    row = stored.find_subscription(webhook_id)
    if row is None:
        raise not_found("webhook")
    return single(webhook_resource(row))


@Endpoint("PATCH", PLACE, TAG, Scope.WEBHOOKS_WRITE, WebhookResource, conditional=True)
def change_webhook(webhook_id: UUID, json: WebhookUpdate) -> Answer:
    """Change a webhook: its address, its events, or whether it is told of anything.

    An inactive one is told of nothing; what waits for it leaves when it is active again.
    """
    require_match(webhook_resource(stored.get_locked(webhook_id)))
    try:
        row = desk.change(
            webhook_id,
            current_user_id(),
            url=json.url,
            event_types=json.event_types,
            active=json.active,
        )
    except desk.BadWebhookUrl as refusal:
        raise _bad_url(refusal) from None
    db.session.flush()
    return single(webhook_resource(row))


@Endpoint("GET", f"{PLACE}/deliveries", TAG, Scope.WEBHOOKS_READ, WebhookDeliveryPage)
def list_webhook_deliveries(
    webhook_id: UUID, query: WebhookDeliveryListQuery
) -> WebhookDeliveryPage:
    """The events of a webhook and what became of them, the newest first."""
    if stored.find_subscription(webhook_id) is None:
        raise not_found("webhook")
    after = read_cursor(query)
    found = webhook_deliveries.list_page(
        webhook_id,
        state=query.state,
        after=int(after[0]) if after else None,
        limit=query.limit + 1,
    )
    shown, cursor = cut_page(found, query, lambda row: [row.sequence])
    return WebhookDeliveryPage(items=[_delivery_resource(row) for row in shown], next_cursor=cursor)


@Endpoint(
    "POST",
    f"{PLACE}/replay",
    TAG,
    Scope.WEBHOOKS_WRITE,
    WebhookReplayResult,
    idempotent=True,
)
def replay_webhook(webhook_id: UUID, json: WebhookReplay) -> WebhookReplayResult:
    """Send events once more, in their order, under the webhook-ids that they had."""
    count = desk.replay(webhook_id, current_user_id(), json.since, delivered_too=json.delivered_too)
    keep_answer_open()
    return WebhookReplayResult(events=count)


def _bad_url(refusal: desk.BadWebhookUrl) -> Problem:
    wrong = {"place": "body", "pointer": "/url", "detail": str(refusal)}
    return Problem(422, f"The url {refusal}.", kind="bad-webhook-url", errors=[wrong])


def _delivery_resource(row: WebhookDelivery) -> WebhookDeliveryResource:
    return WebhookDeliveryResource(
        id=row.id,
        event_type=row.event_type,
        object_key=row.object_key,
        data=row.payload,
        state=row.state,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        last_status=row.last_status,
        last_error=row.last_error,
        delivered_at=row.delivered_at,
        created_at=row.created_at,
    )
