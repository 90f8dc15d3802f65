"""The understanding ladder: confident → go; two close guesses → buttons; unclear → say it otherwise
→ choices → a human.
"""

from dataclasses import dataclass

from gatte.conversation import option_ids
from gatte.conversation.commands import COMMAND_OF_INTENT, Question, SmallTalk, StartFlow
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import EscalationReason
from gatte.conversation.flows.base import FlowName
from gatte.conversation.handoff import escalate
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.nlu import Intent, IntentPrediction
from gatte.conversation.parsing.normalize import word_set, words
from gatte.conversation.replies import ReplyOption
from gatte.conversation.rules import small_talk_in
from gatte.conversation.states import Event
from gatte.conversation.texts import render
from gatte.conversation.thresholds import (
    CLOSE_MARGIN,
    CONFIDENCE_THRESHOLD,
    DISAMBIGUATE_AFTER,
    DISAMBIGUATION_MIN,
    ESCALATE_AFTER,
)

FLOW_OF_INTENT: dict[Intent, FlowName] = {Intent.OPT_OUT: FlowName.OPT_OUT} | {
    intent: FlowName(command.flow)
    for intent, command in COMMAND_OF_INTENT.items()
    if isinstance(command, StartFlow)
}
QUESTIONS = frozenset(
    intent for intent, command in COMMAND_OF_INTENT.items() if isinstance(command, Question)
)
SMALL_TALK = frozenset(
    intent for intent, command in COMMAND_OF_INTENT.items() if isinstance(command, SmallTalk)
)
CONTINUATION_WORDS = word_set("pra para pro de do da no na com e o a um uma em por")
FRAGMENT_LENGTH = 4
PENDING_TEXT_SLOT = "words"
"""The slot that keeps what was said while the customer chooses what it meant."""

QUESTION_WORDS = word_set(
    "qual quais quanto quantos quanta quantas como quando onde posso aceita aceitam tem "
    "existe serve vale funciona precisa porque"
)


@dataclass(frozen=True)
class IntentResolution:
    """What a turn's words come to: an intent, or two to choose from, or neither; with the words
    that carry it.
    """

    intent: Intent | None = None
    ambiguous: tuple[Intent, Intent] | None = None
    text: str = ""


def small_talk_intent(said: UnderstoodText) -> Intent | None:
    """Greeting, thanks or goodbye, by rule or by a confident guess; None for anything else."""
    guess = said.understanding
    sure = (
        guess
        and guess.intent in SMALL_TALK
        and guess.confidence >= CONFIDENCE_THRESHOLD
        and len(words(said.text)) <= 6
        and not _asks_more(said)
    )
    return small_talk_in(said.text) or (guess.intent if guess and sure else None)


def resolve_intent(said: list[UnderstoodText]) -> IntentResolution:
    """All words of a turn understood together: what was wanted last and surely, before what was
    unsure.
    """
    text = words_of(said)
    wishes = [
        one
        for one in said
        if one.understanding and not small_talk_intent(one) and not _asks_more(one)
    ]
    if not wishes:
        social = next(
            (intent for one in reversed(said) if (intent := small_talk_intent(one))), None
        )
        return IntentResolution(
            social if all(small_talk_intent(one) for one in said) else None, text=text
        )
    sure = [one for one in wishes if is_confident(one.understanding)]
    sure = [
        one for one in sure if not _is_off_topic(one)
    ] or sure  # a name or a number beside a wish belongs to the wish
    whole = [one for one in sure if not is_continuation(one.text)] or sure
    guess = (
        whole[-1].understanding
        if whole
        else max((one.understanding for one in wishes if one.understanding), key=_confidence)
    )
    return _verdict(guess, text) if guess else IntentResolution(text=text)


def _asks_more(said: UnderstoodText) -> bool:
    """Whether thanks or a goodbye come with a question: "obrigado! e o A3?"."""
    return (
        "?" in said.text
        and said.understanding is not None
        and said.understanding.intent in {Intent.THANKS, Intent.GOODBYE}
    )


