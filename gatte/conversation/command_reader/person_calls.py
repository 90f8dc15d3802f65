"""Whether a turn calls for a person: somebody tells of their own case or asks for one, rather than
asking about such things, answering the bot, or telling what is over.

The factors and thresholds are those that reach most people with fewest look-alikes on voices that
the model had not learned from: docs/decisions/0069-questions-and-articles.md has the table.
"""

from gatte.conversation.command_reader.place import Place
from gatte.conversation.commands import TurnReading
from gatte.conversation.parsing.normalize import normalize_text, union
from gatte.conversation.thresholds import ESCALATE_THRESHOLD

RIVALS = {
    "Question": 0.8,
    "StartFlow": 1.0,
    "CorrectSlot": 0.7,
    "SetSlot": 0.7,
    "Affirm": 0.7,
}
"""Commands than which a call must be likelier, times these factors: who asks how a refund works
wants no refund, and a name may hold any word.
"""
ANSWERS_TO_BOT = frozenset({"SetSlot", "Affirm"})
RULE_EVIDENCE = 0.1
"""What the words of an alarm add to how surely a call is heard."""
RULE_ALONE = 0.2
"""Where no rival is this likely, the words of an alarm are enough by themselves."""
NO_CASE_THRESHOLD = 0.8
"""Beside words that say "this is no case of mine, or not any more" a call must be this sure."""
NO_CASE = union(
    r"\bse (?:um dia|o cliente|alguem|perder)\b",
    r"\bse eu (?:perder|precisar|confirmar|desistir|for|quiser)\b",
    r"\bcaso (?:eu|um dia)\b",
    r"\bcuriosidade\b",
    r"\bso (?:de|pra|para|por) (?:precaucao|saber|avisar|contar|entender|ter ideia)\b",
    r"\bso avisando\b",
    r"\bja (?:voltou|achei|caiu|resolv\w+|passou|(?:ta|esta) normal|deu certo|revoguei)\b",
    r"\b(?:mas|ja|gaveta,?) achei\b",
    r"\b(?:hoje|agora) (?:ja )?(?:ta|esta) (?:normal|certo|ok|funcionando)\b",
    r"\bsaiu normal\b",
    r"\bnao (?:foi|era) (?:roubad|furtad|golpe)\w*",
    r"\btudo certo\b",
    r"\b(?:vi|li|ouvi) (?:no|na|em|que|q|um)\b.{0,20}\b(?:jornal|noticia|tv|golpe|vazou)\b",
    r"\b(?:na|da) outra empresa\b",
    r"\bnao (?:e|eh) (?:com )?voces\b",
    r"\bnao tem (?:nada )?a ver\b",
    r"\bsem pressa\b",
    r"k{2,}|\brs\b|\bhaha",
)
"""What is only supposed, over, told of others, or said in fun."""


def calls_for_person(place: Place, reading: TurnReading, *, by_rule: bool = False) -> bool:
    """Whether the labels of a turn call for a person; `by_rule` where rules heard the words of an
    alarm too. While somebody waits already, only a reason to escalate is a call.
    """
    heard = reading.escalation if place.waiting else reading.call_for_person
    heard += RULE_EVIDENCE if by_rule else 0.0
    if heard < NO_CASE_THRESHOLD and NO_CASE.search(normalize_text("\n".join(place.texts))):
        return False
    rivals = _rivals(place, reading)
    likeliest = max(reading.likelihood(name) for name in rivals)
    if by_rule and likeliest < RULE_ALONE:
        return True
    strongest = max(reading.likelihood(name) * factor for name, factor in rivals.items())
    return heard >= max(ESCALATE_THRESHOLD, strongest)


def _rivals(place: Place, reading: TurnReading) -> dict[str, float]:
    """The commands that speak against a call in this place, with their factors."""
    factors = dict(RIVALS)
    if place.waiting:
        factors = {name: one for name, one in RIVALS.items() if name not in ANSWERS_TO_BOT}
    elif reading.probability("RequestHuman") > max(
        reading.escalation, reading.probability("Complain")
    ):
        factors["SmallTalk"] = 1.0  # "oi, alguém?" is a greeting
    return factors
