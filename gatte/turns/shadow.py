"""A shadow run: past turns understood and answered again, as the installation does now and as it
would under another configuration, and what differs.

Nothing is sent and nothing is stored. Each turn starts from its own recorded start, with the words
of then, so that one difference does not lead to the next.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError

from gatte import services
from gatte.conversation import decision_history
from gatte.conversation.commands import Outcome, label_of
from gatte.conversation.decision_history import DecisionHistory
from gatte.conversation.effects import QueueForHuman
from gatte.conversation.nlu import Utterance
from gatte.conversation.replies import text_of
from gatte.conversation.snapshot import MessagesReceived, Owner
from gatte.conversation.states import InvalidTransition
from gatte.decisions import known_facts
from gatte.extensions import db
from gatte.intelligence import calls
from gatte.intelligence.command_generator import record_of
from gatte.intelligence.pseudonymization import Pseudonymizer
from gatte.models import Turn
from gatte.store import conversations, messages, training_examples, turns
from gatte.store.leases import Lease
from gatte.turns import llm_costs, process
from gatte.turns.load import HISTORY_LENGTH, HistoryMessage, TurnInput, UnreadMessage

Configuration = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class ShadowOutcome:
    """What one configuration makes of a turn: what it understood, what it would say, whether a
    person would be called, cost in BRL, and the time that it took in milliseconds.
    """

    labels: tuple[str, ...]
    replies: tuple[str, ...]
    escalates: bool
    cost_brl: float
    latency_ms: float

    def reads(self, meant: frozenset[str] | None) -> bool:
        """Whether exactly these labels were understood."""
        return frozenset(self.labels) == meant


@dataclass(frozen=True)
class ShadowTurn:
    """A turn under both configurations; texts hold placeholders. `meant` are the labels that an
    agent's correction gives it, None without one.
    """

    conversation_id: UUID
    said: tuple[str, ...]
    present: ShadowOutcome
    candidate: ShadowOutcome
    meant: frozenset[str] | None = None

    @property
    def is_same(self) -> bool:
        """Whether both understand and say the same."""
        same_labels = set(self.present.labels) == set(self.candidate.labels)
        return same_labels and self.present.replies == self.candidate.replies

    @property
    def is_new_escalation(self) -> bool:
        """Whether the candidate alone calls a person."""
        return self.candidate.escalates and not self.present.escalates


@dataclass(frozen=True)
class ShadowComparison:
    """All turns of a run, and how many could not be played again."""

    candidate: str
    conversation_count: int
    turns: tuple[ShadowTurn, ...]
    skipped: int

    def figures(self) -> dict[str, float]:
        """What the run came to, in numbers."""
        corrected = [one for one in self.turns if one.meant is not None]
        lost = [one for one in self.turns if one.present.escalates and not one.candidate.escalates]
        return {
            "same": sum(one.is_same for one in self.turns),
            "changed": sum(not one.is_same for one in self.turns),
            "skipped": self.skipped,
            "new_escalations": sum(one.is_new_escalation for one in self.turns),
            "lost_escalations": len(lost),
            "corrections": len(corrected),
            "corrections_present": sum(one.present.reads(one.meant) for one in corrected),
            "corrections_candidate": sum(one.candidate.reads(one.meant) for one in corrected),
            "cost_present_brl": round(sum(one.present.cost_brl for one in self.turns), 6),
            "cost_candidate_brl": round(sum(one.candidate.cost_brl for one in self.turns), 6),
            "latency_present_ms": median([one.present.latency_ms for one in self.turns]),
            "latency_candidate_ms": median([one.candidate.latency_ms for one in self.turns]),
        }


def median(values: Sequence[float]) -> float:
    """The middle one of some values, 0 without any."""
    ordered = sorted(values)
    return round(ordered[len(ordered) // 2], 2) if ordered else 0.0


def compare(
    name: str, candidate: Configuration, since: datetime | None, limit: int
) -> ShadowComparison:
    """Play the turns of the latest conversations under the present configuration and under another,
    which `candidate` puts in force for as long as it is entered.
    """
    known_facts.refresh()
    conversation_ids = conversations.list_latest_ids(since, limit)
    inputs: list[tuple[UUID, TurnInput]] = []
    skipped = 0
    for conversation_id in conversation_ids:
        for turn in turns.list_of_conversation(conversation_id):
            found = _input_of(turn)
            skipped += found is None
            if found is not None:
                inputs.append((turn.id, found))
    db.session.rollback()  # answering takes a connection of its own
    if services.gemini() is None:
        _warm_up(one for _, one in inputs)
    present = [_outcome(one) for _, one in inputs]
    with candidate():
        other = [_outcome(one) for _, one in inputs]
    rows = zip(inputs, present, other, strict=True)
    compared = tuple(_shown(*pair, before, after) for pair, before, after in rows)
    return ShadowComparison(name, len(conversation_ids), compared, skipped)


def _warm_up(inputs: Iterable[TurnInput]) -> None:
    """Play all once, so that caches are as full for the one side as for the other and times can be
    compared.
    """
    for one in inputs:
        _outcome(one)


def _input_of(turn: Turn) -> TurnInput | None:
    """What a turn started from, as it was recorded; None for one that holds no words of a customer
    to whom the bot spoke, or that nobody can read any more.
    """
    recorded = decision_history.recorded_in(turn.trace)
    if not recorded:
        return None
    try:
        history = decision_history.from_json(recorded)
    except (ValidationError, KeyError):
        return None
    heard = _heard(history)
    if not heard or history.start.owner is not Owner.BOT:
        return None
    said = messages.list_before_turn(turn.conversation_id, turn.id, HISTORY_LENGTH)
    return TurnInput(
        lease=Lease(turn.conversation_id, 0),
        correlation_id="",
        request_id=None,
        phone_number_id="",
        snapshot=history.start,
        unread=tuple(_unread(one) for one in heard),
        history=tuple(HistoryMessage(one.author, one.body or "") for one in said),
        owner_version=0,
        facts=known_facts.latest(),
    )


def _heard(history: DecisionHistory) -> tuple[Utterance, ...]:
    received = (one for one in history.inputs if isinstance(one, MessagesReceived))
    return tuple(heard for one in received for heard in one.utterances)


def _unread(heard: Utterance) -> UnreadMessage:
    return UnreadMessage(
        id=UUID(heard.message_id),
        sequence=0,
        kind=heard.kind,
        text=heard.text,
        choice=heard.choice,
        filename=heard.filename,
        mime_type=heard.mime_type,
        wamid=None,
        target_id=heard.referenced_message_id,
        from_company_phone=False,
    )


def _outcome(given: TurnInput) -> ShadowOutcome:
    """What the configuration in force makes of a turn; one whose state the rules of today refuse
    understands and says nothing.
    """
    started = time.perf_counter()
    with calls.collected() as made:
        try:
            decision = process.process(given).history.decision
        except InvalidTransition:
            return ShadowOutcome((), (), escalates=False, cost_brl=0.0, latency_ms=0.0)
    elapsed_ms = (time.perf_counter() - started) * 1000
    resolved = [one for one in decision.resolutions if one.outcome is not Outcome.OVERRULED]
    return ShadowOutcome(
        labels=tuple(dict.fromkeys(label_of(one.command) for one in resolved)),
        replies=tuple(text_of(reply) for reply in decision.replies),
        escalates=any(isinstance(effect, QueueForHuman) for effect in decision.effects),
        cost_brl=llm_costs.total_of(made),
        latency_ms=round(elapsed_ms, 2),
    )


def _shown(
    turn_id: UUID, given: TurnInput, present: ShadowOutcome, candidate: ShadowOutcome
) -> ShadowTurn:
    """A turn as a report may show it, with placeholders for personal values."""
    hidden = Pseudonymizer(record_of(given.snapshot))
    said = [one.text for one in given.unread]
    hidden.learn_from_dialogue([(one.author, one.text) for one in given.history], said)
    return ShadowTurn(
        conversation_id=given.lease.conversation_id,
        said=tuple(one.text for one in hidden.hide_messages(said)),
        present=_without_values(present, hidden),
        candidate=_without_values(candidate, hidden),
        meant=_meant(turn_id),
    )


def _without_values(outcome: ShadowOutcome, hidden: Pseudonymizer) -> ShadowOutcome:
    replies = tuple(hidden.hide(text).text for text in outcome.replies)
    return ShadowOutcome(
        outcome.labels, replies, outcome.escalates, outcome.cost_brl, outcome.latency_ms
    )


def _meant(turn_id: UUID) -> frozenset[str] | None:
    """What agents say that a turn meant: the labels that most of them give."""
    said = [frozenset(one.labels_after) for one in training_examples.list_of_turn(turn_id)]
    if not said:
        return None
    votes = [label for labels in said for label in labels]
    return frozenset(label for label in votes if 2 * votes.count(label) > len(said))


def changed_turns(comparison: ShadowComparison) -> Iterator[ShadowTurn]:
    """The turns that come out differently, those with another call for a person first."""
    changed = [one for one in comparison.turns if not one.is_same]
    yield from (one for one in changed if one.present.escalates != one.candidate.escalates)
    yield from (one for one in changed if one.present.escalates == one.candidate.escalates)
