"""The tables, one file a family, and the column type that seals personal data.

Models hold constraints and small derived values; rules live in the services above. May import
`conversation` (for its closed sets) and the ground floor of `privacy`. Start reading at
`sealing.py`, then `conversation.py`.
"""

from gatte.models.api_token import ApiToken, IdempotentRequest, Scope
from gatte.models.appointment import Appointment, AppointmentState
from gatte.models.certificate import Certificate, CertificateStatus
from gatte.models.contact import Contact, ContactIdentity, IdentityKind, MuteReason
from gatte.models.conversation import Conversation, Transition, Turn, TurnOutcome
from gatte.models.data_key import DataKey, KeyPurpose
from gatte.models.desk import (
    AuditEntry,
    Lead,
    LeadStage,
    Role,
    Ticket,
    TicketKind,
    TicketNote,
    TicketState,
    User,
)
from gatte.models.facts import CompanyFact, CompanyFactVersion
from gatte.models.inbox import InboxMessage, StatusEvent, WebhookEvent
from gatte.models.key_rotation import KeyRotation
from gatte.models.knowledge import Article, KnowledgeVersion, Passage, PassageKind
from gatte.models.login_session import LoginSession, LoginSessionEnd
from gatte.models.message import (
    Author,
    DeliveryAttempt,
    DeliveryState,
    Direction,
    LlmCall,
    Message,
    NumberPause,
    Outbox,
    SkipReason,
)
from gatte.models.operations import AppliedErasure, BudgetNotice, DailyFigure, ScheduledJob
from gatte.models.sealing import Keyring
from gatte.models.second_factor import RecoveryCode, SecondFactor
from gatte.models.webhook_subscription import (
    WebhookDelivery,
    WebhookDeliveryState,
    WebhookEventType,
    WebhookSubscription,
)
from gatte.services import keyring

__all__ = [
    "ApiToken",
    "AppliedErasure",
    "Appointment",
    "AppointmentState",
    "Article",
    "AuditEntry",
    "Author",
    "BudgetNotice",
    "Certificate",
    "CertificateStatus",
    "CompanyFact",
    "CompanyFactVersion",
    "Contact",
    "ContactIdentity",
    "Conversation",
    "DailyFigure",
    "DataKey",
    "DeliveryAttempt",
    "DeliveryState",
    "Direction",
    "IdempotentRequest",
    "IdentityKind",
    "InboxMessage",
    "KeyPurpose",
    "KeyRotation",
    "Keyring",
    "KnowledgeVersion",
    "Lead",
    "LeadStage",
    "LlmCall",
    "LoginSession",
    "LoginSessionEnd",
    "Message",
    "MuteReason",
    "NumberPause",
    "Outbox",
    "Passage",
    "PassageKind",
    "RecoveryCode",
    "Role",
    "ScheduledJob",
    "Scope",
    "SecondFactor",
    "SkipReason",
    "StatusEvent",
    "Ticket",
    "TicketKind",
    "TicketNote",
    "TicketState",
    "Transition",
    "Turn",
    "TurnOutcome",
    "User",
    "WebhookDelivery",
    "WebhookDeliveryState",
    "WebhookEvent",
    "WebhookEventType",
    "WebhookSubscription",
    "keyring",
]
