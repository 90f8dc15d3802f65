"""What a flow declares: its slots, where values are taken from, whether it needs a yes, and what
follows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gatte.conversation.decision_builder import ATTACHMENTS, DecisionBuilder
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult
from gatte.conversation.replies import ReplyOption
from gatte.conversation.snapshot import Snapshot

Parser = Callable[[str, Snapshot], ParseResult]


class FlowName(StrEnum):
    """The flows, under the names that are stored and that label the metrics."""

    LEAD = "lead"
    RENEWAL = "renewal"
    CERTIFICATE_STATUS = "certificate_status"
    TICKET = "ticket"
    TICKET_STATUS = "ticket_status"
    SCHEDULE = "schedule"
    MOVE_APPOINTMENT = "move_appointment"
    CANCEL_APPOINTMENT = "cancel_appointment"
    APPOINTMENT_STATUS = "appointment_status"
    DATA_RIGHTS = "data_rights"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"


def finds_nothing(_text: str, _snapshot: Snapshot) -> ParseResult:
    return NO_MATCH


def nothing_wrong(_text: str, _snapshot: Snapshot) -> str:
    return ""


def always(_snapshot: Snapshot) -> bool:
    return True


def never(_snapshot: Snapshot) -> bool:
    return False


def no_options(_snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    return ()


def no_prefill(_snapshot: Snapshot, _text: str) -> dict[str, str]:
    return {}


def no_alternatives(_text: str, _snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    return ()


def nothing_known(_snapshot: Snapshot) -> str:
    return ""


def no_values(_snapshot: Snapshot) -> dict[str, str]:
    return {}


def does_nothing(_draft: DecisionBuilder) -> None:
    return None


def needs_no_person(_text: str) -> bool:
    return False


def nothing_to_settle(_draft: DecisionBuilder) -> bool:
    return True


def needs_yes(_snapshot: Snapshot) -> bool:
    return True


def needs_no_yes(_snapshot: Snapshot) -> bool:
    return False


@dataclass(frozen=True)
class Slot:
    """One thing that a flow asks for.

    `parse` reads an answer to its question, `find` a value volunteered anywhere, `wrong` the
    problem with one that cannot be; `free` marks free text, which swallows what looks like another
    wish; only `sure` values are looked for beside it; a `story` is kept as it is told. An empty
    stored value means: the customer has none. `words` are what customers call it when they correct
    it; `also` gives further slots that the answer fills; `clears` names slots that a new value
    empties. `alternatives` are the buttons beside the problem of a refused answer, in place of the
    options, and `problem_values` what its text says of them. `question_key` names the text of its
    question where that depends on what is known; empty for the usual one. `known_value` is what is
    remembered from earlier conversations, which the question names to have it confirmed.
    `before_asking` runs each time that the question is asked.
    `tells_what_is_free` where the alternatives are the free times, which people ask for.
    `person_if` says of an answer that only a person can help after it.
    """

    name: str
    parse_answer: Parser
    extract: Parser = finds_nothing
    validate: Callable[[str, Snapshot], str] = nothing_wrong
    required_if: Callable[[Snapshot], bool] = always
    options: Callable[[Snapshot], tuple[ReplyOption, ...]] = no_options
    format: Callable[[str], str] = str
    synonyms: tuple[str, ...] = ()
    free_text: bool = False
    long_text: bool = False
    unambiguous: bool = False
    invalidates: tuple[str, ...] = ()
    derived_slots: Callable[[str, str], Mapping[str, str]] = field(default=lambda _value, _text: {})
    alternatives: Callable[[str, Snapshot], tuple[ReplyOption, ...]] = no_alternatives
    problem_values: Callable[[Snapshot], dict[str, str]] = no_values
    question_key: Callable[[Snapshot], str] = lambda _snapshot: ""
    known_value: Callable[[Snapshot], str] = nothing_known
    before_asking: Callable[[DecisionBuilder], None] = does_nothing
    tells_what_is_free: bool = False
    person_if: Callable[[str], bool] = needs_no_person


@dataclass(frozen=True)
class Flow:
    """A flow: slots in the order of asking, what is known beforehand, when a yes is due, and what
    is done at the end.

    `prefill` gives what is known before anything is asked, from the snapshot and the words of the
    wish. `open_key` names the text that opens it where that depends on what is known.
    `no_means_cancel` where a no to the summary ends the flow, since there is nothing to correct.
    `irreversible` where what is done cannot be undone: then only a literal yes will do.
    `settle` runs when all is filled, before the summary and again at the yes: it works out what
    follows from the values, and may leave a slot to be asked, or asks for a value itself and
    returns False. `summary_values` are what the texts of the flow name beside its lines.
    `is_aside` where it is said and done in between: then what it interrupted goes on at once.
    `yes_key` and `cancel_key` the titles of the buttons.
    """

    name: FlowName
    slots: tuple[Slot, ...]
    on_complete: Callable[[DecisionBuilder], None]
    prefill: Callable[[Snapshot, str], dict[str, str]] = no_prefill
    needs_confirmation: Callable[[Snapshot], bool] = needs_yes
    no_means_cancel: bool = False
    irreversible: Callable[[Snapshot], bool] = needs_no_yes
    settle: Callable[[DecisionBuilder], bool] = nothing_to_settle
    summary_key: Callable[[Snapshot], str] = lambda _snapshot: ""
    summary_values: Callable[[Snapshot], dict[str, str]] = no_values
    open_key: Callable[[Snapshot], str] = lambda _snapshot: ""
    is_aside: bool = False
    yes_key: str = "option.confirm"
    cancel_key: str = "option.cancel"

    def slot(self, name: str | None) -> Slot | None:
        """The slot of this name, if the flow has it."""
        return next((slot for slot in self.slots if slot.name == name), None)

    def wanted(self, snapshot: Snapshot) -> tuple[Slot, ...]:
        """The slots that matter with what is known so far."""
        return tuple(slot for slot in self.slots if slot.required_if(snapshot))

    def next_slot(self, snapshot: Snapshot) -> Slot | None:
        """The next slot to ask for, or None when all are filled."""
        return next(
            (slot for slot in self.wanted(snapshot) if slot.name not in snapshot.slots), None
        )


def attachments_of(snapshot: Snapshot) -> tuple[str, ...]:
    """The ids of the media that came during the running flow."""
    return tuple(one for one in snapshot.slots.get(ATTACHMENTS, "").split("|") if one)
