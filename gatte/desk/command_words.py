"""What a customer does with a turn, in the words of the people at the desk: for each label of the
command model, in the groups in which a correction offers them.
"""

from collections.abc import Mapping

from gatte.conversation.nlu import PredictionSource

GROUPS: Mapping[str, Mapping[str, str]] = {
    "Perguntas e assuntos": {
        "Question": "faz uma pergunta",
        "StartFlow:lead": "quer comprar um certificado",
        "StartFlow:renewal": "quer renovar o certificado",
        "StartFlow:certificate_status": "quer saber a situação do certificado",
        "StartFlow:schedule": "quer marcar um horário",
        "StartFlow:move_appointment": "quer remarcar",
        "StartFlow:cancel_appointment": "quer desmarcar",
        "StartFlow:ticket": "quer abrir um chamado",
        "StartFlow:ticket_status": "quer saber do chamado",
        "StartFlow:data_rights": "pede algo sobre seus dados pessoais",
    },
    "Resposta ao que o robô perguntou": {
        "SetSlot": "informa um dado",
        "CorrectSlot": "corrige um dado que já informou",
        "Affirm": "diz que sim",
        "Deny": "diz que não",
        "Skip": "não tem ou não quer informar",
    },
    "Precisa de uma pessoa": {
        "RequestHuman": "quer falar com uma pessoa",
        "Complain": "reclama do atendimento ou do robô",
        "Escalate:invoice_stopped": "não consegue emitir notas",
        "Escalate:revocation": "quer revogar um certificado",
        "Escalate:fraud": "suspeita de fraude",
        "Escalate:refund": "quer o dinheiro de volta",
        "Escalate:legal_threat": "fala em Procon ou Justiça",
        "Escalate:data_breach": "conta que seus dados vazaram",
        "Escalate:distress": "está em desespero",
    },
    "Andamento da conversa": {
        "CancelFlow": "desiste do que estava fazendo",
        "ShowMenu": "quer ver as opções",
        "LeaveQueue": "não quer mais esperar um atendente",
        "OptOut": "não quer mais receber avisos",
        "OptIn": "quer voltar a receber avisos",
    },
    "Cortesia e outros": {
        "SmallTalk:greeting": "cumprimenta",
        "SmallTalk:thanks": "agradece",
        "SmallTalk:goodbye": "se despede",
        "SmallTalk:ack": "só confirma que leu",
        "SmallTalk:other": "puxa conversa",
        "WrongPerson": "não é cliente ou errou o número",
        "OtherLanguage": "escreve em outra língua",
        "OffTopic": "fala de outro assunto",
        "Hostile": "ofende ou tenta enganar o robô",
        "Secret": "mandou uma senha ou um arquivo de chave",
        "Unclear": "não dá para saber o que quer",
    },
}
WORDS: Mapping[str, str] = {
    label: words for group in GROUPS.values() for label, words in group.items()
}
READ_ALONE: Mapping[str, str] = {
    "ResumeFlow": "quer continuar o que tinha deixado",
    "StartFlow:appointment_status": "quer saber do horário marcado",
}
"""What rules alone read: a correction does not offer it, since no model learns it."""

SOURCES: Mapping[PredictionSource, str] = {
    PredictionSource.RULE: "regra fixa",
    PredictionSource.LOCAL: "modelo local",
    PredictionSource.GEMINI: "Gemini",
}


def words_of(label: str) -> str:
    """A label in words; its own name where it has none."""
    return WORDS.get(label) or READ_ALONE.get(label) or label


def certainty(confidence: float) -> str:
    """How sure a reading was, in one word."""
    if confidence >= 0.85:
        return "alta"
    return "média" if confidence >= 0.6 else "baixa"
