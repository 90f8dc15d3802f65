"""The part of a turn that may take long: what the messages mean, what follows from it, and the
answer to a question.

No transaction is open here. The result holds everything that `commit` stores and that a replay
needs.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from gatte.conversation import decision_history, rules, voice_confirmation
from gatte.conversation.classifier_gate import needs_classifier
from gatte.conversation.command_intents import with_intents
from gatte.conversation.commands import TurnReading
from gatte.conversation.decision_history import DecisionHistory
from gatte.conversation.nlu import IntentPrediction, MessageKind, Utterance
from gatte.conversation.snapshot import (
    AnswerNotFound,
    ExternalEvent,
    MessagesReceived,
    Owner,
    Snapshot,
)
from gatte.conversation.states import Event
from gatte.infra.scoped_cache import cache_scope
from gatte.intelligence import service
from gatte.intelligence.command_generator import TurnRequest, record_of
from gatte.intelligence.guard import turn_guard
from gatte.intelligence.guard.turn_guard import GuardedTurn
from gatte.intelligence.turn_answers import AskedOfTurn, answer_turn, tell_whole_article
from gatte.intelligence.understanding.reading_input import context_of, readable_texts
from gatte.intelligence.understanding.turn_features import TurnContext
from gatte.observability.metric_labels import TurnStep
from gatte.turns.load import TurnInput, UnreadMessage

CLASSIFIED_KINDS = (
    MessageKind.TEXT,
    MessageKind.IMAGE,
    MessageKind.VIDEO,
    MessageKind.DOCUMENT,
    MessageKind.AUDIO,
    MessageKind.EDIT,
)


@dataclass
class TurnResult:
    """What a turn came to: one decision, how each message was understood, the question that nothing
    answered, and how long each step took (milliseconds).
    """

    history: DecisionHistory
    utterances: tuple[Utterance, ...] = ()
    trace: dict[str, Any] = field(default_factory=dict)
    unanswered: str = ""
    step_durations_ms: dict[str, float] = field(default_factory=dict)


@cache_scope()
def process(reading: TurnInput) -> TurnResult:
    """Understand the unread messages together and decide what follows; a message that the guard
    blocks is read by nothing but the guard. What is found in the texts is found once.
    """
    reading = _with_confirmed_words(reading)
    thought = TurnResult(decision_history.start(reading.snapshot))
    with _timed(thought, TurnStep.CLASSIFY):
        guarded = _guarded(reading)
        thought.trace |= guarded.trace
        written = tuple(
            _to_utterance(unread) for unread in reading.unread if not unread.from_company_phone
        )
        together = _read_together(reading, written, guarded)
        heard = with_intents(written, together)
        thought.utterances = tuple(_with_intent(one, reading, guarded) for one in heard)
    with _timed(thought, TurnStep.DECIDE):
        thought.history = _decide(reading, thought.utterances, together)
    if thought.history.decision.question is not None:
        _answer(thought, reading, guarded)
    return thought


def _with_confirmed_words(reading: TurnInput) -> TurnInput:
    """The reading, where a yes to what was heard is the words that were heard."""
    return replace(
        reading, unread=tuple(_confirmed(unread, reading.snapshot) for unread in reading.unread)
    )


def _confirmed(unread: UnreadMessage, snapshot: Snapshot) -> UnreadMessage:
    words = voice_confirmation.confirmed_text(snapshot, unread.text, unread.choice)
    if words is None or unread.from_company_phone:
        return unread
    return replace(unread, kind=MessageKind.TEXT, text=words, choice=None, doubtful=())


def _guarded(reading: TurnInput) -> GuardedTurn:
    """What the guard makes of the words that a bot is to read."""
    if reading.snapshot.owner is not Owner.BOT:
        return GuardedTurn()
    written = {
        str(unread.id): unread.text
        for unread in reading.unread
        if unread.text and unread.choice is None and not unread.from_company_phone
    }
    return turn_guard.screen_turn(written)


def _decide(
    reading: TurnInput, heard: tuple[Utterance, ...], together: TurnReading
) -> DecisionHistory:
    """What follows from the messages; a person who wrote from the company's phone has taken the
    conversation over.
    """
    decided = decision_history.start(reading.snapshot)
    if any(unread.from_company_phone for unread in reading.unread):
        decided = decided.apply(ExternalEvent(Event.AGENT_REPLIED, "answered from the phone"))
    return decided.apply(MessagesReceived(heard, together)) if heard else decided


def _read_together(
    reading: TurnInput, heard: tuple[Utterance, ...], guarded: GuardedTurn
) -> TurnReading:
    """The turn's words as models read them in their place, without messages that hold a secret;
    nothing where a person owns the conversation, and a hostile turn where the guard blocks.
    """
    texts = readable_texts(heard)
    if not texts or reading.snapshot.owner is not Owner.BOT:
        return TurnReading()
    if guarded.blocked:
        return guarded.hostile_reading()
    request = TurnRequest(texts, reading.snapshot, _history(reading), guarded.is_suspicious)
    return service.read_turn(request, _context(reading))


def _history(reading: TurnInput) -> list[tuple[str, str]]:
    """The last lines; what the guard blocks of them is taken out where they leave for a model."""
    return [(said.author, said.text) for said in reading.history]


def _context(reading: TurnInput) -> TurnContext:
    bubble = next((said.text for said in reading.history[::-1] if said.author != "customer"), "")
    return context_of(reading.snapshot, bubble)


def _to_utterance(unread: UnreadMessage) -> Utterance:
    return Utterance(
        message_id=str(unread.id),
        kind=unread.kind,
        text=unread.text,
        choice=unread.choice,
        doubtful=unread.doubtful,
        filename=unread.filename,
        mime_type=unread.mime_type,
        referenced_message_id=unread.target_id,
    )


def _with_intent(one: Utterance, reading: TurnInput, guarded: GuardedTurn) -> Utterance:
    """The message with its intent, unless Gemini gave it one: then no other model is asked."""
    is_read = one.choice is None and one.kind in CLASSIFIED_KINDS
    is_blocked = one.message_id in guarded.blocked
    if one.understanding is not None or not is_read or is_blocked:
        return one
    return replace(one, understanding=_understand(one.text, reading))


def _understand(text: str, reading: TurnInput) -> IntentPrediction | None:
    """The intent of a text: by rules where they settle it, by a model only where its word may
    matter, else None.
    """
    if reading.snapshot.owner is not Owner.BOT or not text:
        return None
    if not needs_classifier(reading.snapshot, text):
        return rules.predict_by_rule(text)
    return service.predict_intent(text)


def _answer(thought: TurnResult, reading: TurnInput, guarded: GuardedTurn) -> None:
    """Look the decision's question up and let the orchestrator go on with the answer, or without
    one.
    """
    with _timed(thought, TurnStep.ANSWER):
        decision = thought.history.decision
        asked = AskedOfTurn(
            text=decision.question or "",
            fact_questions=decision.fact_questions,
            facts=reading.facts,
            hours=reading.snapshot.hours,
            now=reading.snapshot.now,
            record=record_of(decision.snapshot),
            memory=decision.snapshot.memory,
            hardened=guarded.is_suspicious,
        )
        if decision.whole_article:
            found, thought.trace["answer"] = tell_whole_article(decision.whole_article)
        else:
            found, thought.trace["answer"] = answer_turn(asked, _history(reading), reading.edition)
        thought.unanswered = asked.text if isinstance(found, AnswerNotFound) else ""
    thought.history = thought.history.apply(found)


@contextmanager
def _timed(thought: TurnResult, step: TurnStep) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        thought.step_durations_ms[step.value] = round((time.perf_counter() - started) * 1000, 2)
