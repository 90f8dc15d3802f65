"""What rules alone read: the words of a command, alarms, courtesy, data that can be checked."""

import re
from collections.abc import Iterator

from gatte.conversation.appointment_words import answers_cancellation, appointment_wish
from gatte.conversation.command_reader.offer_answers import answer_to_offer, says_it_whole
from gatte.conversation.command_reader.person_calls import calls_for_person
from gatte.conversation.command_reader.place import Place
from gatte.conversation.commands import (
    Affirm,
    CancelFlow,
    Command,
    Complain,
    Courtesy,
    Deny,
    Escalate,
    FlowWish,
    OptIn,
    OptOut,
    RequestHuman,
    ResumeFlow,
    SetSlot,
    ShowMenu,
    SmallTalk,
    StartFlow,
    TurnReading,
    command_of,
)
from gatte.conversation.effects import EscalationReason
from gatte.conversation.escalation_rules import cannot_issue_invoices, find_trigger
from gatte.conversation.flows.data_rights import asks_to_forget
from gatte.conversation.parsing.answers import plain_answer, yes_or_no
from gatte.conversation.parsing.documents import find_document
from gatte.conversation.parsing.mentions import readable
from gatte.conversation.parsing.names import find_company, find_email, find_name
from gatte.conversation.parsing.normalize import normalize_text, union, word_set, words
from gatte.conversation.parsing.products import find_parts
from gatte.conversation.rules import (
    CommandWord,
    asks_for_ticket,
    cancels_this,
    command_in,
    is_explicit,
    says_unhelpful,
    small_talk_in,
)

LITERAL: dict[CommandWord, type[Command]] = {
    CommandWord.HUMAN: RequestHuman,
    CommandWord.MENU: ShowMenu,
    CommandWord.CANCEL: CancelFlow,
    CommandWord.LEAVE: OptOut,
    CommandWord.BACK_IN: OptIn,
    CommandWord.CONTINUE: ResumeFlow,
}
KNOWS_NOT = re.compile(
    r"(?:eu |agora |ai )*(?:(?:nao|n) (?:lembro|me lembro|sei|recordo)|esqueci)"
    r"(?: (?:agora|direito|ainda|de cabeca|o numero))*[ .!]*"
)
"""A value is not at hand; whoever looks for it has time."""
LOOKED_UP = frozenset({"document", "ticket"})
"""Slots whose values nobody knows by heart."""
NO_THANKS = re.compile(
    r"(?:nao|n)[ ,.]*(?:(?:e|era) so isso[ ,.]*|so isso[ ,.]*|muito )*obrigad[oa][ .!]*"
)
EXPIRED = union(
    r"\b(?:venceu|vencid[oa]|vencendo|expirou|expirad[oa]|caducou)\b",
    r"\bacabou (?:a validade|o prazo)\b",
)
ASKS = union(r"\?", r"\b(?:quando|quanto|qual|como|posso|consigo|da (?:pra|para)|sera|se|o que)\b")
"""Beside these something is asked."""
STOPS = re.compile(r"\b(?:notas?|cupom|cte|emitir|emito)\b")
"""Beside these an ended certificate stops something."""
BUYS = union(
    r"\b(?:quer\w*|precis\w*|gostari\w*|vou|vamos|e para|vim|so)\b.{0,20}"
    r"\b(?:comprar|adquirir|fazer?|tirar?|emitir)\b.{0,30}"
    r"\b(?:certificad\w*|s[ei]rt[ei]ficad\w*|e-cpf|e-cnpj|assinatura digital)\b",
    r"\bprecis\w* (?:de |do )?(?:um |o )?certificado (?:digital )?(?:de|do|da|para) "
    r"(?:cnpj|cpf|nota|empresa|firma|loja)\b",
    r"\b(?:e para|quero|preciso) (?:comprar|fazer|tirar) (?:o|um) d[aoe] \w+\b",
)
NO_PURCHASE = re.compile(
    r"\b(?:nao|renov\w+|de novo|outr[oa]|vence\w*|vencid[oa]|instalar|meu|com o"
    r"|emitir (?:a )?notas?)\b"
)
LONGEST_WISH = 14
"""Words up to which a text that says it wants a certificate says no more."""
BARE_YES = word_set("s sim ss quero")


def literals(place: Place) -> Iterator[Command]:
    """What messages say literally: a command in so many words, a yes or a no."""
    for text in place.texts:
        found = whole_message(place, text)
        if found is not None and found.literal and not isinstance(found, SmallTalk):
            yield found


