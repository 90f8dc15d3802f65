"""The understanding ladder: confident → go; two close guesses → buttons; unclear → say it otherwise → choices → a human."""

from dataclasses import dataclass

from gatte.conversation import choices
from gatte.conversation.draft import Draft
from gatte.conversation.effects import Reason
from gatte.conversation.flows.base import FlowName
from gatte.conversation.handoff import escalate
from gatte.conversation.media import Said
from gatte.conversation.parsing.words import lexicon, words
from gatte.conversation.replies import Option
from gatte.conversation.rules import social_in
from gatte.conversation.states import Event
from gatte.conversation.texts import say
from gatte.conversation.thresholds import CHOICES_AT, CLOSE_MARGIN, CONFIDENT, HUMAN_AT, POSSIBLE, SWITCH
from gatte.conversation.understanding import Intent, Understanding

FLOW_OF_INTENT: dict[Intent, FlowName] = {
    Intent.BUY_CERTIFICATE: FlowName.LEAD,
    Intent.RENEW_CERTIFICATE: FlowName.RENEWAL,
    Intent.CERTIFICATE_STATUS: FlowName.CERTIFICATE_STATUS,
    Intent.SCHEDULE: FlowName.SCHEDULE,
    Intent.TICKET_STATUS: FlowName.TICKET_STATUS,
    Intent.DATA_RIGHTS: FlowName.DATA_RIGHTS,
    Intent.OPT_OUT: FlowName.OPT_OUT,
}
QUESTIONS = frozenset({Intent.FAQ, Intent.PRICE, Intent.DOCUMENTS, Intent.TECHNICAL_SUPPORT, Intent.INVOICE_OR_PAYMENT})
SOCIABLE = frozenset({Intent.GREETING, Intent.THANKS, Intent.GOODBYE})
LEADS_ON = lexicon("pra para pro de do da no na com e o a um uma em por")
FRAGMENT_LENGTH = 4
WORDS_KEPT = "words"
"""The slot that keeps what was said while the customer chooses what it meant."""

QUESTION_WORDS = lexicon(
    "qual quais quanto quantos quanta quantas como quando onde posso aceita aceitam tem existe serve vale funciona precisa porque"
)


@dataclass(frozen=True)
class Verdict:
    """What a turn's words come to: an intent, or two to choose from, or neither; with the words that carry it."""

    intent: Intent | None = None
    either: tuple[Intent, Intent] | None = None
    text: str = ""


def is_social(said: Said) -> Intent | None:
    """Greeting, thanks or goodbye, by rule or by a confident guess; None for anything else."""
    guess = said.understanding
    sure = guess and guess.intent in SOCIABLE and guess.confidence >= CONFIDENT and len(words(said.text)) <= 6 and not _asks_more(said)
    return social_in(said.text) or (guess.intent if guess and sure else None)


def judge(said: list[Said]) -> Verdict:
    """All words of a turn understood together: what was wanted last and surely, before what was unsure."""
    text = words_of(said)
    wishes = [one for one in said if one.understanding and not is_social(one) and not _asks_more(one)]
    if not wishes:
        social = next((intent for one in reversed(said) if (intent := is_social(one))), None)
        return Verdict(social if all(is_social(one) for one in said) else None, text=text)
    sure = [one for one in wishes if is_sure(one.understanding)]
    sure = [one for one in sure if not _is_off_topic(one)] or sure  # a name or a number beside a wish belongs to the wish
    whole = [one for one in sure if not is_fragment(one.text)] or sure
    guess = whole[-1].understanding if whole else max((one.understanding for one in wishes if one.understanding), key=_confidence)
    return _verdict(guess, text) if guess else Verdict(text=text)


def _asks_more(said: Said) -> bool:
    """Whether thanks or a goodbye come with a question: "obrigado! e o A3?"."""
    return "?" in said.text and said.understanding is not None and said.understanding.intent in {Intent.THANKS, Intent.GOODBYE}


