"""What speaks for and against a call for a person: the labels that a model hears, and words that
tell of an own case ("perdi", "me cobraram"), of none ("se um dia", "curiosidade"), or ask.
"""

import math
from collections.abc import Sequence
from enum import StrEnum

from gatte.conversation.commands import TurnReading
from gatte.conversation.escalation_rules import find_trigger
from gatte.conversation.fallback import looks_like_question
from gatte.conversation.parsing.abbreviations import expand_abbreviations
from gatte.conversation.parsing.normalize import normalize_text, union, words
from gatte.conversation.rules import CommandWord, command_in

LEAST, MOST = 0.005, 0.995
"""Probabilities beyond these count as these."""
NO_CASE = {
    "supposed": union(
        r"\bse (?:um dia|o cliente|alguem|perder|der|roubarem|vazar|vencer|cair|for|faltar)\b",
        r"\bse (?:eu|a gente|ele|ela|o \w+|a \w+) (?:nao )?\w+(?:er|ar|ir|or|asse|esse|isse)\b",
        r"\bcaso (?:eu|um dia|a|o)\b",
        r"\bdepois\b.{0,25}\?",
    ),
    "curious": union(
        r"\bcuriosidade\b",
        r"\bso (?:de|para|por) (?:precaucao|saber|avisar|contar|entender|ter ideia|perguntar)\b",
        r"\bso (?:avisando|perguntando|curiosidade|duvida)\b",
        r"\bsem pressa\b",
        r"\bpergunt\w+ (?:so|porque|por)\b",
        r"\b(?:como|quem) (?:sei|garante|reconhec\w+|saber)\b",
        r"\b(?:e seguro|tem perigo|tem risco|e verdade|tenho medo|receio)\b",
    ),
    "over": union(
        r"\bja (?:voltou|achei|caiu|resolv\w+|passou|esta normal|deu certo|revoguei|arrum\w+)\b",
        r"\b(?:mas|ja|gaveta,?|carro,?) achei\b|\bachei na\b|\bachou (?:no|na)\b",
        r"\b(?:hoje|agora) (?:ja )?(?:esta|foi) ?(?:normal|certo|ok|funcionando)?\b",
        r"\bsaiu normal\b|\bemitindo normal\b|\bcaiu certinho\b|\bvoltou\b",
        r"\bnao (?:foi|era|e) (?:roubad|furtad|golpe|reclamacao)\w*",
        r"\btudo certo\b",
        r"\b(?:ano|mes|semana) (?:passad[oa]|retrasad[oa])\b",
    ),
    "of others": union(
        r"\b(?:vi|li|ouvi|ouvimos) (?:no|na|em|que|um|uma|umas|dizer|falar)\b",
        r"\b(?:na|da|naquela) outra (?:empresa|certificadora|loja)\b",
        r"\bnao (?:e|eh|foi) (?:com |de )?voces\b",
        r"\bnao tem (?:nada )?a ver\b",
        r"\b(?:vizinho|compadre|amig[oa]|colega|prim[oa])\b",
        r"\b(?:procon|forum|audiencia|processo|delegacia)\b(?!.{0,30}\b(?:contra|voces)\b)",
        r"\b(?:sou|e|meu \w+ e|minha \w+ e) (?:o |a |um |uma )?(?:advogad|delegad|perit|juiz)\w*",
        r"\badvogad[oa] (?:d[aoe]|leu|aprovou|assina|disse|pergunt\w+|precis\w+|e sobrenome)\b",
    ),
    "in fun": union(r"k{2,}|\brs+\b|\bhaha"),
    "of attendants": union(
        r"\b(?:a|o) (?:pessoa|moca|atendente|moco) (?:que|vai|tiver|for|entrar|chamar|daqui)\b",
        r"\bquando (?:a|o|ela|ele) (?:moca|atendente|vier|entrar|atender)\b",
        r"\b(?:robo|aparelho|maquina)\b.{0,20}\b(?:ou|bom|curiosidade|pode responder)\b",
    ),
}
"""What is only supposed, asked, over, told of others, or said in fun."""
OWN_CASE = {
    "happened": union(
        r"\b(?:me|nos) (?:cobr|roub|lev|deb|pass|engan|lig|mand|pedir|tir|bloque|dev)\w+",
        r"\b(?:perdi|paguei|cliquei|passei|dei|entreguei|compr(?:ei|amos)|mandei|digitei)\b",
        r"\b(?:roubaram|furtaram|levaram|cobraram|debitaram|usaram|assinaram|abriram|vazaram"
        r"|clonaram|invadiram|sumiu|sumiram|fugiu|caiu no)\b",
    ),
    "stopped": union(
        r"\bnao (?:sai|saiu|emit\w+|consigo|conseguimos|passa|veio|chegou|recebi|fatur\w+)\b",
        r"\b(?:parad[oa]s?|parou|travad[oa]|travou|desde (?:ontem|hoje|as))\b",
    ),
    "demanded": union(
        r"\b(?:quero|preciso|exijo) (?:(?:o|meu|de|que|a) )*(?:dinheiro|estorno|reembolso"
        r"|devolucao|cancel\w+|bloque\w+|revog\w+|falar|alguem|atendente|uma pessoa)\b",
        r"\b(?:bloque(?:ia|iem|ie)|derrub\w+|invalid\w+|cancel(?:a|em|e)|anul\w+|estorn(?:a|em|e)"
        r"|devolv(?:a|am|e))\b",
        r"\b(?:chama|chame|passa|poe|bota|liga|ligue|prefiro|transfere) .{0,12}"
        r"\b(?:para mim|alguem|gente|moca|pessoa|atendente|funcionari\w+|cristao|falar)\b",
    ),
    "upset": union(
        r"\b(?:absurdo|vergonha|pessim[oa]|horrivel|descaso|falta de respeito|ridiculo|palhac\w+"
        r"|desrespeito|incompetent\w+|lixo|porcaria|castigo)\b",
        r"\b(?:chorando|tremendo|desesperad\w+|passa(?:ndo|ou) mal|pelo amor de deus|me ajud\w+"
        r"|aguento|samu|uti|ambulancia|hospital)\b",
        r"\b(?:terceira|quarta|quinta|sexta) vez\b|\b\w+ vezes\b",
        r"\b(?:meu|minha) (?:advogad\w+|procurador\w*) (?:vai|ja)\b|\bcontra voces\b",
    ),
}
"""What happened to the customer, is going on now, or is demanded."""
RIVALS = {
    "Question": 0.8,
    "StartFlow": 1.0,
    "CorrectSlot": 0.7,
    "SetSlot": 0.7,
    "Affirm": 0.7,
    "SmallTalk": 1.0,
    "OffTopic": 0.5,
}
"""Labels that speak against a call, with how much they do."""
ANSWERS_TO_BOT = frozenset({"SetSlot", "CorrectSlot", "Affirm", "SmallTalk"})
LONG, SHORT = 14, 6
"""Words from which on a turn is long, and up to which it is short."""


