"""`advance`: a snapshot and a happening in, a decision out. The same input gives the same decision,
always.
"""

from gatte.conversation import customer_input
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.external_events import handle_external_event
from gatte.conversation.knowledge_answers import handle_answer, handle_no_answer
from gatte.conversation.snapshot import (
    AnswerFound,
    AnswerNotFound,
    Decision,
    ExternalEvent,
    Input,
    MessagesReceived,
    Owner,
    Snapshot,
)
from gatte.infra.scoped_cache import cache_scope


@cache_scope()
def advance(snapshot: Snapshot, happening: Input) -> Decision:
    """What follows from a happening; InvalidTransition when it cannot happen in this state.

    A human who owns the conversation is never spoken over: whatever a customer says or a late
    answer brings, nothing is replied. What is found in a text is found once.
    """
    draft = DecisionBuilder(snapshot)
    match happening:
        case MessagesReceived():
            customer_input.handle_messages(draft, happening)
        case ExternalEvent():
            handle_external_event(draft, happening)
        case _ if snapshot.owner == Owner.HUMAN:
            return draft.decision()
        case AnswerFound():
            handle_answer(draft, happening)
        case AnswerNotFound():
            handle_no_answer(draft, happening)
    return draft.decision()
