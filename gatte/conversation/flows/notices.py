"""Active messages (reminders, campaigns): out at the first word, and back in as easily."""

from gatte.conversation import choices
from gatte.conversation.draft import Draft
from gatte.conversation.effects import OptIn, OptOut
from gatte.conversation.flows.base import Flow, FlowName, needs_no_yes
from gatte.conversation.texts import say


def leave(draft: Draft) -> None:
    """Take the contact off the list; asked again, say that it is so already."""
    draft.do(OptOut())
    draft.ask(say("notices.out"), choices.NOTICES_ON(), choices.MENU())


def return_(draft: Draft) -> None:
    """Put the contact back on the list."""
    draft.do(OptIn())
    draft.say("notices.back_in")


OPT_OUT = Flow(FlowName.OPT_OUT, (), leave, confirms=needs_no_yes)
OPT_IN = Flow(FlowName.OPT_IN, (), return_, confirms=needs_no_yes)
