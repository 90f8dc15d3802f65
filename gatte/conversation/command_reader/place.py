"""Where a customer speaks."""

from dataclasses import dataclass

from gatte.conversation.flows.base import Flow, Slot
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import State


@dataclass(frozen=True)
class Place:
    """Where a customer speaks: the state, the running flow, the slot asked, whether an offer is
    open.
    """

    snapshot: Snapshot
    flow: Flow | None
    slot: Slot | None
    offered: str
    texts: tuple[str, ...]

    @property
    def confirming(self) -> bool:
        return self.snapshot.state == State.CONFIRMING

    @property
    def waiting(self) -> bool:
        """Whether a person is awaited."""
        return self.snapshot.state == State.WAITING_HUMAN

    @property
    def awaits_yes(self) -> bool:
        """Whether a yes or a no answers something."""
        return self.confirming or bool(self.offered)