def alarms(place: Place, reading: TurnReading) -> Iterator[Command]:
    """What must reach a person by its words; where a model read the turn too, only when that hears
    a call for somebody.
    """
    text = "\n".join(place.texts)
    trigger = find_trigger(text)
    today = place.snapshot.now.date()
    expired = any(one.valid_until < today for one in place.snapshot.certificates)
    if trigger is None and expired and cannot_issue_invoices(text):
        yield Escalate(EscalationReason.INVOICE_STOPPED, span=text)
        return
    if trigger is None or (
        trigger.reason is EscalationReason.REFUND and place.flow and cancels_this(text)
    ):
        return
    alarm: Command = Escalate(trigger.reason, span=text)
    if trigger.reason is EscalationReason.COMPLAINT:
        alarm = Complain(span=text)
    if reading.labels and not calls_for_person(place, reading, by_rule=True):
        return
    yield alarm


def whole_message(place: Place, text: str) -> Command | None:
    """The one command that a message is, where rules know it whole."""
    word = command_in(text)
    agrees = answers_cancellation(text, place.snapshot)
    answer = plain_answer(text) if agrees is None else agrees
    wish = None if place.waiting else appointment_wish(text, place.snapshot)
    found: Command | None = None
    takes_up = answer_to_offer(place.offered, text)
    if agrees is not None:
        found = (Affirm if agrees else Deny)(span=text, literal=True)
    elif takes_up is not None:
        found = _answer_to_offer(place, text, agrees=takes_up)
    elif wish is not None and wish != place.snapshot.flow:
        found = StartFlow(wish, span=text)
    elif word is not None:
        literal = is_explicit(text, word)
        found = LITERAL[word](span=text, literal=literal)  # type: ignore[call-arg]  # without keys
    elif place.flow and cancels_this(text):
        found = CancelFlow(span=text)
    elif place.slot is not None and place.slot.person_if(text):
        found = RequestHuman(span=text, literal=True)
    elif not place.flow and (told := _wish_in_words(place, text)):
        found = StartFlow(told, span=text)
    elif place.awaits_yes and answer is not None:
        found = (Affirm if answer else Deny)(span=text, literal=True)
    elif place.snapshot.flags.get("answered") and says_unhelpful(text):
        found = Deny(span=text, literal=True)
    else:
        found = _courtesy(place, text)
    return found


def _wish_in_words(place: Place, text: str) -> FlowWish | None:
    """The flow that a text wishes for, where none runs, in words that rules know."""
    if asks_for_ticket(text):
        return "ticket"
    if place.waiting:
        return None
    if tells_of_expired(text):
        return "renewal"
    if _wants_certificate(text):
        return "lead"
    return "data_rights" if asks_to_forget(text, place.snapshot) else None


def _wants_certificate(text: str) -> bool:
    """Whether a short text says that it wants a certificate, and asks nothing."""
    plain = readable(text)
    short = len(words(text)) <= LONGEST_WISH
    other = NO_PURCHASE.search(plain) or ASKS.search(plain)
    return short and bool(BUYS.search(plain)) and not other


def tells_of_expired(text: str) -> bool:
    """Whether a text says that a certificate of a kind has ended, and asks nothing: "o trem do cnpj
    aqui venceu".
    """
    plain = normalize_text(text)
    other = ASKS.search(plain) or STOPS.search(plain)
    return bool(EXPIRED.search(plain) and find_parts(text).kind and not other)


def _answer_to_offer(place: Place, text: str, *, agrees: bool) -> Command:
    """Yes or no to the open offer; a yes is literal where the whole text is the offer's verb, or a
    yes in so many words.
    """
    if not agrees:
        return Deny(span=text, literal=True)
    whole = says_it_whole(place.offered, text) or yes_or_no(text) is True
    return Affirm(span=text, literal=whole)


def _courtesy(place: Place, text: str) -> Command | None:
    plain = normalize_text(text)
    if place.slot and place.slot.name in LOOKED_UP and KNOWS_NOT.fullmatch(plain):
        return SmallTalk(kind=Courtesy.OTHER, span=text, literal=True)
    if not place.flow and NO_THANKS.fullmatch(plain):
        return SmallTalk(kind=Courtesy.GOODBYE, span=text, literal=True)
    courtesy = small_talk_in(text)
    return command_of(courtesy, text) if courtesy else None


def told_data(text: str) -> Iterator[SetSlot]:
    """Data of a person or a company that are told while nothing asks for them: those that can be
    checked, or are said to be what they are.
    """
    found = {
        "name": find_name(text).value,
        "document": find_document(text).value,
        "company": find_company(text).value,
        "email": find_email(text).value,
    }
    yield from (SetSlot(slot, value, span=text) for slot, value in found.items() if value)
