"""The tables, one file a family, and the column type that seals personal data.

Models hold constraints and small derived values; rules live in the services above. May import
`conversation` (for its closed sets) and the ground floor of `privacy`. Start reading at
`sealing.py`, then `conversation.py`.
"""

from gatte.models.certificate import Certificate, CertificateStatus
from gatte.models.contact import Contact, ContactIdentity, IdentityKind, MuteReason
from gatte.models.conversation import Conversation, Transition, Turn, TurnOutcome
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
from gatte.models.sealing import DataKey, KeyPurpose, Keyring
from gatte.services import keyring

__all__ = [
    "Article",
    "AuditEntry",
    "Author",
    "Certificate",
    "CertificateStatus",
    "Contact",
    "ContactIdentity",
    "Conversation",
    "DataKey",
    "DeliveryAttempt",
    "DeliveryState",
    "Direction",
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
    "Role",
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
    "WebhookEvent",
    "keyring",
]
