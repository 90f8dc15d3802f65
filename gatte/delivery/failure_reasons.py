"""Why an answer did not get through (yet), in words for the people at the desk."""

from dataclasses import dataclass

from gatte.models import DeliveryState, FailureCause, Outbox
from gatte.store.outbox import GIVEN_UP_STATES
from gatte.whatsapp.errors import rule_for


@dataclass(frozen=True)
class Explanation:
    """What happened, and what to do about it."""

    meaning: str
    advice: str


EXPLANATIONS: dict[FailureCause, Explanation] = {
    FailureCause.OWNER_CHANGED: Explanation(
        "A conversa mudou de mãos antes do envio.", "Se a resposta ainda servir, envie você."
    ),
    FailureCause.CONTACT_ERASED: Explanation(
        "Os dados deste contato foram apagados.", "Não há mais para onde enviar."
    ),
    FailureCause.NOT_CONFIRMED: Explanation(
        "O WhatsApp não confirmou se recebeu esta mensagem.",
        "Ela pode ter chegado. Confira com o cliente antes de enviar de novo.",
    ),
    FailureCause.NOT_CONNECTED: Explanation(
        "Não houve conexão com a Meta.", "O envio é repetido automaticamente."
    ),
    FailureCause.BREAKS_A_LIMIT: Explanation(
        "A mensagem passa de um limite do WhatsApp.", "Envie um texto mais curto ou em partes."
    ),
    FailureCause.WINDOW_CLOSED: Explanation(
        "A janela de 24 horas fechou antes do envio.",
        "Envie um modelo aprovado; o texto livre volta a funcionar quando o cliente responder.",
    ),
    FailureCause.NUMBER_PAUSED: Explanation(
        "A Meta não está aceitando mensagens deste número.",
        "Avise quem administra o sistema."
        " A mensagem sai sozinha assim que o problema for resolvido.",
    ),
    FailureCause.NOTICE_EXPIRED: Explanation(
        "O aviso não saiu a tempo e o texto dele já não valia.",
        "Se ainda fizer sentido, fale com o cliente.",
    ),
    FailureCause.NOTICE_OUTDATED: Explanation(
        "O certificado ou o horário de que o aviso falava mudou antes do envio.",
        "Não é preciso fazer nada.",
    ),
    FailureCause.NOTICES_REFUSED: Explanation(
        "O cliente pediu para não receber avisos antes de este sair.",
        "Não envie: respeite o pedido.",
    ),
}
UNCERTAIN_EXPLANATION = Explanation(
    "Ainda não se sabe se o WhatsApp recebeu esta mensagem.",
    "Espere: o sistema confere e decide se envia de novo.",
)
EXHAUSTED_EXPLANATION = Explanation(
    "O envio não deu certo depois de várias tentativas.", "Avise quem administra o sistema."
)


def explain(row: Outbox) -> Explanation | None:
    """What is wrong with an answer; None when nothing is."""
    if row.state is DeliveryState.UNCERTAIN:
        return UNCERTAIN_EXPLANATION
    waits = row.state is DeliveryState.PENDING and (
        row.error_code is not None or row.error_details is not None
    )
    if row.state not in GIVEN_UP_STATES and not waits:
        return None
    details = row.error_details or ""
    if details == FailureCause.NUMBER_PAUSED and row.error_code is not None:
        return Explanation(
            rule_for(row.error_code).meaning, EXPLANATIONS[FailureCause.NUMBER_PAUSED].advice
        )
    if details in set(FailureCause):
        return EXPLANATIONS[FailureCause(details)]
    if row.error_code is None:
        return EXHAUSTED_EXPLANATION
    rule = rule_for(row.error_code)
    advice = (
        rule.advice
        if waits or row.state is not DeliveryState.DEAD_LETTER
        else f"{EXHAUSTED_EXPLANATION.advice} {rule.advice}"
    )
    return Explanation(rule.meaning, advice)
