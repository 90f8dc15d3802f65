"""The closed sets of certificates, consent and templates in the words of the people at the desk."""

from gatte.models import (
    CertificateStatus,
    ConsentKind,
    ConsentSource,
    TemplateCategory,
    TemplateState,
)

CERTIFICATE_STATUSES: dict[CertificateStatus, str] = {
    CertificateStatus.ACTIVE: "Válido",
    CertificateStatus.EXPIRING: "Perto de vencer",
    CertificateStatus.EXPIRED: "Vencido",
    CertificateStatus.RENEWED: "Renovado",
    CertificateStatus.REVOKED: "Cancelado",
}
CONSENT_KINDS: dict[ConsentKind, str] = {
    ConsentKind.SERVICE: "Avisos do atendimento",
    ConsentKind.MARKETING: "Ofertas e novidades",
}
CONSENT_SOURCES: dict[ConsentSource, str] = {
    ConsentSource.CUSTOMER: "o cliente, na conversa",
    ConsentSource.DESK: "a equipe, a pedido do cliente",
    ConsentSource.API: "outro sistema da empresa",
    ConsentSource.META: "o cliente, no próprio WhatsApp",
}
TEMPLATE_CATEGORIES: dict[TemplateCategory, str] = {
    TemplateCategory.MARKETING: "Marketing",
    TemplateCategory.UTILITY: "Utilidade",
    TemplateCategory.AUTHENTICATION: "Autenticação",
    TemplateCategory.OTHER: "Outra",
}
TEMPLATE_STATES: dict[TemplateState, str] = {
    TemplateState.APPROVED: "Aprovado",
    TemplateState.PENDING: "Em análise",
    TemplateState.REJECTED: "Rejeitado",
    TemplateState.PAUSED: "Pausado",
    TemplateState.DISABLED: "Desativado",
    TemplateState.DELETED: "Apagado na Meta",
    TemplateState.OTHER: "Em outra situação",
}
