"""No flow runs: greeting and menu, questions, and the intent that starts something."""

from collections.abc import Callable

from gatte.conversation import choices
from gatte.conversation.draft import Draft
from gatte.conversation.effects import Reason
from gatte.conversation.filling import can_resume, offer_back, put_aside, start
from gatte.conversation.flows.base import FlowName
from gatte.conversation.handoff import escalate
from gatte.conversation.ladder import (
    FLOW_OF_INTENT,
    QUESTIONS,
    WORDS_KEPT,
    Verdict,
    ask_which,
    is_question,
    judge,
    not_understood,
    words_of,
)
from gatte.conversation.media import Said
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.parsing.documents import find_document
from gatte.conversation.parsing.people import find_email, parse_name
from gatte.conversation.parsing.words import lexicon, words
from gatte.conversation.rules import did_not_help
from gatte.conversation.states import Event, State
from gatte.conversation.texts import say
from gatte.conversation.thresholds import HUMAN_AT
from gatte.conversation.understanding import Intent

PLAIN_YES = lexicon("s sim ss quero")
MEANT_AS_QUESTION = 2
"""Words from which on an unclear text is worth a look into the knowledge base."""


def greet(draft: Draft, cause: str) -> None:
    """Say hello, who is speaking, and show the menu."""
    draft.move(Event.GREETED, cause)
    draft.note("introduced")
    draft.offer(_greeting(draft), choices.menu_rows())


def _greeting(draft: Draft) -> str:
    contact, company = draft.now.contact, draft.now.company[:60]
    name = parse_name(contact.name or "").value
    first = name.split()[0] if name else ""
    if contact.returning:
        return say("greeting.returning", first_name=first, company=company) if first else say("greeting.returning_unnamed", company=company)
    return say("greeting.new", first_name=first, company=company) if first else say("greeting.new_unnamed", company=company)


def show_menu(draft: Draft, cause: str) -> None:
    """Show the menu; a running flow is put aside and can be taken up again."""
    put_aside(draft)
    draft.move(Event.MENU_SHOWN, cause)
    draft.understood()
    key = "menu.with_suspended" if can_resume(draft) else "menu.body"
    the_flow = say(f"flow.{draft.now.suspended}") if can_resume(draft) else ""
    draft.offer(say(key, the_flow=the_flow), choices.menu_rows())


def ask_knowledge(draft: Draft, text: str, cause: str) -> None:
    """Hand a question to the knowledge base; what runs goes on after the answer."""
    draft.move(Event.QUESTION_ASKED, cause)
    draft.note("asked_about", cause)
    draft.question = text


def _thank(draft: Draft, _texts: tuple[str, ...]) -> None:
    draft.understood()
    draft.say("social.thanks")


def _say_goodbye(draft: Draft, _texts: tuple[str, ...]) -> None:
    draft.say("social.goodbye")
    draft.move(Event.CLOSED, "goodbye")


def _out_of_scope(draft: Draft, texts: tuple[str, ...]) -> None:
    """Say what the bot is for; somebody whom that did not help, again and again, gets a human."""
    if any(find_document(text).value or find_email(text).value for text in texts):
        _ask_what_for(draft, texts)
        return
    count = draft.now.misunderstandings + 1
    draft.keep(misunderstandings=count)
    if count >= HUMAN_AT:
        escalate(draft, Reason.NOT_UNDERSTOOD, f"out of scope {count} times", "\n".join(texts))
        return
    draft.move(Event.MENU_SHOWN, "out of scope")
    draft.offer(say("ladder.out_of_scope", company=draft.now.company[:60]), choices.menu_rows())


def _ask_what_for(draft: Draft, texts: tuple[str, ...]) -> None:
    """Data without a wish: kept for the row of the menu that is tapped next."""
    draft.move(Event.MENU_SHOWN, "data without a wish")
    draft.understood()
    draft.put({WORDS_KEPT: "\n".join(texts)})
    draft.offer(say("ladder.what_for"), choices.menu_rows())


