"""What always goes to a human, found by rule in the customer's words, and how pressing each reason is."""

from dataclasses import dataclass
from functools import lru_cache

from gatte.conversation.effects import Reason
from gatte.conversation.parsing.words import any_of, fold
from gatte.conversation.understanding import Intent


@dataclass(frozen=True)
class Alarm:
    """Something that a human must see: the reason, and its place in the queue (0 is served first)."""

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
INTENT_OF_ALARM: dict[Reason, Intent] = {
    Reason.REVOCATION: Intent.REVOKE_CERTIFICATE,
    Reason.INVOICE_STOPPED: Intent.TECHNICAL_SUPPORT,
    Reason.REFUND: Intent.COMPLAINT,
    Reason.LEGAL_THREAT: Intent.COMPLAINT,
    Reason.FRAUD: Intent.COMPLAINT,
    Reason.COMPLAINT: Intent.COMPLAINT,
}

INVOICES = any_of(
    r"\bnotas?\b", r"\bnf-?c?-?e\b", r"\bnfs-?e\b", r"\bct-?e\b", r"\bcupo(?:m|ns)\b", r"\bfatur\w+", r"\bemitir\b", r"\bemissao\b",
    r"\bvend(?:er|as)\b",
)  # fmt: skip
STOPPED = any_of(
    r"\bnao (?:consigo|consegue|conseguimos|estou conseguindo|to conseguindo|da pra|da para|emite|estamos|sai|posso)\b",
    r"\b(?:parad|travad|bloquead|impedid)[oa]s?\b",
    r"\b(?:parou|travou|bloqueou)\b",
    r"\bsem (?:conseguir )?emitir\b",
    r"\brejeit\w+",
)
EXPIRED = any_of(r"\bvenci[du]\w*\b", r"\bvenceu\b", r"\bexpir(?:ou|ad[oa]s?)\b")
THINGS = r"(?:token|cartao|certificado|notebook|computador|celular)"
FRAUD = any_of(
    r"\bfraud\w+", r"\bgolpe\w*", r"\bclon(?:ou|aram|ado|ada)\b", r"\bestelionat\w+",
    r"\b(?:usaram|usou|usando|emitiram|abriram|assinaram)\b.{0,40}\b(?:meu certificado|meu nome|meu cpf|meu cnpj)\b",
    r"\b(?:hacke\w+|invadi(?:ram|do|u))\b",
    r"\bsem (?:a )?minha (?:autorizacao|permissao)\b",
)  # fmt: skip
REVOCATION = any_of(
    r"\brevog\w+",
    r"\bcancelar? (?:o |meu |o meu |um |esse |este )?(?:certificado|e-?cnpj|e-?cpf|token)\b",
    rf"\b(?:roub|furt)\w+\b.{{0,40}}\b{THINGS}\b",
    rf"\b{THINGS}\b.{{0,30}}\b(?:roubad|furtad)\w+",
)
LEGAL_THREAT = any_of(
    r"\bprocon\b",
    r"\bprocessar (?:voces|vcs|a empresa|essa empresa)\b",
    r"\bvou processar\b",
    r"\b(?:meu|minha|acionar|procurar|chamar|falar com)(?: o| a| um| uma)?(?: meu| minha)? advogad\w+",
    r"\b(?:entrar )?na justica\b",
    r"\bacao judicial\b",
    r"\bjuizado\b",
    r"\bpequenas causas\b",
    r"\bdanos morais\b",
    r"\bmedidas (?:legais|judiciais|cabiveis)\b",
    r"\breclame ?aqui\b",
)
REFUND = any_of(
    r"\breembols\w+", r"\bestorn\w+", r"\bdinheiro de volta\b", r"\bdevolu\w+ (?:do|meu) (?:dinheiro|valor|pagamento)\b",
    r"\bcobranca indevida\b",
    r"\bcobra(?:ram|do|da|nca)\b.{0,25}\b(?:errad\w+|duas vezes|a mais|duplicad\w+|em dobro|indevid\w+)",
    r"\bcontest\w+ (?:a |o |uma )?(?:compra|cobranca|pagamento)\b",
    r"\bchargeback\b",
    r"\bpaguei duas vezes\b",
    r"\bcancelar (?:o |a |meu |minha )?(?:pedido|compra|pagamento)\b",
)  # fmt: skip
ANGER = any_of(
    r"\babsurdo\b.{0,60}\b(?:ninguem|nunca|semana|dias|resolv\w+)",
    r"\b(?:pessim|horrivel|lixo|palhacad|vergonh|descaso|falta de respeito)\w*\b.{0,60}\b(?:voces|vcs|atendimento|empresa|servico)\b",
    r"\b(?:voces|vcs|atendimento|empresa|servico)\b.{0,60}\b(?:pessim|horrivel|lixo|palhacad|vergonh|descaso|incompetent)\w*",
)
REASONS = (
    (Reason.FRAUD, FRAUD),
    (Reason.REVOCATION, REVOCATION),
    (Reason.LEGAL_THREAT, LEGAL_THREAT),
    (Reason.REFUND, REFUND),
    (Reason.COMPLAINT, ANGER),
)


@lru_cache(maxsize=2048)
def alarm_in(text: str) -> Alarm | None:
    """Why a human must see this text at once, if one must."""
    plain = fold(text)
    if invoices_stopped(text) and EXPIRED.search(plain):
        return Alarm(Reason.INVOICE_STOPPED, PRIORITY[Reason.INVOICE_STOPPED])
    reason = next((reason for reason, pattern in REASONS if pattern.search(plain)), None)
    return Alarm(reason, PRIORITY[reason]) if reason else None


def invoices_stopped(text: str) -> bool:
    """Whether the customer cannot issue invoices, whatever the cause."""
    plain = fold(text)
    return bool(INVOICES.search(plain) and STOPPED.search(plain))
