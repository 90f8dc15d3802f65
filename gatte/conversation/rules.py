"""What is understood by rule, before and without any model: commands, short forms, and plain
courtesy.

A command is recognised as a message of its own, with courtesy around it ("atendente, por favor"),
or by a phrase that says it; a word inside a longer sentence is not enough. What always goes to a
human is in `escalation_rules.py`.
"""

import re
from enum import StrEnum

from gatte.conversation.escalation_rules import INTENT_OF_ALARM, find_trigger
from gatte.conversation.nlu import Intent, IntentPrediction, PredictionSource
from gatte.conversation.parsing.normalize import is_only, normalize_text, union, word_set
from gatte.infra.scoped_cache import scoped


class CommandWord(StrEnum):
    """What a customer can say in every state."""

    HUMAN = "human"
    MENU = "menu"
    CANCEL = "cancel"
    LEAVE = "leave"
    BACK_IN = "back_in"
    CONTINUE = "continue"


LONGEST_COMMAND = 200
COMMAND_WORDS: dict[CommandWord, frozenset[str]] = {
    CommandWord.LEAVE: word_set(
        "sair parar pare stop descadastrar descadastre remover unsubscribe"
    ),
    CommandWord.HUMAN: word_set("atendente atendentes humano humana operador operadora"),
    CommandWord.MENU: word_set("menu inicio opcoes voltar recomecar reiniciar principal ajuda"),
    CommandWord.CANCEL: word_set("cancelar cancela cancele desisto desisti esquece esqueca"),
    CommandWord.BACK_IN: word_set("ativar reativar"),
    CommandWord.CONTINUE: word_set("continuar retomar"),
}

