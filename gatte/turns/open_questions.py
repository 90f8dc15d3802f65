"""What a turn could not answer is noted for the company's people, without personal values."""

from uuid import UUID

from gatte.conversation.rules import says_unhelpful
from gatte.conversation.secret_detection import secret_in
from gatte.decisions.apply import PendingTurn
from gatte.intelligence.command_generator import record_of
from gatte.intelligence.pseudonymization import CUSTOMER, Pseudonymizer
from gatte.models import Conversation, UnansweredReason
from gatte.store import unanswered
from gatte.turns.load import TurnInput
from gatte.turns.process import TurnResult

LONGEST_QUESTION = 500


def stage(
    conversation: Conversation, reading: TurnInput, thought: TurnResult, record: PendingTurn
) -> None:
    """Add the question that this turn leaves open, if any, to the batch of its record."""
    found = _open_question(reading, thought)
    if found is None or conversation.data_key_id is None:
        return
    question, reason = found
    hidden = Pseudonymizer(record_of(reading.snapshot))
    hidden.learn_from_dialogue([(said.author, said.text) for said in reading.history], [question])
    text = hidden.hide(question[:LONGEST_QUESTION]).text.strip()
    if text:
        unanswered.insert(record.batch, conversation, _message_id(reading), text, reason)


def _open_question(reading: TurnInput, thought: TurnResult) -> tuple[str, UnansweredReason] | None:
    """The customer's words that have no answer, and why; None when there are none."""
    if any(secret_in(one) is not None for one in thought.utterances):
        return None
    if thought.unanswered:
        return thought.unanswered, UnansweredReason.NO_ANSWER
    said = "\n".join(one.text for one in thought.utterances if one.text and not one.choice)
    before = _question_before(reading)
    if before and reading.snapshot.flags.get("answered") and says_unhelpful(said):
        return before, UnansweredReason.NOT_HELPFUL
    rose = thought.history.decision.snapshot.fallback_count > reading.snapshot.fallback_count
    is_in_form = reading.snapshot.flow is not None
    if said and rose and not is_in_form:
        return said, UnansweredReason.NOT_UNDERSTOOD
    return None


def _question_before(reading: TurnInput) -> str:
    """What the customer said last before this turn."""
    said = [one.text for one in reading.history if one.author == CUSTOMER and one.text]
    return said[-1] if said else ""


def _message_id(reading: TurnInput) -> UUID | None:
    """The message that this turn read last."""
    return reading.unread[-1].id if reading.unread else None
