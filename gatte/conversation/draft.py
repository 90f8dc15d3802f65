"""A decision in the making: the one mutable object of the core, alive only inside `orchestrator.advance`."""

import json
from dataclasses import replace
from typing import Any

from gatte.conversation.compose import merge
from gatte.conversation.effects import Effect
from gatte.conversation.parsing.words import fold
from gatte.conversation.replies import Buttons, Menu, Option, Reply, Text
from gatte.conversation.snapshot import Decision, Owner, Snapshot, Step
from gatte.conversation.states import Event, State, next_state
from gatte.conversation.texts import say
from gatte.conversation.thresholds import TRAIL_LENGTH

SUSPENDED = "suspended."
"""Prefix of the slots of a flow that was left for another, kept beside those of the running one."""

ATTACHMENTS = "attachments"
"""The slot that holds the ids of the media which came during a flow."""


class Draft:
    """Collects steps, replies and effects while the snapshot moves on."""

    def __init__(self, before: Snapshot) -> None:
        self.before = before
        self.now = before
        self.steps: list[Step] = []
        self.replies: list[Reply] = []
        self.effects: list[Effect] = []
        self.question: str | None = None

    def move(self, event: Event, cause: str) -> None:
        """Make a transition; InvalidTransition when the table does not know it."""
        target = next_state(self.now.state, event)
        self.steps.append(Step(self.now.state, target, event, cause))
        owner = Owner.HUMAN if target == State.WITH_HUMAN else Owner.BOT
        self.now = replace(self.now, state=target, owner=owner)

    def keep(self, **changes: Any) -> None:  # noqa: ANN401 -- passed on to `replace`, which knows the fields
        """Change fields of the snapshot; `replace` refuses names that it has not."""
        if any(getattr(self.now, name) != value for name, value in changes.items()):
            self.now = replace(self.now, **changes)

    def note(self, name: str, value: str | None = "1") -> None:
        """Remember a mark of the core between turns, or forget it (None)."""
        if value is None and name not in self.now.notes:
            return
        notes = {key: kept for key, kept in self.now.notes.items() if key != name}
        self.keep(notes=notes if value is None else {**notes, name: str(value)})

    def noted(self, name: str) -> str:
        """The mark under this name, empty when there is none."""
        return self.now.notes.get(name, "")

    def put(self, slots: dict[str, str]) -> None:
        """Fill slots of the running flow."""
        self.keep(slots={**self.now.slots, **{name: str(value) for name, value in slots.items()}})

    def drop(self, *names: str) -> None:
        """Empty slots of the running flow."""
        self.keep(slots={name: value for name, value in self.now.slots.items() if name not in names})

    def say(self, key: str, **variables: object) -> None:
        """Add a text of the catalogue."""
        self.replies.append(Text(say(key, **variables)))

    def insert(self, body: str) -> None:
        """Put a text in front of all that is said."""
        self.replies.insert(0, Text(body))

    def ask(self, body: str, *options: Option) -> None:
        """Add a text with one to three buttons."""
        self.replies.append(Buttons(body, options))

    def offer(self, body: str, options: tuple[Option, ...]) -> None:
        """Add a text with a list: three options or fewer become buttons when their titles fit."""
        self.replies.append(Menu(body, say("option.list"), options))

    def do(self, effect: Effect) -> None:
        """Ask the caller for something; the same thing is asked once."""
        if effect not in self.effects:
            self.effects.append(effect)

    def tell(self, doing: str) -> None:
        """Add to the trail of what the bot did, for an agent's card."""
        trail = [one for one in self.noted("trail").split(" · ") if one]
        if not trail or trail[-1] != doing:
            self.note("trail", " · ".join([*trail, doing][-TRAIL_LENGTH:]))

    def understood(self) -> None:
        """The customer was understood: the counter of misunderstandings starts again."""
        if self.now.misunderstandings:
            self.keep(misunderstandings=0)

    def forget_flow(self) -> None:
        """End the running flow: its slots, what it asked and its counters go; a suspended one stays."""
        kept = {name: value for name, value in self.now.slots.items() if name.startswith(SUSPENDED)}
        self.keep(flow=None, asking=None, slots=kept, slot_failures=0)
        self.note("fixing", None)

    def forget_suspended(self) -> None:
        """Let go of a flow that was put aside."""
        kept = {name: value for name, value in self.now.slots.items() if not name.startswith(SUSPENDED)}
        self.keep(suspended=None, slots=kept)
        self.note("kept_at", None)

    def forget_everything(self) -> None:
        """A fresh start: no flow, no slots, no counters, no marks."""
        self.keep(flow=None, asking=None, slots={}, suspended=None, misunderstandings=0, slot_failures=0, errors=0, notes={})

    def decision(self) -> Decision:
        """What was collected, with replies merged into as few bubbles as will do."""
        replies = merge(tuple(self.replies))
        self._remember_offered(replies)
        return Decision(self.now, tuple(self.steps), replies, tuple(self.effects), self.question)

    def _remember_offered(self, replies: tuple[Reply, ...]) -> None:
        if not replies:
            return
        last = replies[-1]
        options = last.options if isinstance(last, Buttons | Menu) else ()
        self.note("offered", json.dumps([[one.id, fold(one.title)] for one in options]) if options else None)
