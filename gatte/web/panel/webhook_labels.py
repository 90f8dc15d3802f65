"""Events for other systems, and how far one has come, in Portuguese."""

from gatte.models import WebhookDeliveryState, WebhookEventType

WEBHOOK_EVENTS: dict[WebhookEventType, str] = {
    WebhookEventType.MESSAGE_RECEIVED: "Mensagem de cliente recebida",
    WebhookEventType.MESSAGE_SENT: "Mensagem enviada",
    WebhookEventType.MESSAGE_STATUS: "Entrega ou leitura de mensagem",
    WebhookEventType.CONVERSATION_CREATED: "Conversa iniciada",
    WebhookEventType.CONVERSATION_ESCALATED: "Conversa na fila de atendimento",
    WebhookEventType.CONVERSATION_TAKEN: "Conversa assumida por uma pessoa",
    WebhookEventType.CONVERSATION_HANDED_BACK: "Conversa devolvida ao robô",
    WebhookEventType.CONVERSATION_CLOSED: "Conversa encerrada",
    WebhookEventType.TICKET_CREATED: "Chamado aberto",
    WebhookEventType.TICKET_UPDATED: "Chamado alterado",
    WebhookEventType.LEAD_CREATED: "Lead criado",
    WebhookEventType.LEAD_UPDATED: "Lead alterado",
    WebhookEventType.APPOINTMENT_CREATED: "Horário marcado",
    WebhookEventType.APPOINTMENT_UPDATED: "Horário alterado",
}
WEBHOOK_DELIVERY_STATES: dict[WebhookDeliveryState, str] = {
    WebhookDeliveryState.PENDING: "A caminho",
    WebhookDeliveryState.DELIVERED: "Entregue",
    WebhookDeliveryState.DEAD_LETTER: "Não entregue",
}
