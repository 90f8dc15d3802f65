"""How values are read that a slot asked for: the core gets the turn as the local model reads it,
and its slot is compared with the gold value.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gatte.conversation.flows.base import FlowName
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.nlu import MessageKind, Utterance
from gatte.conversation.orchestrator import advance
from gatte.conversation.snapshot import AppointmentFacts, MessagesReceived, Snapshot
from gatte.conversation.states import State
from gatte.intelligence.service import LocalModels
from gatte.intelligence.understanding import turn_examples
from tests.quality.judge import same
from tests.quality.play import NOW

SLOTS = frozenset({"name", "document", "company", "email", "product", "day", "period"})
"""Slots whose value is one; what is told in free words is kept as it was said."""
PARTIAL = frozenset({"", "unsure", "A1", "A3", "e-CPF", "e-CNPJ"})
"""Values that leave open what is wanted: they are asked about again."""
BOOKED = AppointmentFacts("a1", 1001, NOW + timedelta(days=2))
"""The time that a customer has who moves or cancels one."""


@dataclass(frozen=True)
class ReadValue:
    """A value that was asked for, and what was stored for it; None where nothing was."""

    id: str
    voice: str
    slot: str
    wanted: str
    stored: str | None

    @property
    def is_misread(self) -> bool:
        """Whether something else was stored."""
        return self.stored is not None and not same(self.wanted, self.stored)

    @property
    def is_right(self) -> bool:
        """Whether the value was stored as it was meant."""
        return self.stored is not None and same(self.wanted, self.stored)


def read_all(turns: list[dict[str, Any]], models: LocalModels) -> list[ReadValue]:
    """Each value that a turn gives for the slot that was asked, as the core stores it."""
    return [one for turn in turns for one in _read(turn, models)]


def _read(turn: dict[str, Any], models: LocalModels) -> Iterator[ReadValue]:
    flow, slot = turn.get("flow") or "", turn.get("slot") or ""
    given = [one for one in turn["commands"] if one["command"] in {"SetSlot", "CorrectSlot"}]
    values = [one["value"] for one in given if one.get("slot") == slot]
    is_meant = slot in SLOTS and flow in FLOWS and len(values) == 1 and values[0] not in PARTIAL
    if not is_meant:
        return
    context = turn_examples.from_json(turn).context
    reading = models.command_model.read(turn["messages"], context)
    said = tuple(
        Utterance(str(n), MessageKind.TEXT, text) for n, text in enumerate(turn["messages"])
    )
    booked = () if flow == FlowName.SCHEDULE else (BOOKED,)
    asked = Snapshot(State.COLLECTING, NOW, flow=flow, requested_slot=slot, appointments=booked)
    decided = advance(asked, MessagesReceived(said, reading)).snapshot
    stored = decided.slots.get(slot) if decided.flow == flow else None
    yield ReadValue(turn["id"], turn["voice"], slot, values[0], stored or None)
