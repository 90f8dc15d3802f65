"""What an agent does with a wrong reading: says what the customer meant, or takes that back."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import ValidationError

from gatte.conversation import decision_history
from gatte.conversation.commands import label_of
from gatte.conversation.decision_history import DecisionHistory
from gatte.conversation.nlu import Utterance
from gatte.conversation.snapshot import MessagesReceived
from gatte.intelligence.understanding import reading_input
from gatte.intelligence.understanding.reading_input import ReadingInput, context_of, readable_texts
from gatte.models import ExampleState, Message, TrainingExample, Turn
from gatte.store import audit, messages, training_examples, turns

LONGEST_REASON = 500


class NotCorrectable(Exception):
    """A turn has no words of a customer from which anything could be learned: it was a tap, it was
    erased, or the bot spoke by itself.
    """


class NotYourExample(Exception):
    """An agent takes back only what they corrected themselves."""


def history_of(turn: Turn) -> DecisionHistory | None:
    """The recorded history of a turn; None when it holds none, or one that nobody can read."""
    recorded = decision_history.recorded_in(turn.trace)
    if not recorded:
        return None
    try:
        return decision_history.from_json(recorded)
    except (ValidationError, KeyError):
        return None


def utterances_of(history: DecisionHistory) -> tuple[Utterance, ...]:
    """What the customer sent in a turn."""
    received = [one for one in history.inputs if isinstance(one, MessagesReceived)]
    return tuple(heard for one in received for heard in one.utterances)


def readable_input(turn: Turn, history: DecisionHistory) -> ReadingInput | None:
    """What the command model was given in a turn; None when there were no words for it."""
    texts = readable_texts(utterances_of(history))
    if not texts:
        return None
    bubble = messages.find_bubble_before_turn(turn.conversation_id, turn.id)
    return ReadingInput(texts, context_of(history.start, bubble))


def correct(message: Message, labels: Sequence[str], reason: str, user_id: int) -> TrainingExample:
    """Store what the turn behind a bot's message meant; an earlier correction of it by the same
    person is withdrawn. NotCorrectable when nothing can be learned from it.
    """
    turn = turns.find_turn(message.turn_id) if message.turn_id else None
    history = history_of(turn) if turn is not None else None
    if turn is None or history is None or message.data_key_id is None:
        raise NotCorrectable
    given = readable_input(turn, history)
    if given is None:
        raise NotCorrectable
    earlier = training_examples.find_active(turn.id, user_id)
    if earlier is not None:
        training_examples.withdraw(earlier, user_id)
    reading = next(one.reading for one in history.inputs if isinstance(one, MessagesReceived))
    resolved = (label_of(one.command) for one in history.decision.resolutions)
    example = TrainingExample(
        data_key_id=message.data_key_id,
        contact_id=message.contact_id,
        conversation_id=message.conversation_id,
        turn_id=turn.id,
        message_id=message.id,
        user_id=user_id,
        turn_input=reading_input.to_json(given),
        reason=reason or None,
        labels_before=list(dict.fromkeys(resolved)),
        labels_after=sorted(set(labels)),
        read_by=reading.model,
        state=ExampleState.ACTIVE,
    )
    training_examples.add(example)
    details = {"example": str(example.id), "labels": example.labels_after}
    audit.record(user_id, "reading.corrected", f"conversation:{message.conversation_id}", details)
    return example


def withdraw(example_id: UUID, user_id: int, *, is_admin: bool) -> TrainingExample | None:
    """Let an example no longer be learned from; None when there is none, or it was withdrawn
    before. NotYourExample for an agent who did not make it.
    """
    example = training_examples.find_locked(example_id)
    if example is None or example.state is ExampleState.WITHDRAWN:
        return None
    if example.user_id != user_id and not is_admin:
        raise NotYourExample
    training_examples.withdraw(example, user_id)
    subject = f"conversation:{example.conversation_id}"
    audit.record(user_id, "reading.restored", subject, {"example": str(example.id)})
    return example
