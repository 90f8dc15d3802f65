"""Conversations: listed, read, taken, handed back, put into the queue and closed."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pydantic import Field

from gatte.conversation.effects import EscalationReason
from gatte.conversation.nlu import Intent
from gatte.conversation.snapshot import Owner
from gatte.conversation.states import State
from gatte.desk import handoff
from gatte.extensions import db
from gatte.models import Conversation, Scope, keyring
from gatte.store import conversations as stored
from gatte.web.api.authorization import audit_list, audit_read, current_user_id
from gatte.web.api.cursors import cut_page, read_cursor
from gatte.web.api.endpoint import Answer, Endpoint, not_found, single
from gatte.web.api.idempotency import seal_answer_with
from gatte.web.api.preconditions import check_match
from gatte.web.api.schema import ApiModel, Moment, PageQuery, UpdatedSince

TAG = "conversations"
PLACE = "/conversations/<uuid:conversation_id>"


class ConversationResource(ApiModel):
    """A talk with one contact over one number, from its first message until it is closed."""

    id: UUID
    contact_id: UUID
    phone_number_id: str
    state: State
    owner: Owner = Field(description="Who speaks for the company.")
    assignee_id: int | None = Field(description="The agent who has it.")
    flow: str | None
    last_intent: Intent | None
    escalation_reason: EscalationReason | None
    priority: int | None = Field(description="Of the queue; 0 is served first.")
    waiting_since: Moment | None
    summary: str | None
    last_inbound_at: Moment | None = Field(
        description="The customer's last message: free text may be sent for 24 hours after it."
    )
    last_activity_at: Moment
    opened_at: Moment
    closed_at: Moment | None


class ConversationPage(ApiModel):
    items: list[ConversationResource]
    next_cursor: str | None


class ConversationListQuery(PageQuery):
    contact_id: UUID | None = None
    state: State | None = None
    open: bool = Field(default=False, description="Only those that are not closed.")
    updated_since: UpdatedSince = None


def conversation_resource(row: Conversation) -> ConversationResource:
    """A conversation as the API shows it."""
    return ConversationResource(
        id=row.id,
        contact_id=row.contact_id,
        phone_number_id=row.phone_number_id,
        state=row.state,
        owner=row.owner,
        assignee_id=row.assignee_id,
        flow=row.flow,
        last_intent=row.last_intent,
        escalation_reason=row.escalation_reason,
        priority=row.priority,
        waiting_since=row.waiting_since,
        summary=row.summary,
        last_inbound_at=row.last_inbound_at,
        last_activity_at=row.last_activity_at,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )


@Endpoint("GET", "/conversations", TAG, Scope.CONVERSATIONS_READ, ConversationPage)
def list_conversations(query: ConversationListQuery) -> ConversationPage:
    """Conversations, those opened last first."""
    after = read_cursor(query)
    found = stored.list_page(
        contact_id=query.contact_id,
        state=query.state,
        open_only=query.open,
        updated_since=query.updated_since,
        after=UUID(after[0]) if after else None,
        limit=query.limit + 1,
    )
    shown, cursor = cut_page(found, query, lambda row: [str(row.id)])
    keyring().preload({row.data_key_id for row in shown if row.data_key_id is not None})
    audit_list("conversation", [row.id for row in shown])
    items = [conversation_resource(row) for row in shown]
    return ConversationPage(items=items, next_cursor=cursor)


@Endpoint("GET", PLACE, TAG, Scope.CONVERSATIONS_READ, ConversationResource)
def get_conversation(conversation_id: UUID) -> Answer:
    """One conversation."""
    row = require_conversation(conversation_id)
    audit_read(f"conversation:{row.id}")
    return single(conversation_resource(row))


@Endpoint(
    "POST",
    f"{PLACE}/take",
    TAG,
    Scope.CONVERSATIONS_WRITE,
    ConversationResource,
    refusals=(412,),
    idempotent=True,
)
def take_conversation(conversation_id: UUID) -> Answer:
    """Give the conversation to the token's user: the bot is silent from now on.

    409 when another agent has it, or it is closed. If-Match is heeded when sent.
    """
    return _act(conversation_id, handoff.take)


@Endpoint(
    "POST",
    f"{PLACE}/hand-back",
    TAG,
    Scope.CONVERSATIONS_WRITE,
    ConversationResource,
    refusals=(412,),
    idempotent=True,
)
def hand_back_conversation(conversation_id: UUID) -> Answer:
    """Give the conversation back to the bot; 409 unless the token's user has it."""
    return _act(conversation_id, handoff.hand_back)


@Endpoint(
    "POST",
    f"{PLACE}/escalate",
    TAG,
    Scope.CONVERSATIONS_WRITE,
    ConversationResource,
    refusals=(412,),
    idempotent=True,
)
def escalate_conversation(conversation_id: UUID) -> Answer:
    """Put the conversation into the queue of the desk; 409 when it is with a person already."""
    return _act(conversation_id, handoff.force_escalation)


@Endpoint(
    "POST",
    f"{PLACE}/close",
    TAG,
    Scope.CONVERSATIONS_WRITE,
    ConversationResource,
    refusals=(412,),
    idempotent=True,
)
def close_conversation(conversation_id: UUID) -> Answer:
    """End the conversation; 409 unless the token's user has it, or when the customer just wrote."""
    return _act(conversation_id, handoff.close)


def require_conversation(conversation_id: UUID) -> Conversation:
    """The conversation that a request names; a Problem (404) when there is none."""
    row = stored.find_with_people(conversation_id)
    if row is None:
        raise not_found("conversation")
    seal_answer_with(row.data_key_id)
    return row


def _act(conversation_id: UUID, action: Callable[[UUID, int], Any]) -> Answer:
    """What an agent does with a conversation; refusals of the desk are told by their handlers."""
    row = stored.get_locked(conversation_id)
    seal_answer_with(row.data_key_id)
    check_match(conversation_resource(row))
    action(conversation_id, current_user_id())
    db.session.flush()
    return single(conversation_resource(require_conversation(conversation_id)))
