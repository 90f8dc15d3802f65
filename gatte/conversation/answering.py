"""What came of a question: the answer, or none; a flow that waited behind it goes on."""

from gatte.conversation import choices
from gatte.conversation.draft import Draft
from gatte.conversation.filling import proceed
from gatte.conversation.ladder import not_understood
from gatte.conversation.listening import introduce
from gatte.conversation.snapshot import Answered, NotAnswered
from gatte.conversation.states import Event, State
from gatte.conversation.texts import say
from gatte.conversation.thresholds import CHOICES_AT
from gatte.conversation.understanding import Intent

DESK_CAN_HELP = frozenset({Intent.TECHNICAL_SUPPORT, Intent.INVOICE_OR_PAYMENT, Intent.PRICE})


def answered(draft: Draft, answer: Answered) -> None:
    """Send the answer, and ask on where a flow waits."""
    draft.say("answer.text", answer=answer.text)
    draft.keep(misunderstandings=0, errors=0)
    draft.tell(say("trail.answered"))
    draft.note("answered")
    if draft.now.flow:
        _go_on(draft)
    else:
        draft.move(Event.QUESTION_ANSWERED, "knowledge base")
    introduce(draft)


def not_answered(draft: Draft, _nothing: NotAnswered) -> None:
    """No grounded answer: never a guess, but the flow again, the desk, or the ladder."""
    draft.keep(errors=0)
    if draft.now.state == State.WAITING_HUMAN:
        draft.move(Event.NOT_UNDERSTOOD, "no answer")
        draft.say("handoff.noted_question")
    elif draft.now.flow:
        draft.say("answer.none_in_flow")
        _go_on(draft)
    elif draft.noted("asked_about") in DESK_CAN_HELP and draft.now.misunderstandings + 1 < CHOICES_AT:
        draft.keep(misunderstandings=draft.now.misunderstandings + 1)
        draft.tell(say("trail.not_answered"))
        draft.move(Event.NOT_UNDERSTOOD, "no answer")
        draft.ask(say("answer.none_desk_can_help"), choices.TICKET(), choices.HUMAN())
    else:
        not_understood(draft, "", "no answer")
    introduce(draft)


def _go_on(draft: Draft) -> None:
    draft.move(Event.RESUMED, "after the question")
    proceed(draft)
