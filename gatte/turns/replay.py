"""A past conversation again: the recorded starts and happenings through today's rules, and where
the outcome differs.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from gatte.conversation import decision_history
from gatte.conversation.decision_history import DecisionHistory
from gatte.conversation.states import InvalidTransition
from gatte.store import turns


@dataclass(frozen=True)
class ReplayDifference:
    """One part of a turn's decision (steps, replies, effects or snapshot) that came out
    differently.
    """

    turn_id: UUID
    part: str
    recorded: Any
    replayed: Any


@dataclass(frozen=True)
class ReplayReport:
    """How many turns were played again, how many hold nothing to play (their content was erased),
    and what differs.
    """

    turns: int
    redacted: int
    differences: tuple[ReplayDifference, ...]


def replay_conversation(conversation_id: UUID) -> ReplayReport:
    """Play all turns of a conversation again, each from its own recorded start; nothing is stored
    or sent.
    """
    found = turns.list_of_conversation(conversation_id)
    played = 0
    differences: list[ReplayDifference] = []
    for turn in found:
        recorded = decision_history.recorded_in(turn.trace)
        if recorded:
            played += 1
            differences += _differences(turn.id, recorded)
    return ReplayReport(played, len(found) - played, tuple(differences))


def _differences(turn_id: UUID, recorded: dict[str, Any]) -> list[ReplayDifference]:
    try:
        before = decision_history.from_json(recorded)
        after = decision_history.replay(before)
    except (ValidationError, KeyError, InvalidTransition) as error:
        return [
            ReplayDifference(
                turn_id,
                "history",
                "could be played when it was recorded",
                f"{type(error).__name__}: {error}",
            )
        ]
    pairs = zip(_parts(before), _parts(after), strict=True)
    return [
        ReplayDifference(turn_id, name, then, now)
        for (name, then), (_, now) in pairs
        if then != now
    ]


def _parts(history: DecisionHistory) -> list[tuple[str, Any]]:
    decision = decision_history.to_json(history)["decision"]
    return [(name, decision[name]) for name in ("steps", "replies", "effects", "snapshot")]
