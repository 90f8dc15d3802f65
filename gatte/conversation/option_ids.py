"""The ids of buttons and list rows: stable, so that a tap on an old message still means what it
said.

`menu:*` rows of the menu · `human`, `menu`, `cancel`, `retry`, `resume`, `drop`, `leave_queue`,
`stay` · `intent:<intent>`
one of two close guesses · `slot:<slot>:<value>` a value of the running flow · `fix:<slot>` which
value to correct · `confirm:<mark>:yes|fix` the summary whose content the mark stands for: a tap on
an older summary confirms nothing · `heard:yes|no` whether a voice message was heard right.
"""

from collections.abc import Callable
from functools import cache

from gatte.conversation.flows.base import FlowName
from gatte.conversation.replies import ReplyOption
from gatte.conversation.texts import render


def _option(identity: str, key: str) -> Callable[[], ReplyOption]:
    def made() -> ReplyOption:
        return ReplyOption(identity, render(f"option.{key}"))

    return made


HUMAN = _option("human", "human")
MENU = _option("menu", "menu")
CANCEL = _option("cancel", "cancel")
RETRY = _option("retry", "retry")
RESUME = _option("resume", "resume")
DISCARD = _option("drop", "drop")
RENEW = _option("menu:renew", "renew")
SCHEDULE = _option("menu:schedule", "schedule")
TICKET = _option("menu:ticket", "ticket")
NOTICES_OFF = _option("menu:opt_out", "notices_off")
LEAVE_QUEUE = _option("leave_queue", "leave_queue")
STAY = _option("stay", "stay")
CANCEL_FLOW = _option("cancel", "cancel_it")
GO_ON = _option("retry", "go_on")
NOTICES_ON = _option("menu:opt_in", "notices_on")

COMPOUND = frozenset({"intent", "slot", "fix", "confirm", "heard"})
SIMPLE = frozenset(
    {
        "human",
        "menu",
        "cancel",
        "retry",
        "resume",
        "drop",
        "leave_queue",
        "stay",
        "menu:question",
        "menu:human",
    }
)
FLOW_OF_ROW: dict[str, FlowName] = {
    "menu:buy": FlowName.LEAD,
    "menu:renew": FlowName.RENEWAL,
    "menu:certificate": FlowName.CERTIFICATE_STATUS,
    "menu:schedule": FlowName.SCHEDULE,
    "menu:ticket": FlowName.TICKET,
    "menu:ticket_status": FlowName.TICKET_STATUS,
    "menu:data": FlowName.DATA_RIGHTS,
    "menu:opt_out": FlowName.OPT_OUT,
    "menu:opt_in": FlowName.OPT_IN,
}
QUESTION_ROW = "menu:question"
HUMAN_ROW = "menu:human"
MENU_ROWS = (
    "buy",
    "renew",
    "certificate",
    "schedule",
    "question",
    "ticket",
    "ticket_status",
    "data",
    "human",
)


def is_known_option(choice: str) -> bool:
    """Whether this id is one of ours; a button of a template may carry another, and then counts as
    its words.
    """
    return choice in FLOW_OF_ROW or choice in SIMPLE or choice.partition(":")[0] in COMPOUND


@cache
def menu_rows() -> tuple[ReplyOption, ...]:
    """The rows of the menu, at most ten."""
    return tuple(
        ReplyOption(f"menu:{row}", render(f"row.{row}"), render(f"about.{row}"))
        for row in MENU_ROWS
    )