def _complain(draft: Draft, _texts: tuple[str, ...]) -> None:
    draft.move(Event.MENU_SHOWN, "complaint")
    draft.understood()
    draft.ask(say("ladder.complaint"), choices.TICKET(), choices.HUMAN())


def _greet(draft: Draft, _texts: tuple[str, ...]) -> None:
    draft.understood()
    greet(draft, "greeting")


def _to_human(reason: Reason) -> Callable[[Draft, tuple[str, ...]], None]:
    def escalated(draft: Draft, texts: tuple[str, ...]) -> None:
        escalate(draft, reason, f"intent {reason}", "\n".join(texts))

    return escalated


DOINGS: dict[Intent, Callable[[Draft, tuple[str, ...]], None]] = {
    Intent.GREETING: _greet,
    Intent.THANKS: _thank,
    Intent.GOODBYE: _say_goodbye,
    Intent.OUT_OF_SCOPE: _out_of_scope,
    Intent.COMPLAINT: _complain,
    Intent.TALK_TO_HUMAN: _to_human(Reason.REQUESTED),
    Intent.REVOKE_CERTIFICATE: _to_human(Reason.REVOCATION),
}


def act(draft: Draft, intent: Intent, texts: tuple[str, ...]) -> None:
    """Do what an understood intent asks for."""
    if intent in FLOW_OF_INTENT:
        start(draft, FLOW_OF_INTENT[intent], f"intent {intent}", texts)
    elif intent in QUESTIONS:
        ask_knowledge(draft, words_of([Said(text) for text in texts]), intent)
    else:
        DOINGS[intent](draft, texts)


def hear(draft: Draft, said: list[Said]) -> None:
    """Understand the words of a turn while no flow runs."""
    verdict = judge(said)
    texts = tuple(one.text for one in said)
    if draft.noted("answered") and did_not_help(verdict.text):
        draft.move(Event.NOT_UNDERSTOOD, "answer did not help")
        draft.ask(say("answer.did_not_help"), choices.TICKET(), choices.HUMAN())
    elif verdict.intent and _resumable_small_talk(draft, verdict.intent):
        offer_back(draft)
    elif _says_yes_to_nothing(said):
        show_menu(draft, "yes to nothing")
    elif verdict.intent and not _says_too_little(verdict):
        act(draft, verdict.intent, texts)
        _answer_beside(draft, said)
    elif verdict.either:
        ask_which(draft, *verdict.either, verdict.text)
    elif any(is_question(one) for one in said) or len(words(verdict.text)) >= MEANT_AS_QUESTION:
        ask_knowledge(draft, verdict.text, "unclear")
    elif draft.now.state == State.START and draft.now.misunderstandings == 0:
        greet(draft, "first words")
    else:
        not_understood(draft, verdict.text)


def _answer_beside(draft: Draft, said: list[Said]) -> None:
    """A question asked beside the wish that started a flow is answered first; the flow asks its question after it."""
    asked = [one for one in said if is_question(one) and one.understanding and one.understanding.intent in QUESTIONS]
    if asked and draft.now.flow and draft.now.state == State.COLLECTING:
        draft.replies.pop()
        ask_knowledge(draft, words_of(asked), "beside a wish")


def _says_yes_to_nothing(said: list[Said]) -> bool:
    """Whether a plain yes answers no question of ours."""
    return any(set(words(one.text)) & PLAIN_YES for one in said) and all(yes_or_no(one.text) for one in said)


def _says_too_little(verdict: Verdict) -> bool:
    """Whether what seems out of scope is but a word or a number: not understood, rather than another subject."""
    return verdict.intent == Intent.OUT_OF_SCOPE and len(words(verdict.text)) < MEANT_AS_QUESTION


def _resumable_small_talk(draft: Draft, intent: Intent) -> bool:
    """Whether a mere hello comes from somebody whose flow was interrupted by time."""
    return intent == Intent.GREETING and bool(draft.noted("woken")) and can_resume(draft)


def start_row(draft: Draft, name: FlowName, texts: tuple[str, ...]) -> None:
    """A row of the menu that starts a flow was tapped."""
    start(draft, name, f"menu {name}", texts)
