"""A decision in the making: the one mutable object of the core, alive only inside
`orchestrator.advance`.
"""

import json
from dataclasses import replace
from typing import Any

from gatte.conversation.commands import Resolution
from gatte.conversation.effects import Effect
from gatte.conversation.fact_questions import FactQuestion
from gatte.conversation.irreversible import IRREVERSIBLE, NotSaidLiterally
from gatte.conversation.merge_replies import merge_replies
from gatte.conversation.parsing.normalize import normalize_text
from gatte.conversation.replies import ButtonsReply, MenuReply, Reply, ReplyOption, TextReply
from gatte.conversation.snapshot import Decision, Owner, Snapshot, TransitionStep
from gatte.conversation.states import Event, State, next_state
from gatte.conversation.texts import render
from gatte.conversation.thresholds import ACTIVITY_LOG_LENGTH

SUSPENDED = "suspended."
"""Prefix of the slots of a flow that was left for another, kept beside those of the running one."""

TOLD = "told."
"""Prefix of values that were told while nothing asked for them, kept for the flow that will."""

KEPT_BESIDE_FLOW = (SUSPENDED, TOLD)
"""Prefixes of what stands among the slots and belongs to no running flow."""

ATTACHMENTS = "attachments"
"""The slot that holds the ids of the media which came during a flow."""


class DecisionBuilder:
    """Collects steps, replies and effects while the snapshot moves on.

    `literal` says whether what is being handled was said in so many words or tapped; only then may
    something be done that cannot be undone.
    """

    def __init__(self, before: Snapshot) -> None:
        self.before = before
        self.snapshot = before
        self.steps: list[TransitionStep] = []
        self.replies: list[Reply] = []
        self.effects: list[Effect] = []
        self.question: str | None = None
        self.resolutions: list[Resolution] = []
        self.fact_questions: list[FactQuestion] = []
        self.whole_article = ""
        self.literal = False

    def transition(self, event: Event, cause: str) -> None:
        """Make a transition; InvalidTransition when the table does not know it."""
        target = next_state(self.snapshot.state, event)
        self.steps.append(TransitionStep(self.snapshot.state, target, event, cause))
        owner = Owner.HUMAN if target == State.WITH_HUMAN else Owner.BOT
        self.snapshot = replace(self.snapshot, state=target, owner=owner)

    def update(self, **changes: Any) -> None:  # noqa: ANN401 -- passed on to `replace`, which knows the fields
        """Change fields of the snapshot; `replace` refuses names that it has not."""
        if any(getattr(self.snapshot, name) != value for name, value in changes.items()):
            self.snapshot = replace(self.snapshot, **changes)

    def set_flag(self, name: str, value: str | None = "1") -> None:
        """Remember a mark of the core between turns, or forget it (None)."""
        if value is None and name not in self.snapshot.flags:
            return
        flags = {key: kept for key, kept in self.snapshot.flags.items() if key != name}
        self.update(flags=flags if value is None else {**flags, name: str(value)})

    def flag(self, name: str) -> str:
        """The mark under this name, empty when there is none."""
        return self.snapshot.flags.get(name, "")

    def set_slots(self, slots: dict[str, str]) -> None:
        """Fill slots of the running flow."""
        self.update(
            slots={**self.snapshot.slots, **{name: str(value) for name, value in slots.items()}}
        )

    def keep_told(self, slot: str, value: str) -> None:
        """Keep a value that nothing asks for now, for a flow that will ask for it."""
        self.set_slots({f"{TOLD}{slot}": value})

    def clear_slots(self, *names: str) -> None:
        """Empty slots of the running flow."""
        self.update(
            slots={name: value for name, value in self.snapshot.slots.items() if name not in names}
        )

    def add_text(self, key: str, **variables: object) -> None:
        """Add a text of the catalogue."""
        self.replies.append(TextReply(render(key, **variables)))

    def prepend_text(self, body: str) -> None:
        """Put a text in front of all that is said."""
        self.replies.insert(0, TextReply(body))

    def add_buttons(self, body: str, *options: ReplyOption) -> None:
        """Add a text with one to three buttons."""
        self.replies.append(ButtonsReply(body, options))

    def add_list(self, body: str, options: tuple[ReplyOption, ...]) -> None:
        """Add a text with a list: three options or fewer become buttons when their titles fit."""
        self.replies.append(MenuReply(body, render("option.list"), options))

    def add_effect(self, effect: Effect) -> None:
        """Ask the caller for something; the same thing is asked once. NotSaidLiterally where it
        cannot be undone and nobody said it.
        """
        if isinstance(effect, IRREVERSIBLE):
            self.require_literal(type(effect).__name__)
        if effect not in self.effects:
            self.effects.append(effect)

    def require_literal(self, doing: str) -> None:
        """NotSaidLiterally unless what is being handled was said in so many words or tapped."""
        if not self.literal:
            raise NotSaidLiterally(doing)

    def log_activity(self, doing: str) -> None:
        """Add to the trail of what the bot did, for an agent's card."""
        trail = [one for one in self.flag("trail").split(" · ") if one]
        if not trail or trail[-1] != doing:
            self.set_flag("trail", " · ".join([*trail, doing][-ACTIVITY_LOG_LENGTH:]))

    def reset_fallback(self) -> None:
        """The customer was understood: the count of fallbacks starts again."""
        if self.snapshot.fallback_count:
            self.update(fallback_count=0)

    def end_flow(self) -> None:
        """End the running flow: its slots, what it asked and its counters go; a suspended one
        stays.
        """
        kept = {
            name: value
            for name, value in self.snapshot.slots.items()
            if name.startswith(KEPT_BESIDE_FLOW)
        }
        self.update(flow=None, requested_slot=None, slots=kept, invalid_slot_count=0)
        self.set_flag("fixing", None)

    def discard_suspended_flow(self) -> None:
        """Let go of a flow that was put aside."""
        kept = {
            name: value
            for name, value in self.snapshot.slots.items()
            if not name.startswith(SUSPENDED)
        }
        self.update(suspended_flow=None, slots=kept)
        self.set_flag("kept_at", None)

    def reset(self) -> None:
        """A fresh start: no flow, no slots, no counters, no marks."""
        self.update(
            flow=None,
            requested_slot=None,
            slots={},
            suspended_flow=None,
            fallback_count=0,
            invalid_slot_count=0,
            consecutive_errors=0,
            flags={},
        )

    def decision(self) -> Decision:
        """What was collected, with replies merged into as few bubbles as will do."""
        replies = merge_replies(tuple(self.replies))
        self._remember_offered(replies)
        return Decision(
            self.snapshot,
            tuple(self.steps),
            replies,
            tuple(self.effects),
            self.question,
            tuple(self.resolutions),
            tuple(self.fact_questions),
            self.whole_article,
        )

    def _remember_offered(self, replies: tuple[Reply, ...]) -> None:
        if not replies:
            return
        last = replies[-1]
        options = last.options if isinstance(last, ButtonsReply | MenuReply) else ()
        self.set_flag(
            "offered",
            json.dumps([[one.id, normalize_text(one.title)] for one in options])
            if options
            else None,
        )
