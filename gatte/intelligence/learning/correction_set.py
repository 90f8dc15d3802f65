"""Corrections of many agents as one set of examples: what most of them say of the same words in the
same place, and which part of it a challenger is scored on.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gatte.conversation.parsing.normalize import normalize_for_search
from gatte.intelligence.understanding.reading_input import ReadingInput
from gatte.intelligence.understanding.turn_examples import TurnExample

ONE_AGENT_WEIGHT, AGREEMENT_WEIGHT, LARGEST_WEIGHT = 2.0, 0.5, 3.0
"""How much a correction counts, what each further agent who says the same adds, and the most."""
HELD_OUT_SHARE = 0.25

SamePlace = tuple[str, str, str, str]


@dataclass(frozen=True)
class Correction:
    """What one agent says that one turn meant."""

    contact_id: UUID
    user_id: int
    made_at: datetime
    given: ReadingInput
    labels: frozenset[str]

    @property
    def key(self) -> SamePlace:
        """The same for the same words in the same kind of place."""
        context = self.given.context
        text = "\n".join(self.given.messages)
        words = normalize_for_search(text) or text
        return words, context.place, context.flow, context.slot


@dataclass(frozen=True)
class AgreedCorrection:
    """What most agents say of the same words in the same place; `agents` is how many say it."""

    contact_id: UUID
    made_at: datetime
    given: ReadingInput
    labels: frozenset[str]
    agents: int

    @property
    def example(self) -> TurnExample:
        """The correction as training takes it."""
        weight = min(LARGEST_WEIGHT, ONE_AGENT_WEIGHT + AGREEMENT_WEIGHT * (self.agents - 1))
        return TurnExample(self.given.messages, self.given.context, self.labels, weight)


@dataclass(frozen=True)
class CorrectionSplit:
    """The corrections that a trial learns from, and those it is scored on: of later contacts."""

    learned: tuple[AgreedCorrection, ...]
    held_out: tuple[AgreedCorrection, ...]


def last_words(corrections: Iterable[Correction]) -> dict[SamePlace, list[Correction]]:
    """The corrections of the same words in the same place, of each agent the latest alone."""
    latest: dict[SamePlace, dict[int, Correction]] = defaultdict(dict)
    for one in sorted(corrections, key=lambda correction: correction.made_at):
        latest[one.key][one.user_id] = one
    return {key: list(by_agent.values()) for key, by_agent in latest.items()}


def agree(corrections: Iterable[Correction]) -> tuple[AgreedCorrection, ...]:
    """What more than half of the agents say of the same words; words of which no label has such a
    majority are left out.
    """
    found: list[AgreedCorrection] = []
    for said in last_words(corrections).values():
        votes = [label for one in said for label in one.labels]
        labels = frozenset(label for label in votes if 2 * votes.count(label) > len(said))
        if not labels:
            continue
        first = min(said, key=lambda one: one.made_at)
        agents = sum(one.labels == labels for one in said)
        found.append(
            AgreedCorrection(first.contact_id, first.made_at, first.given, labels, max(1, agents))
        )
    return tuple(sorted(found, key=lambda one: one.made_at))


def split(agreed: Sequence[AgreedCorrection]) -> CorrectionSplit:
    """Hold out the contacts whose first correction came last, until a quarter of all corrections
    is theirs: no contact is on both sides, and what is scored came later than what is learned.
    """
    of_contact: dict[UUID, list[AgreedCorrection]] = defaultdict(list)
    for one in sorted(agreed, key=lambda correction: correction.made_at):
        of_contact[one.contact_id].append(one)
    learned = list(of_contact.values())
    held_out: list[AgreedCorrection] = []
    while learned and len(held_out) < HELD_OUT_SHARE * len(agreed):
        held_out += learned.pop()
    return CorrectionSplit(tuple(one for part in learned for one in part), tuple(held_out))
