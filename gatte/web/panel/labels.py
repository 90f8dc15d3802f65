"""Our closed sets in the words of the people at the desk."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from gatte.conversation.effects import AppointmentKind, EscalationReason, Urgency
from gatte.conversation.memory_kinds import MemoryKind
from gatte.conversation.nlu import Intent
from gatte.conversation.states import Event, State
from gatte.models import (
    AppointmentState,
    ArticleState,
    Author,
    DeliveryState,
    LeadStage,
    MediaProblem,
    MemorySource,
    MuteReason,
    Role,
    Scope,
    SkipReason,
    TicketKind,
    TicketState,
    UnansweredReason,
)
from gatte.web.panel.notice_labels import (
    CERTIFICATE_STATUSES,
    CONSENT_KINDS,
    CONSENT_SOURCES,
    TEMPLATE_CATEGORIES,
    TEMPLATE_STATES,
)
from gatte.web.panel.webhook_labels import WEBHOOK_DELIVERY_STATES, WEBHOOK_EVENTS

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
    Event.AGENT_CLOSED: "encerrada pela equipe",
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
REASONS: dict[EscalationReason, str] = {
    EscalationReason.REQUESTED: "Pediu um atendente",
    EscalationReason.NOT_UNDERSTOOD: "O robô não entendeu",
    EscalationReason.REVOCATION: "Quer revogar um certificado",
    EscalationReason.FRAUD: "Suspeita de fraude",
    EscalationReason.REFUND: "Reembolso ou contestação",
    EscalationReason.LEGAL_THREAT: "Falou em Procon ou Justiça",
    EscalationReason.INVOICE_STOPPED: "Emissão de notas parada",
    EscalationReason.SLOT_FAILED: "Não conseguiu informar um dado",
    EscalationReason.ERRORS: "Falhas seguidas do robô",
    EscalationReason.COMPLAINT: "Reclamação",
    EscalationReason.DATA_REQUEST: "Pedido sobre dados pessoais",
    EscalationReason.FORCED: "Encaminhada pela equipe",
    EscalationReason.PHONE_ECHO: "Alguém respondeu pelo celular",
    EscalationReason.DATA_BREACH: "Vazamento ou exposição de dados",
    EscalationReason.DISTRESS: "Pessoa em desespero",
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
    DeliveryState.DEAD_LETTER: "Envio suspenso: precisa de decisão",
    DeliveryState.CANCELLED: "Cancelada antes do envio",
}
AUTHORS: dict[Author, str] = {
    Author.CUSTOMER: "Cliente",
    Author.BOT: "Robô",
    Author.AGENT: "Atendente",
    Author.PHONE: "Celular da empresa",
}
URGENCIES: dict[Urgency, str] = {
    Urgency.LOW: "Baixa",
    Urgency.NORMAL: "Normal",
    Urgency.HIGH: "Alta",
    Urgency.CRITICAL: "Crítica",
}
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
APPOINTMENT_KINDS: dict[AppointmentKind, str] = {
    AppointmentKind.VIDEO: "Videoconferência",
    AppointmentKind.IN_PERSON: "Presencial",
    AppointmentKind.TOKEN_DELIVERY: "Entrega de token",
}
APPOINTMENT_STATES: dict[AppointmentState, str] = {
    AppointmentState.BOOKED: "Marcado",
    AppointmentState.MOVED: "Mudou de horário",
    AppointmentState.CANCELLED: "Cancelado",
    AppointmentState.DONE: "Atendido",
    AppointmentState.NO_SHOW: "Não compareceu",
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
    MuteReason.ABUSE: "ofensas ou ameaças",
}
# What an agent may give as the reason, and for how long.
MUTE_CHOICES: dict[MuteReason, str] = {
    MuteReason.ABUSE: "Ofensas ou ameaças",
    MuteReason.FLOOD: "Excesso de mensagens",
    MuteReason.BLOCKLIST: "Propaganda ou spam",
    MuteReason.BY_HAND: "Outro motivo",
}
MUTE_HOURS: dict[str, int] = {"1": 1, "24": 24, "168": 168, "720": 720}
MUTE_SPANS: dict[str, str] = {"1": "1 hora", "24": "1 dia", "168": "7 dias", "720": "30 dias"}
SET_ASIDE: dict[SkipReason, str] = {
    SkipReason.RATE_LIMITED: "O robô não leu: acima do limite por minuto",
    SkipReason.MUTED: "O robô não leu: contato silenciado",
}
FLOWS: dict[str, str] = {
    "lead": "compra de certificado",
    "renewal": "renovação",
    "certificate_status": "situação do certificado",
    "ticket": "abertura de chamado",
    "ticket_status": "andamento de chamado",
    "schedule": "agendamento",
    "move_appointment": "mudança de horário",
    "cancel_appointment": "cancelamento de horário",
    "appointment_status": "consulta de horário",
    "data_rights": "dados pessoais",
    "opt_out": "parar mensagens",
}
ARTICLE_STATES: dict[ArticleState, str] = {
    ArticleState.DRAFT: "Rascunho",
    ArticleState.PUBLISHED: "Publicado",
    ArticleState.ARCHIVED: "Arquivado",
}
MEMORY_KINDS: dict[MemoryKind, str] = {
    MemoryKind.NAME_FORM: "Como chamar",
    MemoryKind.COMPANY: "Empresa",
    MemoryKind.PRODUCT: "Certificado",
    MemoryKind.PERIOD: "Período preferido",
    MemoryKind.EMAIL: "E-mail",
    MemoryKind.TOPIC: "Último assunto",
    MemoryKind.PROMISE: "Ficou com a equipe",
}
MEMORY_SOURCES: dict[MemorySource, str] = {
    MemorySource.RULE: "Do que foi registrado",
    MemorySource.GEMINI: "Lida na conversa pelo modelo",
    MemorySource.AGENT: "Corrigida",
}
UNANSWERED_REASONS: dict[UnansweredReason, str] = {
    UnansweredReason.NO_ANSWER: "sem resposta na base",
    UnansweredReason.NOT_UNDERSTOOD: "o robô não entendeu",
    UnansweredReason.NOT_HELPFUL: "o cliente disse que não ajudou",
}
SCHEDULED_JOBS: dict[str, str] = {
    "apply_retention": "Apagar o que passou do prazo",
    "check_own_certificate": "Conferir o certificado do nosso endereço",
    "check_budget": "Conferir o orçamento",
    "count_daily_figures": "Contar os números de cada dia",
    "create_backup": "Fazer a cópia de segurança",
    "destroy_inbox_keys": "Destruir as chaves de entrada antigas",
    "erase_due_contacts": "Apagar os dados de quem pediu",
    "sync_templates": "Ler os modelos de mensagem da Meta",
    "watch_certificates": "Marcar certificados vencidos e abrir leads de renovação",
    "send_reminders": "Enviar lembretes de certificados e horários",
    "apply_marketing_choices": "Obedecer a quem parou ofertas no WhatsApp",
    "import_certificates": "Importar planilhas de certificados",
    "embed_articles": "Preparar os artigos para a busca por significado do Gemini",
    "group_unanswered_questions": "Juntar as perguntas sem resposta por assunto",
    "remember_contacts": "Guardar o que os clientes contaram para a próxima conversa",
    "remove_orphaned_media": "Apagar arquivos de clientes que já não devem ficar",
    "replay_erasures": "Conferir o registro de exclusões",
    "train_command_model": "Treinar o robô com as correções",
}
SCOPES: dict[Scope, str] = {
    Scope.CONTACTS_READ: "Ler contatos",
    Scope.CONTACTS_WRITE: "Alterar contatos",
    Scope.CONVERSATIONS_READ: "Ler conversas",
    Scope.CONVERSATIONS_WRITE: "Assumir, devolver e encerrar conversas",
    Scope.MESSAGES_READ: "Ler mensagens e modelos",
    Scope.MESSAGES_WRITE: "Enviar mensagens e modelos",
    Scope.TICKETS_READ: "Ler chamados",
    Scope.TICKETS_WRITE: "Abrir e alterar chamados",
    Scope.LEADS_READ: "Ler leads",
    Scope.LEADS_WRITE: "Alterar leads",
    Scope.CERTIFICATES_READ: "Ler certificados",
    Scope.CERTIFICATES_WRITE: "Cadastrar e alterar certificados",
    Scope.APPOINTMENTS_READ: "Ler a agenda",
    Scope.APPOINTMENTS_WRITE: "Marcar, mudar e cancelar horários",
    Scope.KNOWLEDGE_READ: "Ler a base de conhecimento",
    Scope.KNOWLEDGE_WRITE: "Alterar a base de conhecimento",
    Scope.FACTS_READ: "Ler os dados da empresa",
    Scope.FACTS_WRITE: "Alterar os dados da empresa",
    Scope.FIGURES_READ: "Ler os indicadores por dia",
    Scope.WEBHOOKS_READ: "Ver os avisos a outros sistemas (webhooks)",
    Scope.WEBHOOKS_WRITE: "Configurar os avisos a outros sistemas (webhooks)",
}
# Kinds of a customer's message that are no text; see `nlu.MessageKind`.
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
MEDIA_PROBLEMS: dict[MediaProblem, str] = {
    MediaProblem.TOO_LARGE: "Arquivo recusado: é maior do que guardamos.",
    MediaProblem.KIND_NOT_KEPT: "Arquivo recusado: não guardamos arquivos deste tipo.",
    MediaProblem.WRONG_CONTENT: "Arquivo recusado: o conteúdo não é do tipo que ele diz ser.",
    MediaProblem.PROGRAM: "Arquivo recusado por segurança: é um programa.",
    MediaProblem.GONE: "O WhatsApp já não tem este arquivo. Peça ao cliente que envie de novo.",
    MediaProblem.NOT_GIVEN: (
        "Não conseguimos baixar o arquivo do WhatsApp. Peça ao cliente que envie de novo."
    ),
    MediaProblem.ALTERED: "O arquivo chegou danificado. Peça ao cliente que envie de novo.",
    MediaProblem.NOT_STORED: (
        "Não conseguimos guardar o arquivo. Peça ao cliente que envie de novo."
    ),
}
LABEL_TABLES: tuple[Mapping[Any, str], ...] = (
    STATES,
    EVENTS,
    INTENTS,
    REASONS,
    DELIVERY,
    AUTHORS,
    URGENCIES,
    TICKET_KINDS,
    TICKET_STATES,
    APPOINTMENT_KINDS,
    APPOINTMENT_STATES,
    CERTIFICATE_STATUSES,
    CONSENT_KINDS,
    CONSENT_SOURCES,
    TEMPLATE_CATEGORIES,
    TEMPLATE_STATES,
    STAGES,
    ARTICLE_STATES,
    UNANSWERED_REASONS,
    MEMORY_KINDS,
    MEMORY_SOURCES,
    ROLES,
    MUTE_REASONS,
    SET_ASIDE,
    MEDIA_PROBLEMS,
    WEBHOOK_EVENTS,
    WEBHOOK_DELIVERY_STATES,
)
LABELS_BY_ENUM: dict[type[StrEnum], Mapping[Any, str]] = {
    type(next(iter(words))): words for words in LABEL_TABLES
}


def label(value: StrEnum) -> str:
    """A member of one of our closed sets in Portuguese."""
    return LABELS_BY_ENUM[type(value)][value]
