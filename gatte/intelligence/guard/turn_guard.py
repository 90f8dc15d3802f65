"""The guard over a whole turn: every message is screened, what is blocked or suspicious is logged,
and lines of the history that are blocked leave for no model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import structlog

from gatte.conversation.commands import Hostile, TurnReading
from gatte.conversation.nlu import PredictionSource
from gatte.intelligence.guard import message_screen
from gatte.intelligence.guard.message_screen import Verdict
from gatte.intelligence.pseudonymization import CUSTOMER

MODEL = "guard-v1"
WITHHELD = "[mensagem retirada]"
"""Stands in a history for a line that was blocked."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class GuardedTurn:
    """The verdicts on the messages of a turn, by message id, without those that are clear."""

    verdicts: Mapping[str, Verdict] = field(default_factory=dict)

    @property
    def blocked(self) -> dict[str, Verdict]:
        """The messages that go no further."""
        return {key: one for key, one in self.verdicts.items() if one.is_blocked}

    @property
    def is_suspicious(self) -> bool:
        """Whether what goes on needs a hardened prompt."""
        return any(one.is_suspicious for one in self.verdicts.values())

    @property
    def trace(self) -> dict[str, Any]:
        """The verdicts as JSON values, for the trace of the turn; nothing where all is clear."""
        if not self.verdicts:
            return {}
        return {"guard": {key: _told(one) for key, one in self.verdicts.items()}}

    def hostile_reading(self) -> TurnReading:
        """How a turn with a blocked message is read: it is hostile, and nothing else counts."""
        surest = max(one.probability for one in self.blocked.values())
        found = Hostile(source=PredictionSource.LOCAL, confidence=surest)
        return TurnReading(model=MODEL, commands=(found,))


def screen_turn(written: Mapping[str, str]) -> GuardedTurn:
    """Screen the texts of a turn, by message id; those that are harmless alone are screened
    together, too, since an attack may be sent in pieces. The last one has that verdict.
    """
    found = {key: message_screen.screen(text) for key, text in written.items()}
    is_blocked = any(one.is_blocked for one in found.values())
    if len(found) > 1 and not is_blocked:
        together = message_screen.judge("\n".join(written.values()))
        if together.is_blocked:
            found[list(found)[-1]] = together
    for key, verdict in found.items():
        if verdict.is_blocked:
            log.warning("guard_blocked", message_id=key, **_told(verdict))
        elif verdict.is_suspicious:
            log.info("guard_suspicious", message_id=key, **_told(verdict))
    noted = {key: one for key, one in found.items() if one.is_blocked or one.is_suspicious}
    return GuardedTurn(noted)


def without_blocked(history: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines of a history, pairs of author and text, where blocked ones say nothing, nor do
    lines of the customer, one after the other, that are blocked together.
    """
    lines: list[tuple[str, str]] = []
    for is_customer, group in groupby(history, lambda line: line[0] == CUSTOMER):
        spoken = list(group)
        lines += _passable([text for _, text in spoken]) if is_customer else spoken
    return lines


def _passable(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Lines of the customer that follow each other, as a model may read them."""
    blocked = [bool(text) and message_screen.judge(text).is_blocked for text in texts]
    if len(texts) > 1 and not any(blocked):
        together = message_screen.judge("\n".join(texts))
        blocked = [together.is_blocked] * len(texts)
    pairs = zip(texts, blocked, strict=True)
    return [(CUSTOMER, WITHHELD if is_blocked else text) for text, is_blocked in pairs]


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "band": verdict.band.value,
        "probability": verdict.probability,
        "patterns": list(verdict.patterns),
        "disguised": verdict.disguised,
    }
