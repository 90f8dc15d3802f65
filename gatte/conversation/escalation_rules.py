"""What always goes to a human, found by rule in the customer's words, and how pressing each reason
is.
"""

from dataclasses import dataclass

from gatte.conversation.effects import EscalationReason
from gatte.conversation.nlu import Intent
from gatte.conversation.parsing.normalize import normalize_text, union
from gatte.infra.scoped_cache import scoped


@dataclass(frozen=True)
class EscalationTrigger:
    """Something that a human must see: why, and its place in the queue (0 is served first)."""

    reason: EscalationReason
    priority: int


PRIORITY: dict[EscalationReason, int] = {
    EscalationReason.INVOICE_STOPPED: 0,
    EscalationReason.FRAUD: 1,
    EscalationReason.REVOCATION: 1,
    EscalationReason.DATA_BREACH: 1,
    EscalationReason.DISTRESS: 1,
    EscalationReason.LEGAL_THREAT: 2,
    EscalationReason.REFUND: 2,
    EscalationReason.FORCED: 2,
    EscalationReason.COMPLAINT: 3,
    EscalationReason.DATA_REQUEST: 3,
    EscalationReason.ERRORS: 3,
    EscalationReason.REQUESTED: 4,
    EscalationReason.SLOT_FAILED: 4,
    EscalationReason.PHONE_ECHO: 4,
    EscalationReason.NOT_UNDERSTOOD: 5,
}
INTENT_OF_ALARM: dict[EscalationReason, Intent] = {
    EscalationReason.REVOCATION: Intent.REVOKE_CERTIFICATE,
    EscalationReason.INVOICE_STOPPED: Intent.TECHNICAL_SUPPORT,
    EscalationReason.REFUND: Intent.COMPLAINT,
    EscalationReason.LEGAL_THREAT: Intent.COMPLAINT,
    EscalationReason.FRAUD: Intent.COMPLAINT,
    EscalationReason.COMPLAINT: Intent.COMPLAINT,
    EscalationReason.DATA_BREACH: Intent.COMPLAINT,
    EscalationReason.DISTRESS: Intent.COMPLAINT,
}

INVOICES = union(
    r"\bnotas?\b",
    r"\bnf-?c?-?e\b",
    r"\bnfs-?e\b",
    r"\bct-?e\b",
    r"\bcupo(?:m|ns)\b",
    r"\bfatur\w+",
    r"\bemitir\b",
    r"\bemissao\b",
    r"\bvend(?:er|as)\b",
)
STOPPED = union(
    (
        r"\bnao (?:consigo|consegue|conseguimos|estou conseguindo|to conseguindo"
        r"|da pra|da para|emite|estamos|sai|posso)\b"
    ),
    r"\b(?:parad|travad|bloquead|impedid)[oa]s?\b",
    r"\b(?:parou|travou|bloqueou)\b",
    r"\bsem (?:conseguir )?emitir\b",
    r"\brejeit\w+",
)
EXPIRED = union(r"\bvenci[du]\w*\b", r"\bvenceu\b", r"\bexpir(?:ou|ad[oa]s?)\b")
DEVICES = r"(?:token|cartao|certificado|notebook|computador|celular)"
FRAUD = union(
    r"\bfraud\w+",
    r"\bgolpe\w*",
    r"\bclon(?:ou|aram|ado|ada)\b",
    r"\bestelionat\w+",
    (
        r"\b(?:usaram|usou|usando|emitiram|abriram|assinaram)\b.{0,40}"
        r"\b(?:meu certificado|meu nome|meu cpf|meu cnpj)\b"
    ),
    r"\b(?:hacke\w+|invadi(?:ram|do|u))\b",
    r"\bsem (?:a )?minha (?:autorizacao|permissao)\b",
)
REVOCATION = union(
    r"\brevog\w+",
    r"\bcancelar? (?:o |meu |o meu |um |esse |este )?(?:certificado|e-?cnpj|e-?cpf|token)\b",
    rf"\b(?:roub|furt)\w+\b.{{0,40}}\b{DEVICES}\b",
    rf"\b{DEVICES}\b.{{0,30}}\b(?:roubad|furtad)\w+",
)
LEGAL_THREAT = union(
    r"\bprocon\b",
    r"\bprocessar (?:voces|vcs|a empresa|essa empresa)\b",
    r"\bvou processar\b",
    (
        r"\b(?:meu|minha|acionar|procurar|chamar|falar com)"
        r"(?: o| a| um| uma)?(?: meu| minha)? advogad\w+"
    ),
    r"\b(?:entrar )?na justica\b",
    r"\bacao judicial\b",
    r"\bjuizado\b",
    r"\bpequenas causas\b",
    r"\bdanos morais\b",
    r"\bmedidas (?:legais|judiciais|cabiveis)\b",
    r"\breclame ?aqui\b",
)
REFUND = union(
    r"\breembols\w+",
    r"\bestorn\w+",
    r"\bdinheiro de volta\b",
    r"\bdevolu\w+ (?:do|meu) (?:dinheiro|valor|pagamento)\b",
    r"\bcobranca indevida\b",
    (
        r"\bcobra(?:ram|do|da|nca)\b.{0,25}"
        r"\b(?:errad\w+|duas vezes|a mais|duplicad\w+|em dobro|indevid\w+)"
    ),
    r"\bcontest\w+ (?:a |o |uma )?(?:compra|cobranca|pagamento)\b",
    r"\bchargeback\b",
    r"\bpaguei duas vezes\b",
    r"\bcancelar (?:o |a |meu |minha )?(?:pedido|compra|pagamento)\b",
)
COMPLAINT = union(
    r"\babsurdo\b.{0,60}\b(?:ninguem|nunca|semana|dias|resolv\w+)",
    (
        r"\b(?:pessim|horrivel|lixo|palhacad|vergonh|descaso|falta de respeito)\w*\b.{0,60}"
        r"\b(?:voces|vcs|atendimento|empresa|servico)\b"
    ),
    (
        r"\b(?:voces|vcs|atendimento|empresa|servico)\b.{0,60}"
        r"\b(?:pessim|horrivel|lixo|palhacad|vergonh|descaso|incompetent)\w*"
    ),
)
REASONS = (
    (EscalationReason.FRAUD, FRAUD),
    (EscalationReason.REVOCATION, REVOCATION),
    (EscalationReason.LEGAL_THREAT, LEGAL_THREAT),
    (EscalationReason.REFUND, REFUND),
    (EscalationReason.COMPLAINT, COMPLAINT),
)


@scoped
def find_trigger(text: str) -> EscalationTrigger | None:
    """Why a human must see this text at once, if one must."""
    plain = normalize_text(text)
    if cannot_issue_invoices(text) and EXPIRED.search(plain):
        return EscalationTrigger(
            EscalationReason.INVOICE_STOPPED, PRIORITY[EscalationReason.INVOICE_STOPPED]
        )
    reason = next((reason for reason, pattern in REASONS if pattern.search(plain)), None)
    return EscalationTrigger(reason, PRIORITY[reason]) if reason else None


def cannot_issue_invoices(text: str) -> bool:
    """Whether the customer cannot issue invoices, whatever the cause."""
    plain = normalize_text(text)
    return bool(INVOICES.search(plain) and STOPPED.search(plain))
