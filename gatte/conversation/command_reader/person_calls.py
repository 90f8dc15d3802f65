"""Whether a turn calls for a person: somebody tells of their own case or asks for one, rather than
asking about such things, answering the bot, or telling what is over.

A logistic regression over what speaks for and against it (`call_evidence`). Its weights and the
threshold come from `python -m tests.quality.fit_person_calls`, on readings of voices that the model
had not learned from: docs/decisions/0085-calls-heard-by-themselves.md has the table.
"""

import math

from gatte.conversation.command_reader.call_evidence import Spot, evidence, is_no_case
from gatte.conversation.command_reader.place import Place
from gatte.conversation.commands import TurnReading
from gatte.infra.scoped_cache import scoped

BIAS = 0.36
WEIGHTS = {
    "called": 1.25,
    "called, odds": 0.32,
    "rival": -1.24,
    "called beyond rival": 0.86,
    "called without rival": 0.38,
    "escalation": -0.27,
    "escalation, odds": -0.03,
    "complaint": -1.01,
    "person asked for": 0.01,
    "call": 0.58,
    "call, odds": 0.37,
    "Question, odds": 0.08,
    "StartFlow, odds": 0.03,
    "CorrectSlot, odds": 0.08,
    "SetSlot, odds": 0.07,
    "Affirm, odds": 0.05,
    "SmallTalk, odds": -0.05,
    "OffTopic, odds": -0.05,
    "at the start": -0.01,
    "at a slot": -0.04,
    "at a summary": 0.14,
    "in the queue": -0.04,
    "alarm": -0.23,
    "person named": -0.72,
    "asks": -0.04,
    "question mark": 0.28,
    "long": 0.49,
    "short": -0.25,
    "own case": 0.5,
    "asks, no own case": -0.24,
    "supposed": -1.79,
    "curious": -2.15,
    "over": -2.37,
    "of others": -1.93,
    "in fun": -5.06,
    "of attendants": -1.54,
    "happened": -0.4,
    "stopped": 0.56,
    "demanded": 0.33,
    "upset": 0.19,
}
CALL_THRESHOLD = 0.4
"""From here on a turn calls for a person."""
DISPUTING = ("Question", "StartFlow", "CorrectSlot", "SetSlot", "Affirm")
RULE_ALONE = 0.2
"""Where no rival is this likely, and a call is heard at least so surely, the words of an alarm are
enough.
"""


def calls_for_person(place: Place, reading: TurnReading, *, by_rule: bool = False) -> bool:
    """Whether a turn calls for a person; `by_rule` where rules heard the words of an alarm too.
    While somebody waits already, only a reason to escalate is a call.
    """
    if by_rule and _is_undisputed(place, reading):
        return True
    return call_probability(place.texts, reading, _spot(place)) >= CALL_THRESHOLD


@scoped
def call_probability(texts: tuple[str, ...], reading: TurnReading, spot: Spot) -> float:
    """How surely a turn calls for a person, 0 to 1; asked for each label of a turn."""
    found = evidence(texts, reading, spot)
    weighted = sum(WEIGHTS[name] * value for name, value in found.items())
    return 1 / (1 + math.exp(-BIAS - weighted))


def _spot(place: Place) -> Spot:
    """Where the turn was written."""
    if place.waiting:
        return Spot.QUEUE
    if place.confirming:
        return Spot.CONFIRM
    return Spot.SLOT if place.slot is not None else Spot.START


def _is_undisputed(place: Place, reading: TurnReading) -> bool:
    """Whether nothing speaks against the words of an alarm."""
    if reading.call is not None and reading.call < RULE_ALONE:
        return False
    likeliest = max(reading.likelihood(name) for name in DISPUTING)
    return likeliest < RULE_ALONE and not is_no_case("\n".join(place.texts))
