"""A voice message with doubtful words: nothing follows from it before the customer has confirmed
what was heard. Calls for a person are heard at once, since a person too many is the lesser harm.

What was heard waits in a slot, sealed like the others; a yes makes it the customer's words, as if
they were typed (`confirmed_text`, asked before any model reads the turn).
"""

from collections.abc import Sequence

from gatte.conversation import option_ids
from gatte.conversation.commands import (
    Command,
    Complain,
    Escalate,
    Hostile,
    OtherLanguage,
    RequestHuman,
    Secret,
    SmallTalk,
    StartFlow,
    Unclear,
)
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.parsing.normalize import truncate
from gatte.conversation.parsing.products import find_product
from gatte.conversation.replies import ReplyOption
from gatte.conversation.snapshot import MessagesReceived, Owner, Snapshot
from gatte.conversation.states import State
from gatte.conversation.texts import exists, render

OFFER_HEARD = "heard"
"""The offer of what was heard, which waits for a yes."""
HEARD_SLOT = "heard"
"""The slot that keeps what was heard while it is confirmed."""
HEARD_YES, HEARD_NO = "heard:yes", "heard:no"
AT_ONCE = (Escalate, RequestHuman, Complain, Hostile, Secret)
"""What is heard at once."""
HARMLESS = (SmallTalk, Unclear, OtherLanguage)
"""From these nothing follows."""
LONGEST_QUOTE = 300


def must_confirm(snapshot: Snapshot, spoke: MessagesReceived, commands: Sequence[Command]) -> bool:
    """Whether the turn is to be confirmed before anything follows from it."""
    if not any(one.doubtful for one in spoke.utterances) or not commands:
        return False
    if snapshot.owner is not Owner.BOT or snapshot.state is State.WAITING_HUMAN:
        return False
    if any(isinstance(one, AT_ONCE) for one in commands):
        return False
    return not all(isinstance(one, HARMLESS) for one in commands)


def ask(
    draft: DecisionBuilder, commands: Sequence[Command], said: Sequence[UnderstoodText]
) -> None:
    """Say what was heard, and ask whether it is so."""
    text = "\n".join(one.text for one in said)
    draft.set_slots({HEARD_SLOT: text})
    draft.set_flag("offer", OFFER_HEARD)
    draft.add_buttons(
        _question(commands, text),
        ReplyOption(HEARD_YES, render("option.heard_yes")),
        ReplyOption(HEARD_NO, render("option.heard_no")),
        option_ids.HUMAN(),
    )


def _question(commands: Sequence[Command], text: str) -> str:
    """A wish in plain words where there is one alone, else what was heard, word by word."""
    wishes = [one for one in commands if isinstance(one, StartFlow)]
    key = f"heard.wish.{wishes[0].flow}" if wishes else ""
    if len(commands) == 1 and exists(key):
        product = find_product(text).value
        spoken = f"o {product}" if product else render("heard.certificate")
        return render("heard.confirm_wish", summary=render(key, product=spoken))
    return render("heard.confirm_words", summary=truncate(text, LONGEST_QUOTE))


def answer_no(draft: DecisionBuilder) -> None:
    """What was heard was wrong: let the customer say it again."""
    draft.add_text("heard.say_again")


def confirmed_text(snapshot: Snapshot, text: str, choice: str | None) -> str | None:
    """What was heard, when a message says yes to it; None when it does not."""
    heard = snapshot.slots.get(HEARD_SLOT)
    if not heard or snapshot.flags.get("offer") != OFFER_HEARD:
        return None
    says_yes = choice == HEARD_YES or (choice is None and yes_or_no(text) is True)
    return heard if says_yes else None


def says_no(offered: str, text: str, choice: str | None) -> bool:
    """Whether a message says that what was heard is wrong."""
    if offered != OFFER_HEARD:
        return False
    return choice == HEARD_NO or (choice is None and yes_or_no(text) is False)
