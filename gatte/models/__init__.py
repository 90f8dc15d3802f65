"""The tables, one file a family, and the column type that seals personal data.

Models hold constraints and small derived values; rules live in the services above. May import
`conversation` (for its closed sets) and the ground floor of `privacy`. Start reading at
`sealing.py`, then `conversation.py`.
"""

from gatte.models.api_token import ApiToken, IdempotentRequest, Scope
from gatte.models.appointment import Appointment, AppointmentState
from gatte.models.certificate import Certificate, CertificateStatus
from gatte.models.certificate_import import CertificateImport, CertificateImportState
from gatte.models.consent import Consent, ConsentChannel, ConsentKind, ConsentSource
from gatte.models.contact import Contact, ContactIdentity, IdentityKind, MuteReason
from gatte.models.contact_memory import ContactMemory, MemorySource
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
from gatte.models.identity_code import IdentityCheck
from gatte.models.inbox import InboxMessage, StatusEvent, WebhookEvent
from gatte.models.key_rotation import KeyRotation
from gatte.models.knowledge import (
    Article,
    ArticleConflict,
    ArticleState,
    ArticleVersion,
    KnowledgeVersion,
    Passage,
    PassageKind,
)
from gatte.models.login_session import LoginSession, LoginSessionEnd
from gatte.models.media_file import MediaFile, MediaOrphan, MediaProblem, MediaState
from gatte.models.message import (
    Author,
    DeliveryAttempt,
    DeliveryState,
    Direction,
    FailureCause,
    LlmCall,
    Message,
    NumberPause,
    Outbox,
    SkipReason,
)
from gatte.models.message_template import (
    MessageTemplate,
    NoticePurpose,
    TemplateCategory,
    TemplatePurpose,
    TemplateState,
)
from gatte.models.model_version import (
    ExampleState,
    ModelVersion,
    ShadowRun,
    TrainingExample,
    VersionState,
)
from gatte.models.operations import (
    AppliedErasure,
    BackupAction,
    BackupRecord,
    BudgetNotice,
    DailyFigure,
    ScheduledJob,
)
from gatte.models.reminder import (
    AppointmentReminder,
    AppointmentReminderKind,
    CertificateReminder,
)
from gatte.models.sealing import Keyring
from gatte.models.second_factor import RecoveryCode, SecondFactor
from gatte.models.unanswered_question import (
    QuestionGroup,
    QuestionGroupState,
    UnansweredQuestion,
    UnansweredReason,
)
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
    "AppointmentReminder",
    "AppointmentReminderKind",
    "AppointmentState",
    "Article",
    "ArticleConflict",
    "ArticleState",
    "ArticleVersion",
    "AuditEntry",
    "Author",
    "BackupAction",
    "BackupRecord",
    "BudgetNotice",
    "Certificate",
    "CertificateImport",
    "CertificateImportState",
    "CertificateReminder",
    "CertificateStatus",
    "CompanyFact",
    "CompanyFactVersion",
    "Consent",
    "ConsentChannel",
    "ConsentKind",
    "ConsentSource",
    "Contact",
    "ContactIdentity",
    "ContactMemory",
    "Conversation",
    "DailyFigure",
    "DataKey",
    "DeliveryAttempt",
    "DeliveryState",
    "Direction",
    "ExampleState",
    "FailureCause",
    "IdempotentRequest",
    "IdentityCheck",
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
    "MediaFile",
    "MediaOrphan",
    "MediaProblem",
    "MediaState",
    "MemorySource",
    "Message",
    "MessageTemplate",
    "ModelVersion",
    "MuteReason",
    "NoticePurpose",
    "NumberPause",
    "Outbox",
    "Passage",
    "PassageKind",
    "QuestionGroup",
    "QuestionGroupState",
    "RecoveryCode",
    "Role",
    "ScheduledJob",
    "Scope",
    "SecondFactor",
    "ShadowRun",
    "SkipReason",
    "StatusEvent",
    "TemplateCategory",
    "TemplatePurpose",
    "TemplateState",
    "Ticket",
    "TicketKind",
    "TicketNote",
    "TicketState",
    "TrainingExample",
    "Transition",
    "Turn",
    "TurnOutcome",
    "UnansweredQuestion",
    "UnansweredReason",
    "User",
    "VersionState",
    "WebhookDelivery",
    "WebhookDeliveryState",
    "WebhookEvent",
    "WebhookEventType",
    "WebhookSubscription",
    "keyring",
]