def _is_off_topic(said: Said) -> bool:
    return said.understanding is not None and said.understanding.intent is Intent.OUT_OF_SCOPE


def _confidence(guess: Understanding) -> float:
    return guess.confidence


def words_of(said: list[Said]) -> str:
    """What was said in a turn without mere courtesy, unless there was nothing else."""
    return "\n".join(one.text for one in [one for one in said if not is_social(one)] or said)


def is_fragment(text: str) -> bool:
    """Whether a text only adds to the one before it: "pra e-cpf"."""
    spoken = words(text)
    return len(spoken) <= FRAGMENT_LENGTH and bool(spoken) and spoken[0] in LEADS_ON


def is_sure(guess: Understanding | None, floor: float = CONFIDENT) -> bool:
    """Whether a guess is confident, with no other close behind it."""
    if guess is None or guess.confidence < floor:
        return False
    return not guess.runners_up or guess.confidence - guess.runners_up[0].confidence >= CLOSE_MARGIN


def _verdict(guess: Understanding, text: str) -> Verdict:
    if is_sure(guess):
        return Verdict(guess.intent, text=text)
    second = guess.runners_up[0] if guess.runners_up else None
    close = second and second.confidence >= POSSIBLE and guess.confidence - second.confidence < CLOSE_MARGIN
    if not second or not close or _leads_to(guess.intent) == _leads_to(second.intent):
        same = close and second
        return Verdict(guess.intent if same else None, text=text)
    if {guess.intent, second.intent} & (SOCIABLE | {Intent.OUT_OF_SCOPE}):
        return Verdict(text=text)
    return Verdict(either=(guess.intent, second.intent), text=text)


def _leads_to(intent: Intent) -> str:
    return "question" if intent in QUESTIONS else FLOW_OF_INTENT.get(intent, intent)


def is_question(said: Said) -> bool:
    """Whether the words ask something that the knowledge base may answer, by their form or by a sure guess."""
    guess = said.understanding
    if guess and is_sure(guess, SWITCH):
        return guess.intent in QUESTIONS and len(words(said.text)) > 1
    return looks_like_question(said.text)


def looks_like_question(text: str) -> bool:
    """Whether a text has the form of a question."""
    spoken = words(text)
    return len(spoken) > 1 and ("?" in text or spoken[0] in QUESTION_WORDS)


def wants_no_answer(said: Said) -> bool:
    """Whether a sure guess says that these words, question mark or not, want something else than knowledge."""
    return is_sure(said.understanding, SWITCH) and said.understanding is not None and said.understanding.intent not in QUESTIONS


def wishes_flow(said: Said) -> FlowName | None:
    """The flow that the words surely ask for."""
    guess = said.understanding
    return FLOW_OF_INTENT.get(guess.intent) if guess and is_sure(guess, SWITCH) else None


def ask_which(draft: Draft, first: Intent, second: Intent, text: str) -> None:
    """Two guesses are close: let the customer say which; the words are kept for the one that is chosen."""
    draft.put({WORDS_KEPT: text})
    draft.move(Event.NOT_UNDERSTOOD, f"{first} or {second}")
    options = [Option(f"intent:{one}", say(f"option.intent_{one}")) for one in (first, second)]
    way_out = [] if Intent.TALK_TO_HUMAN in {first, second} else [choices.HUMAN()]
    draft.ask(say("ladder.which"), *options, *way_out)


def not_understood(draft: Draft, text: str, cause: str = "unclear") -> None:
    """One step up the ladder: say it otherwise, then choices, then a human."""
    count = draft.now.misunderstandings + 1
    draft.keep(misunderstandings=count)
    draft.tell(say("trail.not_understood"))
    if count >= HUMAN_AT:
        escalate(draft, Reason.NOT_UNDERSTOOD, f"{cause} {count} times", text)
        return
    draft.move(Event.NOT_UNDERSTOOD, cause)
    if count >= CHOICES_AT:
        draft.offer(say("ladder.choices"), choices.menu_rows())
    else:
        draft.say("ladder.rephrase")
