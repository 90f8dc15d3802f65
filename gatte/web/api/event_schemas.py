"""The OpenAPI text of the webhooks that we send: one operation an event, with its data."""

from typing import Any

from gatte.models import WebhookEventType

DESCRIPTION = """\
Sent to subscribers by the Standard Webhooks convention (standardwebhooks.com). Verify
`webhook-signature` over `webhook-id`, `webhook-timestamp` and the raw body with the secret that was
shown when the webhook was made. Answer 2xx within 15 seconds; anything else is tried again nine
times over three days, then kept as a dead letter that can be replayed. The same `webhook-id` may
come more than once. Events of one object (`object_key`) come in order; others in any. The data
holds ids and states only: read the rest through the API.
"""
MESSAGE_DATA = ("message_id", "conversation_id", "status")
DATA: dict[WebhookEventType, tuple[str, ...]] = {
    WebhookEventType.MESSAGE_RECEIVED: ("message_id", "conversation_id", "contact_id", "kind"),
    WebhookEventType.MESSAGE_SENT: (*MESSAGE_DATA, "author"),
    WebhookEventType.MESSAGE_STATUS: (*MESSAGE_DATA, "author"),
    WebhookEventType.CONVERSATION_ESCALATED: (
        "conversation_id",
        "contact_id",
        "state",
        "escalation_reason",
        "assignee_id",
    ),
    WebhookEventType.TICKET_CREATED: (
        "ticket_id",
        "number",
        "contact_id",
        "conversation_id",
        "kind",
        "state",
        "urgency",
        "assignee_id",
    ),
    WebhookEventType.LEAD_CREATED: (
        "lead_id",
        "contact_id",
        "conversation_id",
        "stage",
        "owner_id",
    ),
    WebhookEventType.APPOINTMENT_CREATED: (
        "appointment_id",
        "number",
        "contact_id",
        "conversation_id",
        "state",
        "starts_at",
        "moved_from_id",
    ),
}
SAME_DATA = {
    WebhookEventType.CONVERSATION_CREATED: WebhookEventType.CONVERSATION_ESCALATED,
    WebhookEventType.CONVERSATION_HANDED_BACK: WebhookEventType.CONVERSATION_ESCALATED,
    WebhookEventType.CONVERSATION_TAKEN: WebhookEventType.CONVERSATION_ESCALATED,
    WebhookEventType.CONVERSATION_CLOSED: WebhookEventType.CONVERSATION_ESCALATED,
    WebhookEventType.TICKET_UPDATED: WebhookEventType.TICKET_CREATED,
    WebhookEventType.LEAD_UPDATED: WebhookEventType.LEAD_CREATED,
    WebhookEventType.APPOINTMENT_UPDATED: WebhookEventType.APPOINTMENT_CREATED,
}


def data_of(event: WebhookEventType) -> tuple[str, ...]:
    """The members of an event's data."""
    return DATA[SAME_DATA.get(event, event)]


def build_webhooks() -> dict[str, Any]:
    """The member `webhooks` of the document."""
    return {event.value: {"post": _operation(event)} for event in WebhookEventType}


def _operation(event: WebhookEventType) -> dict[str, Any]:
    data = {"type": "object", "properties": {name: {} for name in data_of(event)}}
    schema = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": event.value},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {**data, "required": list(data_of(event))},
        },
    }
    return {
        "operationId": event.value,
        "summary": event.value,
        "description": DESCRIPTION,
        "tags": ["events"],
        "security": [],
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
            for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"2XX": {"description": "Taken."}},
    }
