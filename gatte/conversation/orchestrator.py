"""`advance`: a snapshot and a happening in, a decision out. The same input gives the same decision, always."""

from gatte.conversation import listening
from gatte.conversation.answering import answered, not_answered
from gatte.conversation.draft import Draft
from gatte.conversation.happened import happen
from gatte.conversation.snapshot import Answered, CustomerSpoke, Decision, Happened, Happening, NotAnswered, Owner, Snapshot


def advance(snapshot: Snapshot, happening: Happening) -> Decision:
    """What follows from a happening; InvalidTransition when it cannot happen in this state.

    A human who owns the conversation is never spoken over: whatever a customer says or a late answer brings, nothing is replied.
    """
    draft = Draft(snapshot)
    match happening:
        case CustomerSpoke():
            listening.hear(draft, happening)
        case Happened():
            happen(draft, happening)
        case _ if snapshot.owner == Owner.HUMAN:
            return draft.decision()
        case Answered():
            answered(draft, happening)
        case NotAnswered():
            not_answered(draft, happening)
    return draft.decision()