PEOPLE = (
    r"(?:atendente|humano|humana|pessoa(?! (?:fisica|juridica))|alguem|gerente|supervisora?"
    r"|especialista|consultora?|vendedora?|operadora?)"
)
LEAVE = union(
    (
        r"\bnao (?:quero|desejo|me)\b.{0,12}(?:receber|mand\w+|envi\w+)\b.{0,20}"
        r"(?:mensage|msg|aviso|lembrete|propaganda|promoc|mais)"
    ),
    r"\b(?:para|pare|parem|chega|cansei) de (?:me )?(?:mandar|enviar|mensage|msg)",
    (
        r"\bparar de (?:me )?(?:mandar|enviar|receber)\b.{0,20}"
        r"\b(?:mensage\w+|msgs?|avisos?|lembretes?|propagandas?|promoc\w+)"
    ),
    r"\bnao quero mais (?:\w+ )?(?:avisos?|lembretes?|mensage\w+|propagandas?)\b",
    r"\b(?:tira|tire|tirem|remove|remova|removam)(?: me)? d(?:os|esses) (?:avisos|lembretes)\b",
    (
        r"\b(?:me )?(?:tira|tire|tirem|remove|remova|exclui|exclua|descadastr\w+)\b.{0,20}"
        r"\b(?:lista|numero|contato|cadastro de envio)\b"
    ),
)
BACK_IN = union(
    (
        r"\b(?:quero|pode|podem|voltar a|volte a|voltem a) (?:voltar a )?"
        r"(?:receber|me avisar|mandar)\b.{0,20}(?:aviso|lembrete|mensage|msg)"
    ),
    r"^voltar a receber\W*$",
)
HUMAN = union(
    rf"\b(?:falar|conversar|contato|fala)(?: \w+){{0,2}} com(?: \w+){{0,2}} {PEOPLE}\b",
    (
        r"\b(?:chama|chamar|chame|transfere|transferir|transfira|passa|passar|passe|encaminha\w*"
        r"|quero|preciso|cade)(?: \w+){0,3} (?:atendente|humano|humana|operadora?)\b"
    ),
    r"\batendimento humano\b",
    r"\b(?:pessoa|gente) de verdade\b",
    r"\bnao (?:quero|aguento|gosto de)\b.{0,20}\b(?:robo|bot|maquina)\b",
)
MENU = union(
    r"^(?:\w+ ){0,2}(?:ver|mostra\w*|voltar?|ir|abre|abrir)(?: \w+){0,2} (?:menu|inicio|opcoes)\b",
    r"\b(?:comecar|comeca) (?:tudo )?de novo\b",
)
CANCEL = union(
    (
        r"^(?:nao,? )?(?:pode |quero |vou |melhor )?(?:cancelar?|cancela)"
        r"(?: (?:isso|tudo|por favor|ai|essa? (?:compra|pedido|agendamento|chamado)))*\W*$"
    ),
    r"^(?:ah |pode |melhor )?(?:cancelar?|cancele)\s*[,.;!]",
    r"[,.;!]\s*(?:pode )?cancelar?(?: (?:por favor|ai|tudo|isso))?\W*$",
    r"\bdeixa? (?:pra|para) la\b",
    r"\bmudei de ideia\W*$",
    r"^nao quero mais\W*$",
    r"\bdeixa quieto\b",
)
CONTINUE = union(
    r"^(?:quero |vamos |pode )?(?:continuar|retomar)(?: (?:a|o) \w+| de onde paramos)?\W*$"
)
PHRASES = (
    (CommandWord.LEAVE, LEAVE),
    (CommandWord.BACK_IN, BACK_IN),
    (CommandWord.HUMAN, HUMAN),
    (CommandWord.MENU, MENU),
    (CommandWord.CANCEL, CANCEL),
    (CommandWord.CONTINUE, CONTINUE),
)
RECEIVE_NO_MORE = (
    r"(?:(?:as?|os?|suas?|seus?|mais|nenhum|nenhuma|essas?|esses) )*"
    r"(?:mensagem|mensagens|msgs?|avisos?|lembretes?|propagandas?|promoc(?:ao|oes))"
)
OF_YOURS = (
    r"(?: (?:de|d[aeo]s?) (?:voces|vcs|voce|vencimento|renovacao|certificado))*(?: por aqui)?"
)
LISTS = r"(?:avisos|envios?|mensagens|contatos|transmissao|lembretes)"
POLITE = (
    r"(?:\b(?:por favor|pfv|pf|oi|ola|eu|gente|moca|moco|obrigad[oa]|bom dia|boa tarde|boa noite)\b"
    r"|[,.! ])*"
)
WISHES = r"(?:(?:so|apenas|quero|queria|gostaria(?: de)?|preciso|podem?|e para|isso|sim)[, ]+)*"
EXPLICIT: dict[CommandWord, re.Pattern[str]] = {
    CommandWord.LEAVE: union(
        rf"{POLITE}{WISHES}nao (?:quero|desejo) (?:mais )?(?:receber )?(?:mais )?{RECEIVE_NO_MORE}"
        rf"{OF_YOURS}(?: mais)?{POLITE}",
        rf"{POLITE}{WISHES}(?:para|parar|pare|parem) de (?:me )?(?:mandar|enviar|receber) "
        rf"{RECEIVE_NO_MORE}{OF_YOURS}{POLITE}",
        rf"{POLITE}{WISHES}(?:me )?(?:tir\w+|remov\w+)(?: me)? d(?:os|esses) "
        rf"(?:avisos|lembretes){OF_YOURS}{POLITE}",
        rf"{POLITE}(?:me )?(?:tir\w+|remov\w+|exclu\w+|descadastr\w+)(?: me)? "
        rf"d(?:a|ess?a) (?:sua )?lista(?: de {LISTS})?{POLITE}",
    ),
    CommandWord.BACK_IN: union(
        rf"{POLITE}(?:quero |queria |pode )?(?:voltar|volte|voltem|volta) a (?:me )?"
        rf"(?:receber|mandar|enviar|avisar)(?: {RECEIVE_NO_MORE})?{OF_YOURS}{POLITE}",
        rf"{POLITE}quero receber {RECEIVE_NO_MORE}{OF_YOURS}{POLITE}",
    ),
    CommandWord.CANCEL: union(
        r"(?:nao, )?(?:pode |quero |vou |melhor |por favor,? )*cancel(?:ar|a|e)"
        r"(?: (?:isso|tudo|por favor|ai|(?:(?:ess[ea]|est[ea]|[oa]|meu|minha) )?"
        r"(?:compra|pedido|agendamento|chamado|renovacao|cadastro)))*\W*",
        r"(?:ah |entao |ok,? |tudo bem,? |nao,? )*deixa? (?:pra|para) la\W*",
        r"(?:ah |entao |ok,? )*(?:mudei de ideia|deixa quieto|nao quero mais)\W*",
    ),
    CommandWord.MENU: union(
        r"(?:\w+ ){0,2}(?:ver|mostra\w*|voltar?|ir|abre|abrir)(?: \w+){0,2} "
        r"(?:menu|inicio|opcoes)\W*",
    ),
}
"""Whole messages that say one thing in so many words; only they do at once what cannot be undone,
as a single word of `COMMAND_WORDS` does.
"""
CLAUSE_MARKS = re.compile(r"[,.;!?\n]+")
CORRECTS = re.compile(
    r"\b(?:digo|quis dizer|corrig\w+|troc\w+|mud\w+|mas|errei|poe|bota|coloca|so)\b"
)
NOT_HUMAN = union(rf"\bnao (?:quero|preciso|precisa|desejo|queria)\b[^,.;!]{{0,25}}\b{PEOPLE}\b")
ROBOT = union(r"\b(?:robo|bot|maquina)\b")
CANCEL_THIS = union(
    r"\bcancelar? (?:o |a |meu |minha |ess[ea] |est[ea] )?"
    r"(?:pedido|compra|agendamento|chamado|renovacao|cadastro)\b",
)

SHORT_FORMS: dict[str, str] = {
    "comprar": "menu:buy",
    "renovar": "menu:renew",
    "vencimento": "menu:certificate",
    "agendar": "menu:schedule",
    "meu chamado": "menu:ticket_status",
    "meus chamados": "menu:ticket_status",
    "meus dados": "menu:data",
}
"""What the bot's own texts tell customers to write, with the choice that it stands for."""

