"""What is understood by rule, before and without any model: commands, and what always goes to a human.

A command is recognised as a message of its own, with courtesy around it ("atendente, por favor"), or by a phrase that says it; a
word inside a longer sentence is not enough.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from gatte.conversation.effects import Reason
from gatte.conversation.parsing.words import fold, only
from gatte.conversation.understanding import Decider, Intent, Understanding


class Command(StrEnum):
    """What a customer can say in every state."""

    HUMAN = "human"
    MENU = "menu"
    CANCEL = "cancel"
    LEAVE = "leave"
    BACK_IN = "back_in"
    CONTINUE = "continue"


WORDS: dict[Command, frozenset[str]] = {
    Command.LEAVE: frozenset(["sair", "parar", "pare", "stop", "descadastrar", "descadastre", "remover", "unsubscribe"]),
    Command.HUMAN: frozenset(["atendente", "atendentes", "humano", "humana", "operador", "operadora"]),
    Command.MENU: frozenset(["menu", "inicio", "opcoes", "voltar", "recomecar", "reiniciar", "principal", "ajuda"]),
    Command.CANCEL: frozenset(["cancelar", "cancela", "cancele", "desisto", "desisti", "esquece", "esqueca"]),
    Command.BACK_IN: frozenset(["ativar", "reativar"]),
    Command.CONTINUE: frozenset(["continuar", "retomar"]),
}

PEOPLE = (
    r"(?:atendente|humano|humana|pessoa(?! (?:fisica|juridica))|alguem|gerente|supervisora?|especialista|consultora?|vendedora?|operadora?)"
)
PHRASES: tuple[tuple[Command, re.Pattern[str]], ...] = (
    (
        Command.LEAVE,
        re.compile(
            r"\bnao (?:quero|desejo|me)\b.{0,12}(?:receber|mand\w+|envi\w+)\b.{0,20}(?:mensage|msg|aviso|lembrete|propaganda|promoc|mais)|"
            r"\b(?:para|pare|parem|chega|cansei) de (?:me )?(?:mandar|enviar|mensage|msg)|"
            r"\b(?:me )?(?:tira|tire|tirem|remove|remova|exclui|exclua|descadastr\w+)\b.{0,20}\b(?:lista|numero|contato|cadastro de envio)\b"
        ),
    ),
    (
        Command.BACK_IN,
        re.compile(
            r"\b(?:quero|pode|podem|voltar a|volte a|voltem a) (?:voltar a )?(?:receber|me avisar|mandar)\b.{0,20}(?:aviso|lembrete|mensage|msg)"
        ),
    ),
    (
        Command.HUMAN,
        re.compile(
            rf"\b(?:falar|conversar|contato|fala)(?: \w+){{0,2}} com(?: \w+){{0,2}} {PEOPLE}\b|"
            rf"\b(?:chama|chamar|chame|transfere|transferir|transfira|passa|passar|passe|encaminha\w*|quero|preciso|cade)(?: \w+){{0,3}} (?:atendente|humano|humana|operadora?)\b|"
            r"\batendimento humano\b|\b(?:pessoa|gente) de verdade\b|\bnao (?:quero|aguento|gosto de)\b.{0,20}\b(?:robo|bot|maquina)\b"
        ),
    ),
    (
        Command.MENU,
        re.compile(
            r"^(?:\w+ ){0,2}(?:ver|mostra\w*|voltar?|ir|abre|abrir)(?: \w+){0,2} (?:menu|inicio|opcoes)\b|\b(?:comecar|comeca) (?:tudo )?de novo\b"
        ),
    ),
    (
        Command.CANCEL,
        re.compile(
            r"^(?:nao,? )?(?:pode |quero |vou |melhor )?(?:cancelar?|cancela)(?: (?:isso|tudo|por favor|ai|essa? (?:compra|pedido|agendamento|chamado)))*\W*$|"
            r"\bdeixa? (?:pra|para) la\b|\bmudei de ideia\W*$|\bnao quero mais\W*$|\bdeixa quieto\b"
        ),
    ),
    (Command.CONTINUE, re.compile(r"^(?:quero |vamos |pode )?(?:continuar|retomar)(?: (?:a|o) \w+| de onde paramos)?\W*$")),
)
NOT_HUMAN = re.compile(rf"\bnao (?:quero|preciso|precisa|desejo|queria)\b[^,.;!]{{0,25}}\b{PEOPLE}\b")
ROBOT = re.compile(r"\b(?:robo|bot|maquina)\b")


@lru_cache(maxsize=2048)
def command_in(text: str) -> Command | None:
    """The command that the text is, if it is one."""
    plain = fold(text)
    if not plain or len(plain) > 200:
        return None
    single = next((command for command, wanted in WORDS.items() if only(text, wanted)), None)
    found = single or next((command for command, pattern in PHRASES if pattern.search(plain)), None)
    return None if found == Command.HUMAN and NOT_HUMAN.search(plain) and not ROBOT.search(plain) else found


@dataclass(frozen=True)
class Alarm:
    """Something that always goes to a human: the reason, and its place in the queue (0 is served first)."""

    reason: Reason
    priority: int


PRIORITY: dict[Reason, int] = {
    Reason.INVOICE_STOPPED: 0,
    Reason.FRAUD: 1,
    Reason.REVOCATION: 1,
    Reason.LEGAL_THREAT: 2,
    Reason.REFUND: 2,
    Reason.FORCED: 2,
    Reason.COMPLAINT: 3,
    Reason.DATA_REQUEST: 3,
    Reason.ERRORS: 3,
    Reason.REQUESTED: 4,
    Reason.SLOT_FAILED: 4,
    Reason.PHONE_ECHO: 4,
    Reason.NOT_UNDERSTOOD: 5,
}

INVOICES = re.compile(
    r"\bnotas?\b|\bnf-?c?-?e\b|\bnfs-?e\b|\bct-?e\b|\bcupom\b|\bcupons\b|\bfatur\w+|\bemitir\b|\bemissao\b|\bvender\b|\bvendas\b"
)
STOPPED = re.compile(
    r"\bnao (?:consigo|consegue|conseguimos|estou conseguindo|to conseguindo|da pra|da para|emite|estamos|sai|posso)\b|\bparad[oa]s?\b|\bparou\b|"
    r"\btravad[oa]s?\b|\btravou\b|\bbloquead[oa]s?\b|\bbloqueou\b|\bimpedid[oa]s?\b|\bsem (?:conseguir )?emitir\b|\brejeit\w+"
)
EXPIRED = re.compile(r"\bvenci[du]\w*\b|\bvenceu\b|\bexpir\w+|\bvencimento\b")
REASONS: tuple[tuple[Reason, re.Pattern[str]], ...] = (
    (
        Reason.FRAUD,
        re.compile(
            r"\bfraud\w+|\bgolpe\w*|\bclon(?:ou|aram|ado|ada)\b|\bestelionat\w+|\b(?:usaram|usou|usando|emitiram|abriram|assinaram)\b.{0,40}\b(?:meu certificado|meu nome|meu cpf|meu cnpj)\b|"
            r"\b(?:hacke\w+|invadi(?:ram|do|u))\b|\bsem (?:a )?minha (?:autorizacao|permissao)\b"
        ),
    ),
    (
        Reason.REVOCATION,
        re.compile(
            r"\brevog\w+|\bcancelar? (?:o |meu |o meu |um |esse |este )?(?:certificado|e-?cnpj|e-?cpf|token)\b|"
            r"\b(?:roub\w+|furt\w+)\b.{0,40}\b(?:token|cartao|certificado|notebook|computador|celular)\b|\b(?:token|cartao|certificado|notebook|computador)\b.{0,30}\b(?:roubad\w+|furtad\w+)"
        ),
    ),
    (
        Reason.LEGAL_THREAT,
        re.compile(
            r"\bprocon\b|\bprocessar (?:voces|vcs|a empresa|essa empresa)\b|\bvou processar\b|\b(?:meu|minha|acionar|procurar|chamar|falar com)(?: o| a| um| uma)?(?: meu| minha)? advogad\w+|"
            r"\bentrar na justica\b|\bna justica\b|\bacao judicial\b|\bjuizado\b|\bpequenas causas\b|\bdanos morais\b|\bmedidas (?:legais|judiciais|cabiveis)\b|\breclame ?aqui\b"
        ),
    ),
    (
        Reason.REFUND,
        re.compile(
            r"\breembols\w+|\bestorn\w+|\bdinheiro de volta\b|\bdevolu\w+ (?:do|meu) (?:dinheiro|valor|pagamento)\b|\bcobranca indevida\b|\bcobra(?:ram|do|da|nca)\b.{0,25}\b(?:errad\w+|duas vezes|a mais|duplicad\w+|em dobro|indevid\w+)|"
            r"\bcontest\w+ (?:a |o |uma )?(?:compra|cobranca|pagamento)\b|\bchargeback\b|\bpaguei duas vezes\b|\bcancelar (?:o |a |meu |minha )?(?:pedido|compra|pagamento)\b"
        ),
    ),
)


@lru_cache(maxsize=2048)
def alarm_in(text: str) -> Alarm | None:
    """Why a human must see this text at once, if one must."""
    plain = fold(text)
    if INVOICES.search(plain) and STOPPED.search(plain) and EXPIRED.search(plain):
        return Alarm(Reason.INVOICE_STOPPED, PRIORITY[Reason.INVOICE_STOPPED])
    reason = next((reason for reason, pattern in REASONS if pattern.search(plain)), None)
    return Alarm(reason, PRIORITY[reason]) if reason else None


def invoices_stopped(text: str) -> bool:
    """Whether the customer cannot issue invoices, whatever the cause."""
    plain = fold(text)
    return bool(INVOICES.search(plain) and STOPPED.search(plain))


OFFER_TO_TALK = re.compile(
    r"^(?:o+i+e?|ola|opa|eai|e ai|bom dia|boa tarde|boa noite|alo|hey|hello|hi)(?:\W+(?:tudo (?:bem|bom|certo)|tudo|td bem|pessoal|gente|bom dia|boa tarde|boa noite|como vai))*\W*$"
)
THANKS = re.compile(
    r"^\W*(?:muito |mt )?(?:obrigad[oa]|obg|brigad[oa]|valeu|vlw|agradeco|grat[oa])(?:\W+(?:pela ajuda|demais|mesmo|viu|por tudo|pela atencao))*\W*$"
)
GOODBYE = re.compile(
    r"^\W*(?:tchau|ate (?:mais|logo|breve|amanha)|falou|flw|adeus|tenha um bom dia|era (?:so )?isso|so isso)(?:\W+(?:obrigad[oa]|valeu))?\W*$"
)
SOCIAL: tuple[tuple[Intent, re.Pattern[str]], ...] = ((Intent.GREETING, OFFER_TO_TALK), (Intent.THANKS, THANKS), (Intent.GOODBYE, GOODBYE))
INTENT_OF_COMMAND = {Command.HUMAN: Intent.TALK_TO_HUMAN, Command.LEAVE: Intent.OPT_OUT}
INTENT_OF_ALARM = {
    Reason.REVOCATION: Intent.REVOKE_CERTIFICATE,
    Reason.INVOICE_STOPPED: Intent.TECHNICAL_SUPPORT,
    Reason.REFUND: Intent.COMPLAINT,
    Reason.LEGAL_THREAT: Intent.COMPLAINT,
    Reason.FRAUD: Intent.COMPLAINT,
}


def understand(text: str) -> Understanding | None:
    """The intent of a text that rules alone settle, with certainty; None where a classifier is needed."""
    command, alarm = command_in(text), alarm_in(text)
    intent = INTENT_OF_COMMAND.get(command) if command else None
    if intent is None and alarm:
        intent = INTENT_OF_ALARM[alarm.reason]
    if intent is None:
        intent = next((one for one, pattern in SOCIAL if pattern.search(fold(text))), None)
    return Understanding(intent, 1.0, Decider.RULE) if intent else None
