"""What is not ours: said so, once the knowledge base has been asked where it is a question."""

from gatte.conversation import option_ids, questions
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import EscalationReason
from gatte.conversation.fallback import looks_like_question
from gatte.conversation.handoff import escalate
from gatte.conversation.parsing.normalize import words
from gatte.conversation.states import Event
from gatte.conversation.texts import render
from gatte.conversation.thresholds import ESCALATE_AFTER, MIN_QUESTION_WORDS

ASKED = "off topic"
"""The cause of a question that a model took for one that is not ours."""


def handle_off_topic(draft: DecisionBuilder, text: str) -> None:
    """Look a question up, since people may have written an article on just that; say of anything
    else that it is not ours.
    """
    if looks_like_question(text) and len(words(text)) >= MIN_QUESTION_WORDS:
        questions.ask(draft, text, ASKED)
        return
    refuse(draft, text)


def refuse(draft: DecisionBuilder, text: str, topic: str | None = None) -> None:
    """Say that this is not ours, in the words of the refusal policy's topic if it is one, with the
    menu; a person after several such turns.
    """
    count = draft.snapshot.fallback_count + 1
    draft.update(fallback_count=count)
    if count >= ESCALATE_AFTER:
        escalate(draft, EscalationReason.NOT_UNDERSTOOD, "out of scope", text)
        return
    draft.transition(Event.MENU_SHOWN, "out of scope")
    company = draft.snapshot.company[:60]
    said = render("ladder.out_of_scope", company=company)
    if topic is not None:
        said = f"{render(f'refusal.{topic}')} {render('refusal.way_on', company=company)}"
    draft.add_list(said, option_ids.menu_rows())
