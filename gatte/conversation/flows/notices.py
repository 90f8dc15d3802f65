"""Active messages (reminders, campaigns): out at the first word, and back in as easily."""

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import ResumeNotices, StopNotices
from gatte.conversation.flows.base import Flow, FlowName, needs_no_yes
from gatte.conversation.texts import render


def ask_to_stop_notices(draft: DecisionBuilder) -> None:
    """Ask whether notices shall stop, by name."""
    draft.set_flag("offer", option_ids.NOTICES_OFF().id)
    draft.add_buttons(render("notices.ask_out"), option_ids.NOTICES_OFF(), option_ids.MENU())


def leave(draft: DecisionBuilder) -> None:
    """Take the contact off the list; asked again, say that it is so already."""
    draft.add_effect(StopNotices())
    draft.add_buttons(render("notices.out"), option_ids.NOTICES_ON(), option_ids.MENU())


def return_(draft: DecisionBuilder) -> None:
    """Put the contact back on the list."""
    draft.add_effect(ResumeNotices())
    draft.add_text("notices.back_in")


OPT_OUT = Flow(FlowName.OPT_OUT, (), leave, needs_confirmation=needs_no_yes, is_aside=True)
OPT_IN = Flow(FlowName.OPT_IN, (), return_, needs_confirmation=needs_no_yes, is_aside=True)