class Spot(StrEnum):
    """Where a turn was written, as far as it matters for calls."""

    START = "at the start"
    SLOT = "at a slot"
    CONFIRM = "at a summary"
    QUEUE = "in the queue"


def evidence(texts: Sequence[str], reading: TurnReading, spot: Spot) -> dict[str, float]:
    """What speaks for and against a call, by name: probabilities, also as log-odds; all else is 0
    or 1. In the queue only a reason to escalate is a call.
    """
    waiting = spot is Spot.QUEUE
    called = reading.escalation if waiting else reading.call_for_person
    heard = called if reading.call is None else reading.call
    rival = _strongest_rival(reading, waiting=waiting)
    found = {
        "called": called,
        "called, odds": log_odds(called),
        "rival": rival,
        "called beyond rival": called - rival,
        "called without rival": called * (1 - rival),
        "escalation": reading.escalation,
        "escalation, odds": log_odds(reading.escalation),
        "complaint": reading.probability("Complain"),
        "person asked for": log_odds(0.0 if waiting else reading.probability("RequestHuman")),
        "call": heard,
        "call, odds": log_odds(heard),
    }
    found |= {f"{name}, odds": log_odds(reading.likelihood(name)) for name in RIVALS}
    found |= {one.value: float(one is spot) for one in Spot}
    return found | _of_words(texts)


def _strongest_rival(reading: TurnReading, *, waiting: bool) -> float:
    """How surely anything else is meant; who waits is asked nothing."""
    names = [one for one in RIVALS if not (waiting and one in ANSWERS_TO_BOT)]
    return max(reading.likelihood(name) * RIVALS[name] for name in names)


def _of_words(texts: Sequence[str]) -> dict[str, float]:
    """What the words alone tell."""
    text = "\n".join(texts)
    plain = normalize_text(expand_abbreviations(text.lower()))
    count = len(words(text))
    cases = {name: bool(one.search(plain)) for name, one in (NO_CASE | OWN_CASE).items()}
    asks = any(looks_like_question(one) for one in texts)
    told = any(cases[name] for name in OWN_CASE)
    found = {
        "alarm": find_trigger(text) is not None,
        "person named": any(command_in(one) is CommandWord.HUMAN for one in texts),
        "asks": asks,
        "question mark": "?" in text,
        "long": count > LONG,
        "short": count < SHORT,
        "own case": told,
        "asks, no own case": asks and not told,
    }
    return {name: float(holds) for name, holds in (found | cases).items()}


def is_no_case(text: str) -> bool:
    """Whether words say that this is no case of the customer's own, or not any more."""
    plain = normalize_text(expand_abbreviations(text.lower()))
    return any(one.search(plain) for one in NO_CASE.values())


def log_odds(chance: float) -> float:
    """A probability as log-odds, within bounds."""
    bounded = min(max(chance, LEAST), MOST)
    return math.log(bounded / (1 - bounded))
