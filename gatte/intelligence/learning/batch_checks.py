"""Whether corrections may be learned from: there are enough, from enough contacts, by agents who do
not contradict the others, with labels that are not drawn by lot.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gatte.intelligence.learning.correction_set import (
    AgreedCorrection,
    Correction,
    agree,
    last_words,
)
from gatte.intelligence.understanding.command_model import CommandModel
from gatte.intelligence.understanding.reading_input import ReadingInput

LEAST_EXAMPLES = 20
LEAST_CONTACTS = 5
LARGEST_CONTACT_SHARE = 0.2
LEAST_OVERLAP = 4
"""Of an agent's corrections that another agent made too, from which on their agreement is told."""
LEAST_AGREEMENT = 0.5
PLAUSIBLE_RANKS = 8
"""A label among so many likeliest ones of the model that had read the turn wrongly is plausible: of
right labels 97 % are, of labels drawn by lot 20 %.
"""
LEAST_PLAUSIBLE = 0.6
LEAST_REPEATED, LEAST_REPEATED_SHARE = 3, 0.1
"""How often implausible labels must come, in number and among all such, to be no lot's."""
LEAST_OF_AGENT = 5
"""Of an agent's corrections, from which on their plausibility is told."""


Labelled = tuple[ReadingInput, frozenset[str]]


class RefusalReason(StrEnum):
    """Why nothing was trained, or a trained model may not answer."""

    TOO_FEW_EXAMPLES = "too_few_examples"
    TOO_FEW_CONTACTS = "too_few_contacts"
    ONE_CONTACT = "one_contact"
    AGENT_CONTRADICTS = "agent_contradicts"
    IMPLAUSIBLE_LABELS = "implausible_labels"
    IMPLAUSIBLE_AGENT = "implausible_agent"
    WORSE_OVERALL = "worse_overall"
    WORSE_ON_CORRECTIONS = "worse_on_corrections"
    CLASS_DROPPED = "class_dropped"


@dataclass(frozen=True)
class Refusal:
    """A reason, with the figure or the id that it is about."""

    reason: RefusalReason
    detail: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


def check(corrections: Sequence[Correction], model: CommandModel) -> tuple[Refusal, ...]:
    """Why these corrections may not be learned from; empty when they may. `model` reads as before
    any of them was learned.
    """
    agreed = agree(corrections)
    contacts = {one.contact_id for one in corrections}
    if len(agreed) < LEAST_EXAMPLES:
        detail = f"{len(agreed)} of {LEAST_EXAMPLES}"
        return (Refusal(RefusalReason.TOO_FEW_EXAMPLES, detail),)
    if len(contacts) < LEAST_CONTACTS:
        detail = f"{len(contacts)} of {LEAST_CONTACTS}"
        return (Refusal(RefusalReason.TOO_FEW_CONTACTS, detail),)
    return (
        *_of_one_contact(corrections),
        *_of_contradicting_agents(corrections),
        *_of_implausible_labels(corrections, agreed, model),
    )


def _of_one_contact(corrections: Sequence[Correction]) -> Iterator[Refusal]:
    counts = Counter(one.contact_id for one in corrections)
    for count in counts.values():
        if count > LARGEST_CONTACT_SHARE * len(corrections):
            detail = f"{count} of {len(corrections)}"
            yield Refusal(RefusalReason.ONE_CONTACT, detail)


def _of_contradicting_agents(corrections: Sequence[Correction]) -> Iterator[Refusal]:
    """Agents who mostly say something else than the other agents say of the same words."""
    shared: dict[int, list[bool]] = defaultdict(list)
    for said in last_words(corrections).values():
        for one in said:
            others = [other.labels for other in said if other.user_id != one.user_id]
            if others:
                agreeing = sum(bool(one.labels & labels) for labels in others)
                shared[one.user_id].append(2 * agreeing >= len(others))
    for user_id, agreements in shared.items():
        share = sum(agreements) / len(agreements)
        if len(agreements) >= LEAST_OVERLAP and share < LEAST_AGREEMENT:
            detail = f"{len(agreements) - sum(agreements)} of {len(agreements)}, user {user_id}"
            yield Refusal(RefusalReason.AGENT_CONTRADICTS, detail)


def _of_implausible_labels(
    corrections: Sequence[Correction], agreed: Sequence[AgreedCorrection], model: CommandModel
) -> Iterator[Refusal]:
    drawn = _drawn_by_lot([(one.given, one.labels) for one in agreed], model)
    if len(agreed) - drawn < LEAST_PLAUSIBLE * len(agreed):
        yield Refusal(RefusalReason.IMPLAUSIBLE_LABELS, f"{drawn} of {len(agreed)}")
        return
    of_agent: dict[int, list[Labelled]] = defaultdict(list)
    for one in corrections:
        of_agent[one.user_id].append((one.given, one.labels))
    for user_id, said in of_agent.items():
        drawn = _drawn_by_lot(said, model)
        if len(said) >= LEAST_OF_AGENT and len(said) - drawn < LEAST_PLAUSIBLE * len(said):
            detail = f"{drawn} of {len(said)}, user {user_id}"
            yield Refusal(RefusalReason.IMPLAUSIBLE_AGENT, detail)


def _drawn_by_lot(said: Sequence[Labelled], model: CommandModel) -> int:
    """How many labels are neither plausible nor given again and again: what a model is blind to is
    corrected to the same labels each time, a lot draws others.
    """
    implausible = [labels for given, labels in said if not is_plausible(given, labels, model)]
    often = max(LEAST_REPEATED, LEAST_REPEATED_SHARE * len(implausible))
    counts = Counter(implausible)
    return sum(counts[labels] < often for labels in implausible)


def is_plausible(given: ReadingInput, labels: frozenset[str], model: CommandModel) -> bool:
    """Whether a model thinks of all these labels at all when it reads the turn."""
    chances = model.chances(given.messages, given.context)
    likeliest = (-chances).argsort()[:PLAUSIBLE_RANKS]
    thought_of = {model.labels[rank] for rank in likeliest}
    return labels <= thought_of