OPEN_TICKET = union(
    r"\b(?:abr\w+|registr\w+|cri\w+) (?:um |uma |o |a )?"
    r"(?:chamado|ticket|ocorrencia|reclamacao|protocolo)\b",
    r"\b(?:quero|queria|preciso|precisava|gostaria)(?: de)? (?:um |abertura de )?"
    r"(?:chamado|ticket)\b",
    r"[,.;]\s*(?:um )?(?:chamado|ticket),? (?:por favor|por gentileza|pfv|pf)\b",
)

NO_HELP = union(
    (
        r"^(?:mas )?(?:isso |ainda )*nao "
        r"(?:resolveu|ajudou|adiantou|funcionou|deu certo|entendi|era isso|e isso)\b.{0,30}$"
    ),
    r"^ja (?:tentei|fiz) (?:isso|tudo isso)\b.{0,30}$",
)

HELLO = union(
    r"^(?:o+i+e?|ola|opa|eai|e ai|bom dia|boa tarde|boa noite|alo|hey|hello|hi)"
    r"(?:\W+(?:tudo (?:bem|bom|certo)|tudo|td bem|pessoal|gente|bom dia|boa tarde|boa noite"
    r"|como vai))*\W*$",
)
THANKS = union(
    r"^\W*(?:muito |mt )?(?:obrigad[oa]|obg|brigad[oa]|valeu|vlw|agradeco|grat[oa])"
    r"(?:\W+(?:pela ajuda|demais|mesmo|viu|por tudo|pela atencao))*\W*$",
)
GOODBYE = union(
    (
        r"^\W*(?:vou pensar|deixa (?:pra|para) depois|agora nao (?:posso|da)"
        r"|(?:depois|mais tarde) (?:eu )?(?:te )?(?:vejo|continuo|volto|falo))"
        r"(?:\W+(?:melhor|nisso|obrigad[oa]|valeu|depois eu (?:volto|falo)))*\W*$"
    ),
    (
        r"^\W*(?:tchau|ate (?:mais|logo|breve|amanha)|falou|flw|adeus|tenha um bom dia"
        r"|era (?:so )?isso|so isso)(?:\W+(?:obrigad[oa]|valeu))?\W*$"
    ),
)
SOCIAL = ((Intent.GREETING, HELLO), (Intent.THANKS, THANKS), (Intent.GOODBYE, GOODBYE))
INTENT_OF_WORD = {CommandWord.HUMAN: Intent.TALK_TO_HUMAN, CommandWord.LEAVE: Intent.OPT_OUT}


@scoped
def command_in(text: str) -> CommandWord | None:
    """The command that the text is, if it is one."""
    plain = normalize_text(text)
    if not plain or len(plain) > LONGEST_COMMAND:
        return None
    single = next(
        (command for command, wanted in COMMAND_WORDS.items() if is_only(text, wanted)), None
    )
    found = single or next((command for command, pattern in PHRASES if pattern.search(plain)), None)
    if found == CommandWord.HUMAN and NOT_HUMAN.search(plain) and not ROBOT.search(plain):
        return None
    return found


def is_explicit(text: str, command: CommandWord) -> bool:
    """Whether the whole text says this command in so many words, with courtesy around it alone;
    beside giving up there may be a reason, but no correction.
    """
    if is_only(text, COMMAND_WORDS[command]):
        return True
    sentence = EXPLICIT.get(command)
    plain = normalize_text(text)
    if sentence is None:
        return False
    if command is CommandWord.CANCEL and not CORRECTS.search(plain):
        clauses = [one.strip() for one in CLAUSE_MARKS.split(plain)]
        return any(sentence.fullmatch(one) for one in [plain, *clauses])
    return sentence.fullmatch(plain) is not None


def cancels_this(text: str) -> bool:
    """Whether the text cancels an order, a purchase, an appointment: the running flow, if there is
    one.
    """
    return bool(CANCEL_THIS.search(normalize_text(text)))


def asks_for_ticket(text: str) -> bool:
    """Whether the text asks for a ticket in so many words."""
    return bool(OPEN_TICKET.search(normalize_text(text)))


def says_unhelpful(text: str) -> bool:
    """Whether the text says that the answer before it was of no use."""
    return bool(NO_HELP.search(normalize_text(text)))


def small_talk_in(text: str) -> Intent | None:
    """Greeting, thanks or goodbye, when the text is nothing else."""
    return next(
        (intent for intent, pattern in SOCIAL if pattern.search(normalize_text(text))), None
    )


def predict_by_rule(text: str) -> IntentPrediction | None:
    """The intent of a text that rules alone settle, with certainty; None where a classifier is
    needed.
    """
    alarm = find_trigger(text)
    command = command_in(text)
    intent: Intent | None = None
    if alarm:
        intent = INTENT_OF_ALARM[alarm.reason]
    elif command:
        intent = INTENT_OF_WORD.get(command)
    intent = intent or small_talk_in(text)
    return IntentPrediction(intent, 1.0, PredictionSource.RULE) if intent else None
