"""The templates of a company that plays with the simulator, in the shape of Meta's list: three that
serve notices under their suggested names, an offer, and one that was rejected.
"""

from typing import Any

EXPIRING = (
    "Olá, {{1}}! Seu certificado digital {{2}} vence {{4}}, no dia {{3}}. "
    "Renovando antes, você não fica sem emitir notas nem acessar os sistemas. "
    "Quer que a gente cuide da renovação?"
)
EXPIRED = (
    "Olá, {{1}}! Seu certificado digital {{2}} venceu {{4}}, no dia {{3}}. "
    "Se você ainda precisa dele, a gente ajuda a emitir um novo. Vamos renovar?"
)
APPOINTMENT = (
    "Olá, {{1}}! Lembrete do seu atendimento número {{4}}: {{2}}, às {{3}}. "
    "Se precisar mudar o horário, é só responder aqui."
)
OFFER = "Olá, {{1}}! Este mês a renovação do certificado digital está com condição especial."
RENEW_BUTTONS = ("Quero renovar", "Não quero avisos")


def _listed(
    name: str,
    body: str,
    buttons: tuple[str, ...] = (),
    *,
    category: str = "UTILITY",
    status: str = "APPROVED",
) -> dict[str, Any]:
    components: list[dict[str, Any]] = [{"type": "BODY", "text": body}]
    if buttons:
        replies = [{"type": "QUICK_REPLY", "text": text} for text in buttons]
        components.append({"type": "BUTTONS", "buttons": replies})
    return {
        "name": name,
        "language": "pt_BR",
        "category": category,
        "status": status,
        "components": components,
    }


SIMULATED_LIST: dict[str, Any] = {
    "data": [
        _listed("certificado_vencendo", EXPIRING, RENEW_BUTTONS),
        _listed("certificado_vencido", EXPIRED, RENEW_BUTTONS),
        _listed("lembrete_atendimento", APPOINTMENT),
        _listed("oferta_renovacao", OFFER, category="MARKETING"),
        _listed("promocao_do_mes", OFFER, category="MARKETING", status="REJECTED"),
    ]
}
