"""What each kind of notice needs of its template: values in a fixed order, and the name and words
that we suggest for it.
"""

from dataclasses import dataclass

from gatte.conversation.parsing.normalize import normalize_text
from gatte.models import MessageTemplate, NoticePurpose
from gatte.whatsapp import simulated_templates
from gatte.whatsapp.template_list import QUICK_REPLY, TEXT

RENEW, LEAVE = "menu:renew", "menu:opt_out"
"""Options of the conversation that buttons of templates may stand for."""
BODY = "body"


@dataclass(frozen=True)
class PurposeRule:
    """`variables` are the values that a notice of the purpose has, in the order in which a template
    with numbered variables gets them; one with named variables has these names.
    """

    title: str
    variables: tuple[str, ...]
    suggested_name: str
    suggested_body: str


RULES: dict[NoticePurpose, PurposeRule] = {
    NoticePurpose.CERTIFICATE_EXPIRING: PurposeRule(
        "Certificado perto de vencer",
        ("nome", "certificado", "data", "prazo"),
        "certificado_vencendo",
        simulated_templates.EXPIRING,
    ),
    NoticePurpose.CERTIFICATE_EXPIRED: PurposeRule(
        "Certificado vencido",
        ("nome", "certificado", "data", "prazo"),
        "certificado_vencido",
        simulated_templates.EXPIRED,
    ),
    NoticePurpose.APPOINTMENT: PurposeRule(
        "Lembrete de horário marcado",
        ("nome", "dia", "hora", "numero"),
        "lembrete_atendimento",
        simulated_templates.APPOINTMENT,
    ),
}


def mismatch(purpose: NoticePurpose, template: MessageTemplate) -> str:
    """Why a template cannot serve a purpose for its variables, in Portuguese; empty when it can."""
    wanted = RULES[purpose].variables
    elsewhere = [
        one for one in template.variables if one["component"] != BODY or one["kind"] != TEXT
    ]
    if elsewhere:
        return "tem variáveis fora do texto (título, imagem ou botão): deixe só as do texto"
    names = [one["name"] for one in template.variables]
    numbered = [str(number) for number in range(1, len(wanted) + 1)]
    if names == numbered or sorted(names) == sorted(wanted):
        return ""
    listed = ", ".join(wanted)
    return f"tem {len(names)} variáveis e precisa destas {len(wanted)}, nesta ordem: {listed}"


def payloads_of(template: MessageTemplate) -> tuple[str, ...]:
    """What the buttons of a template bring back: an option of the conversation where their words
    say it, else these words. Nothing when other kinds of buttons are among them.
    """
    if any(button["kind"] != QUICK_REPLY for button in template.buttons):
        return ()
    return tuple(_payload(button["text"]) for button in template.buttons)


def _payload(words: str) -> str:
    plain = normalize_text(words)
    refuses = plain.startswith("nao ")
    if "renova" in plain and not refuses:
        return RENEW
    if "aviso" in plain and (refuses or "parar" in plain):
        return LEAVE
    return words
