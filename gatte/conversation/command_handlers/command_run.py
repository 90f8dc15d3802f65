"""The commands of a turn on their way through the handlers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatte.conversation.commands import Command, Outcome, Resolution
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.states import State


@dataclass
class CommandRun:
    """The commands of a turn on their way: what was said, what was offered before, and what came of
    it so far.
    """

    draft: DecisionBuilder
    commands: tuple[Command, ...]
    said: Sequence[UnderstoodText]
    attached: Sequence[str] = ()
    offered: str = ""
    settled_by: str = ""
    changed: bool = False
    corrected: bool = False
    progressed: bool = False
    resolutions: list[Resolution] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that was said."""
        return "\n".join(one.text for one in self.said)

    @property
    def waiting(self) -> bool:
        """Whether a person is awaited."""
        return self.draft.snapshot.state == State.WAITING_HUMAN

    @property
    def confirming(self) -> bool:
        return self.draft.snapshot.state == State.CONFIRMING

    def settle(self, by: Command) -> Outcome:
        """Nothing after this command is carried out in this turn."""
        self.settled_by = by.command
        self.progressed = True
        return Outcome.DONE

    def count_no_progress(self) -> int:
        """One more turn without progress; how many they are in a row."""
        count = self.draft.snapshot.fallback_count + 1
        self.draft.update(fallback_count=count)
        return count


Handler = Callable[[CommandRun, Any], Outcome]