def _is_off_topic(said: UnderstoodText) -> bool:
    return said.understanding is not None and said.understanding.intent is Intent.OUT_OF_SCOPE


def _confidence(guess: IntentPrediction) -> float:
    return guess.confidence


def words_of(said: list[UnderstoodText]) -> str:
    """What was said in a turn without mere courtesy, unless there was nothing else."""
    return "\n".join(
        one.text for one in [one for one in said if not small_talk_intent(one)] or said
    )


def is_continuation(text: str) -> bool:
    """Whether a text only adds to the one before it: "pra e-cpf"."""
    spoken = words(text)
    return len(spoken) <= FRAGMENT_LENGTH and bool(spoken) and spoken[0] in CONTINUATION_WORDS


def is_confident(guess: IntentPrediction | None, floor: float = CONFIDENCE_THRESHOLD) -> bool:
    """Whether a guess is confident, with no other close behind it."""
    if guess is None or guess.confidence < floor:
        return False
    return (
        not guess.alternatives
        or guess.confidence - guess.alternatives[0].confidence >= CLOSE_MARGIN
    )


def _verdict(guess: IntentPrediction, text: str) -> IntentResolution:
    if is_confident(guess):
        return IntentResolution(guess.intent, text=text)
    second = guess.alternatives[0] if guess.alternatives else None
    close = (
        second
        and second.confidence >= DISAMBIGUATION_MIN
        and guess.confidence - second.confidence < CLOSE_MARGIN
    )
    if not second or not close or _leads_to(guess.intent) == _leads_to(second.intent):
        same = close and second
        return IntentResolution(guess.intent if same else None, text=text)
    if {guess.intent, second.intent} & (SMALL_TALK | {Intent.OUT_OF_SCOPE}):
        return IntentResolution(text=text)
    return IntentResolution(ambiguous=(guess.intent, second.intent), text=text)


def _leads_to(intent: Intent) -> str:
    return "question" if intent in QUESTIONS else FLOW_OF_INTENT.get(intent, intent)


def looks_like_question(text: str) -> bool:
    """Whether a text has the form of a question."""
    spoken = words(text)
    return len(spoken) > 1 and ("?" in text or spoken[0] in QUESTION_WORDS)


def ask_to_disambiguate(draft: DecisionBuilder, first: Intent, second: Intent, text: str) -> None:
    """Two guesses are close: let the customer say which; the words are kept for the one that is
    chosen.
    """
    draft.set_slots({PENDING_TEXT_SLOT: text})
    draft.transition(Event.NOT_UNDERSTOOD, f"{first} or {second}")
    options = [
        ReplyOption(f"intent:{one}", render(f"option.intent_{one}")) for one in (first, second)
    ]
    wished = next((FLOW_OF_INTENT[one] for one in (first, second) if one in FLOW_OF_INTENT), None)
    row = next((row for row, flow in option_ids.FLOW_OF_ROW.items() if flow == wished), None)
    draft.set_flag("offer", row)
    way_out = [] if Intent.TALK_TO_HUMAN in {first, second} else [option_ids.HUMAN()]
    draft.add_buttons(render("ladder.which"), *options, *way_out)


def handle_fallback(draft: DecisionBuilder, text: str, cause: str = "unclear") -> None:
    """One step up the ladder: say it otherwise, then choices, then a human."""
    count = draft.snapshot.fallback_count + 1
    draft.update(fallback_count=count)
    draft.log_activity(render("trail.not_understood"))
    if count >= ESCALATE_AFTER:
        escalate(draft, EscalationReason.NOT_UNDERSTOOD, f"{cause} {count} times", text)
        return
    draft.transition(Event.NOT_UNDERSTOOD, cause)
    if count >= DISAMBIGUATE_AFTER:
        draft.add_list(render("ladder.choices"), option_ids.menu_rows())
    else:
        draft.add_text("ladder.rephrase")
