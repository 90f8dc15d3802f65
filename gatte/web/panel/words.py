"""Our closed sets in the words of the people at the desk."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from gatte.conversation.effects import Reason, Urgency
from gatte.conversation.states import Event, State
from gatte.conversation.understanding import Intent
from gatte.models import Author, DeliveryState, LeadStage, MuteReason, Role, SetAside, TicketKind, TicketState

STATES: dict[State, str] = {
    State.START: "Início",
    State.MENU: "No menu",
    State.ANSWERING: "Respondendo dúvida",
    State.COLLECTING: "Coletando dados",
    State.CONFIRMING: "Confirmando dados",
    State.WAITING_HUMAN: "Aguardando atendente",
    State.WITH_HUMAN: "Com atendente",
    State.ERROR: "Com falha",
    State.TIMEOUT: "Sem resposta do cliente",
    State.CLOSED: "Encerrada",
}
EVENTS: dict[Event, str] = {
    Event.GREETED: "cliente cumprimentou",
    Event.MENU_SHOWN: "menu mostrado",
    Event.QUESTION_ASKED: "dúvida recebida",
    Event.QUESTION_ANSWERED: "dúvida respondida",
    Event.NOT_UNDERSTOOD: "mensagem não entendida",
    Event.FLOW_STARTED: "fluxo iniciado",
    Event.SLOT_FILLED: "dado recebido",
    Event.SLOTS_COMPLETE: "dados completos",
    Event.FLOW_FINISHED: "fluxo concluído",
    Event.CORRECTED: "dado corrigido",
    Event.CONFIRMED: "cliente confirmou",
    Event.CANCELLED: "fluxo cancelado",
    Event.ESCALATED: "encaminhada ao atendimento",
    Event.AGENT_TOOK: "atendente assumiu",
    Event.AGENT_REPLIED: "atendente respondeu",
    Event.HANDED_BACK: "devolvida ao robô",
    Event.CUSTOMER_WAITED: "cliente continua sem resposta da equipe",
    Event.FORCED_RESET: "reiniciada pela equipe",
    Event.FORCED_ESCALATION: "encaminhada pela equipe",
    Event.NUDGED: "lembrete enviado",
    Event.TIMED_OUT: "cliente parou de responder",
    Event.RESUMED: "conversa retomada",
    Event.CLOSED: "conversa encerrada",
    Event.FAILED: "falha no atendimento",
    Event.REOPENED: "conversa reaberta",
}
INTENTS: dict[Intent, str] = {
    Intent.GREETING: "Cumprimento",
    Intent.FAQ: "Dúvida",
    Intent.BUY_CERTIFICATE: "Comprar certificado",
    Intent.RENEW_CERTIFICATE: "Renovar certificado",
    Intent.CERTIFICATE_STATUS: "Situação do certificado",
    Intent.PRICE: "Preço",
    Intent.DOCUMENTS: "Documentos",
    Intent.SCHEDULE: "Agendamento",
    Intent.TECHNICAL_SUPPORT: "Suporte técnico",
    Intent.TICKET_STATUS: "Andamento de chamado",
    Intent.INVOICE_OR_PAYMENT: "Nota fiscal ou pagamento",
    Intent.REVOKE_CERTIFICATE: "Revogar certificado",
    Intent.COMPLAINT: "Reclamação",
    Intent.TALK_TO_HUMAN: "Falar com atendente",
    Intent.DATA_RIGHTS: "Dados pessoais (LGPD)",
    Intent.OPT_OUT: "Parar mensagens",
    Intent.THANKS: "Agradecimento",
    Intent.GOODBYE: "Despedida",
    Intent.OUT_OF_SCOPE: "Fora do assunto",
}
REASONS: dict[Reason, str] = {
    Reason.REQUESTED: "Pediu um atendente",
    Reason.NOT_UNDERSTOOD: "O robô não entendeu",
    Reason.REVOCATION: "Quer revogar um certificado",
    Reason.FRAUD: "Suspeita de fraude",
    Reason.REFUND: "Reembolso ou contestação",
    Reason.LEGAL_THREAT: "Falou em Procon ou Justiça",
    Reason.INVOICE_STOPPED: "Emissão de notas parada",
    Reason.SLOT_FAILED: "Não conseguiu informar um dado",
    Reason.ERRORS: "Falhas seguidas do robô",
    Reason.COMPLAINT: "Reclamação",
    Reason.DATA_REQUEST: "Pedido sobre dados pessoais",
    Reason.FORCED: "Encaminhada pela equipe",
    Reason.PHONE_ECHO: "Alguém respondeu pelo celular",
}
DELIVERY: dict[DeliveryState, str] = {
    DeliveryState.PENDING: "Na fila de envio",
    DeliveryState.SENDING: "Enviando",
    DeliveryState.UNCERTAIN: "Envio em verificação",
    DeliveryState.ACCEPTED: "Aceita pelo WhatsApp",
    DeliveryState.SENT: "Enviada",
    DeliveryState.DELIVERED: "Entregue",
    DeliveryState.READ: "Lida",
    DeliveryState.FAILED: "Não enviada",
    DeliveryState.PARKED: "Envio suspenso: precisa de decisão",
    DeliveryState.CANCELLED: "Cancelada antes do envio",
}
AUTHORS: dict[Author, str] = {Author.CUSTOMER: "Cliente", Author.BOT: "Robô", Author.AGENT: "Atendente", Author.PHONE: "Celular da empresa"}
URGENCIES: dict[Urgency, str] = {Urgency.LOW: "Baixa", Urgency.NORMAL: "Normal", Urgency.HIGH: "Alta", Urgency.CRITICAL: "Crítica"}
TICKET_KINDS: dict[TicketKind, str] = {
    TicketKind.REQUEST: "Solicitação",
    TicketKind.VISIT: "Agendamento",
    TicketKind.DATA_REQUEST: "Dados pessoais (LGPD)",
    TicketKind.FOLLOW_UP: "Retorno",
}
TICKET_STATES: dict[TicketState, str] = {
    TicketState.OPEN: "Aberto",
    TicketState.IN_PROGRESS: "Em andamento",
    TicketState.WAITING_CUSTOMER: "Aguardando cliente",
    TicketState.SOLVED: "Resolvido",
    TicketState.CANCELLED: "Cancelado",
}
STAGES: dict[LeadStage, str] = {
    LeadStage.NEW: "Novo",
    LeadStage.CONTACTED: "Contatado",
    LeadStage.QUOTED: "Orçamento enviado",
    LeadStage.WON: "Venda feita",
    LeadStage.LOST: "Perdido",
}
ROLES: dict[Role, str] = {Role.AGENT: "Atendente", Role.ADMIN: "Administração"}
# After "silenciado por".
MUTE_REASONS: dict[MuteReason, str] = {
    MuteReason.FLOOD: "excesso de mensagens",
    MuteReason.REPETITION: "repetir a mesma mensagem",
    MuteReason.LINKS: "links suspeitos",
    MuteReason.BLOCKLIST: "palavras típicas de spam",
    MuteReason.BY_HAND: "decisão da equipe",
}
SET_ASIDE: dict[SetAside, str] = {
    SetAside.LIMITED: "O robô não leu: acima do limite por minuto",
    SetAside.MUTED: "O robô não leu: contato silenciado",
}
FLOWS: dict[str, str] = {
    "lead": "compra de certificado",
    "renewal": "renovação",
    "certificate_status": "situação do certificado",
    "ticket": "abertura de chamado",
    "ticket_status": "andamento de chamado",
    "schedule": "agendamento",
    "data_rights": "dados pessoais",
    "opt_out": "parar mensagens",
}
# What the audit trail calls things, as what a person did.
ACTIONS: dict[str, str] = {
    Event.AGENT_TOOK.value: "assumiu a conversa",
    Event.HANDED_BACK.value: "devolveu ao robô",
    Event.FORCED_RESET.value: "reiniciou a conversa",
    Event.FORCED_ESCALATION.value: "encaminhou ao atendimento",
    "muted": "silenciou o contato",
    "unmuted": "reativou o contato",
}
# Kinds of a customer's message that are no text; see `understanding.MessageKind`.
ATTACHMENTS: dict[str, str] = {
    "image": "Imagem",
    "video": "Vídeo",
    "audio": "Áudio",
    "document": "Documento",
    "sticker": "Figurinha",
    "location": "Localização",
    "contacts": "Contato",
    "order": "Pedido",
    "reaction": "Reação",
    "unsupported": "Mensagem de um tipo que não abrimos",
}
SETS: tuple[Mapping[Any, str], ...] = (
    STATES,
    EVENTS,
    INTENTS,
    REASONS,
    DELIVERY,
    AUTHORS,
    URGENCIES,
    TICKET_KINDS,
    TICKET_STATES,
    STAGES,
    ROLES,
    MUTE_REASONS,
    SET_ASIDE,
)
BY_CLASS: dict[type[StrEnum], Mapping[Any, str]] = {type(next(iter(words))): words for words in SETS}


def in_words(value: StrEnum) -> str:
    """A member of one of our closed sets in Portuguese."""
    return BY_CLASS[type(value)][value]
