"""Answers to the offer that was just shown, in words that take up what its buttons say: to "Quer
mesmo sair da fila?" people write "não, quero esperar", "fico", "quero sair sim".
"""

import re
from dataclasses import dataclass

from gatte.conversation import option_ids
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.parsing.mentions import CLAUSE_END, readable
from gatte.conversation.parsing.normalize import FILLERS, word_set, words

NEGATED = re.compile(r"\b(?:nao|nem|nunca|sem)(?: \w+){0,2} $")
"""What stands right before a verb that is refused: "não quero sair"."""
LONGEST_ANSWER = 10
"""Words from which on a text says more than an answer."""
AROUND = (
    FILLERS
    | word_set("sim s isso mesmo fila vou")
    | word_set("aviso avisos lembrete lembretes mensagem mensagens receber mandar de")
)


@dataclass(frozen=True)
class OfferWords:
    """The verbs that say yes to an offer, and those that say no; either can be negated."""

    accepts: re.Pattern[str]
    declines: re.Pattern[str]


WORDS_OF_OFFER: dict[str, OfferWords] = {
    option_ids.LEAVE_QUEUE().id: OfferWords(
        re.compile(r"\b(?:sair|saio|saia|sai|tir(?:a|ar|e)|desisto|desistir)\b"),
        re.compile(
            r"\b(?:esper(?:o|ar|ando|arei)|aguard(?:o|ar|ando)|fico|ficar|ficando"
            r"|continu(?:o|ar|a|e)|permane(?:co|cer)|mant(?:em|er|enha)|deixa|segur(?:a|ar|e))\b"
        ),
    ),
    option_ids.CANCEL_FLOW().id: OfferWords(
        re.compile(r"\b(?:cancel(?:a|ar|e|o)|desisto|desistir|par(?:o|ar))\b"),
        re.compile(
            r"\b(?:continu(?:o|ar|a|e|amos)|seg(?:uir|ue|uimos)|termin(?:o|ar)|complet(?:o|ar)"
            r"|mant(?:em|er|enha)|prossegu\w+)\b"
        ),
    ),
    option_ids.NOTICES_OFF().id: OfferWords(
        re.compile(
            r"\b(?:par(?:a|ar|e|em|o)|tir(?:a|ar|e|em)|remov\w+|sair|cancel(?:a|ar|e)"
            r"|nao quero (?:mais|receber))\b"
        ),
        re.compile(r"\b(?:continu(?:o|ar|a|e|em)|mant(?:em|er|enha)|deixa)\b"),
    ),
    "resume": OfferWords(
        re.compile(
            r"\b(?:continu(?:o|ar|a|e|amos)|retom(?:a|ar|o)|seg(?:uir|ue|uimos)|termin(?:o|ar)"
            r"|prossegu\w+)\b"
        ),
        re.compile(r"\b(?:descart\w+|esquec\w+|apag\w+|recomec\w+|deixa)\b"),
    ),
}
"""By the id of the offer; other offers take a plain yes or no, or what a model reads."""


def answer_to_offer(offered: str, text: str) -> bool | None:
    """Yes (True) or no (False) to the offer, by the verb that is said last; None where the words
    take up nothing of it, ask, or say more.
    """
    known = WORDS_OF_OFFER.get(offered)
    plain = readable(text)
    if known is None or "?" in plain or len(words(text)) > LONGEST_ANSWER:
        return None
    answer = None
    for clause in CLAUSE_END.split(plain):
        heard = _answer_of_clause(known, clause.strip())
        answer = answer if heard is None else heard
    return answer


def _answer_of_clause(known: OfferWords, clause: str) -> bool | None:
    """What one clause answers: its verb, turned round by a negation, or a bare yes or no."""
    accepted = known.accepts.search(clause)
    declined = known.declines.search(clause)
    verb = accepted or declined
    if verb is None:
        return yes_or_no(clause)
    negated = bool(NEGATED.search(clause[: verb.start()]))
    return (verb is accepted) != negated


def says_it_whole(offered: str, text: str) -> bool:
    """Whether a text is the offer's own verb with courtesy around it alone: "quero sair"; a no in
    a clause before it ("não, só parar os avisos") is taken back by it.
    """
    known = WORDS_OF_OFFER[offered]
    clauses = [one for one in CLAUSE_END.split(readable(text)) if words(one)]
    said = [one for one in clauses if yes_or_no(one) is None] or clauses
    bare = set(words(known.accepts.sub(" ", " ".join(said))))
    return bare <= AROUND
