"""The data map (LGPD art. 37): of every table and column what it is, why it is kept and on what
ground, how long, who sees it, and what an erasure does with it.

A test fails for a table or column that is not here. `docs/lgpd.md` and the copy that a person gets
of their data are made from it. To add a table: name each column under what it is; a table with
personal data needs a foreign key to its contact that deletes with it, or its own step in
`erasure.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class ColumnClass(StrEnum):
    """What a column is, for the law."""

    PERSONAL = "personal, sealed"
    """Says who somebody is or what they wrote; under the contact's key, or the inbox's."""
    HASH = "keyed hash"
    """Finds a person again for whoever has the look-up key and knows the value."""
    LINK = "link"
    """Ties a row to others; says nothing by itself."""
    FACT = "fact about the person"
    """What happened and when; personal as long as a link leads from it to a person."""
    STAFF = "data of staff"
    SECRET = "secret"  # noqa: S105 - the name of a class
    """Opens a door of the installation or of one of its subscribers; of nobody's person."""
    TECHNICAL = "technical"


class Erasure(StrEnum):
    """What an erasure does with the rows of a contact."""

    DELETED = "deleted with the contact"
    EMPTIED = "emptied: the bare hash of Meta's message id stays until the redelivery horizon"
    PRUNED = "the person's part is taken out of stored webhook bodies"
    UNLINKED = "kept, without anything that leads to the person but ids of rows that are gone"
    KEY_DESTROYED = "the contact's key is destroyed"
    DROPPED = "what is not stored yet is dropped whole, since whose data it holds cannot be told"
    NONE = "holds nothing of a customer"


class Retention(StrEnum):
    """How long the rows stay; see `retention.periods` and the settings."""

    TEXTS = "GATTE_RETENTION_TEXT_MONTHS after the conversation was closed"
    CONTACT = "until nothing hangs on the contact, GATTE_RETENTION_TEXT_MONTHS at least"
    TRACES = "the trace GATTE_RETENTION_TRACE_DAYS, the rest as long as the conversation"
    MEDIA = "GATTE_RETENTION_MEDIA_DAYS, and no longer than the conversation"
    ORPHANS = "until the file is removed, some ten minutes"
    TICKETS = "GATTE_RETENTION_TICKET_MONTHS after a settled ticket changed last"
    LEADS = "GATTE_RETENTION_LEAD_MONTHS after the last change"
    APPOINTMENTS = "GATTE_RETENTION_TICKET_MONTHS after their end"
    MEMORIES = "a topic or promise 30 days, a period a year, the rest two years after it was told"
    CERTIFICATES = "GATTE_RETENTION_CERTIFICATE_MONTHS after the certificate's end"
    IMPORTS = "a day until it is confirmed; its content until it is stored, its counts 90 days"
    TEMPLATES = "as long as Meta lists it; then marked as deleted"
    LLM_CALLS = "GATTE_RETENTION_LLM_CALL_MONTHS, and no longer than the conversation"
    INBOX = (
        "7 days (Meta's redelivery horizon);"
        " what could not be processed GATTE_RETENTION_WEBHOOK_DAYS"
    )
    EVENTS = "GATTE_RETENTION_WEBHOOK_DAYS"
    STATUSES = "until applied, 10 minutes at most"
    AUDIT = "GATTE_RETENTION_AUDIT_MONTHS"
    KEYS = (
        "a contact's key as long as the contact; an inbox key a day longer than what came in on it"
    )
    REQUESTS = "24 hours"
    CODES = "a day, and no longer than the conversation in which the code was asked for"
    DELIVERIES = "7 days after the delivery, all others 90 days"
    LOGINS = "as long as the account; the ended ones 90 days"
    STAFF = "as long as the person works in the panel; then disabled"
    UNLIMITED = "without end"


class LegalBasis(StrEnum):
    """On what ground the data is processed (LGPD art. 7)."""

    CONSENT = "proof of what the person allowed or forbade (art. 7, I and art. 8)"
    CONTRACT = "contract or steps before it, at the person's request (art. 7, V)"
    OBLIGATION = "legal duty of the company (art. 7, II)"
    INTEREST = "legitimate interest: a safe and reliable service (art. 7, IX)"
    NONE = "no personal data"


class Access(StrEnum):
    """Who sees it."""

    DESK = "people of the desk, in the panel"
    ADMINS = "admins of the panel"
    NOBODY = "processes of the installation alone"


@dataclass(frozen=True)
class TableRule:
    """What the map says of a table. `title` names it to the person whose data it is, in Portuguese;
    without one the copy for people leaves it out.
    """

    what: str
    why: str
    basis: LegalBasis
    retention: Retention
    erasure: Erasure
    access: Access
    columns: Mapping[ColumnClass, tuple[str, ...]]
    title: str = ""

    @property
    def is_told(self) -> bool:
        """Whether the page for the person shows the table."""
        return bool(self.title)


TABLES: dict[str, TableRule] = {
    "contact": TableRule(
        title="Cadastro",
        what="who writes: name, phone, user id, e-mail, document; opt-out, mute, legal hold",
        why="to know who writes and to answer",
        basis=LegalBasis.CONTRACT,
        retention=Retention.CONTACT,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: (
                "name_sealed",
                "phone_sealed",
                "bsuid_sealed",
                "email_sealed",
                "document_sealed",
                "hold_reason_sealed",
            ),
            ColumnClass.HASH: ("name_words",),
            ColumnClass.LINK: ("id", "data_key_id"),
            ColumnClass.FACT: (
                "opted_out_at",
                "muted_until",
                "mute_reason",
                "erased_at",
                "held_at",
                "created_at",
                "updated_at",
            ),
        },
    ),
    "contact_identity": TableRule(
        what="keyed hashes of phone, user id and document",
        why="to find the contact of a message, although phones are sealed",
        basis=LegalBasis.CONTRACT,
        retention=Retention.CONTACT,
        erasure=Erasure.DELETED,
        access=Access.NOBODY,
        columns={
            ColumnClass.HASH: ("hash",),
            ColumnClass.LINK: ("contact_id",),
            ColumnClass.FACT: ("kind", "created_at"),
            ColumnClass.TECHNICAL: ("id",),
        },
    ),
    "conversation": TableRule(
        title="Conversas",
        what="a talk: its state, the values given in forms, a summary for the desk",
        why="to go on where the customer stopped, and to hand over to a person",
        basis=LegalBasis.CONTRACT,
        retention=Retention.TEXTS,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("slots_sealed", "flags_sealed", "summary_sealed"),
            ColumnClass.LINK: ("id", "contact_id", "data_key_id", "correlation_id"),
            ColumnClass.FACT: (
                "phone_number_id",
                "state",
                "state_since",
                "owner",
                "last_intent",
                "flow",
                "escalation_reason",
                "waiting_since",
                "last_inbound_at",
                "last_activity_at",
                "active_minute",
                "opened_at",
                "closed_at",
            ),
            ColumnClass.TECHNICAL: (
                "owner_version",
                "assignee_id",
                "requested_slot",
                "suspended_flow",
                "fallback_count",
                "invalid_slot_count",
                "consecutive_errors",
                "priority",
                "lease_token",
                "lease_expires_at",
                "turn_due_at",
                "turn_attempts",
                "inactivity_due_at",
                "wake_at",
                "rate_limit_notified_at",
                "remembered_at",
            ),
        },
    ),
    "message": TableRule(
        title="Mensagens",
        what="every message of customer, bot and desk, as text and as Meta sent it",
        why="to answer, to show the history to the desk, to prove what was said",
        basis=LegalBasis.CONTRACT,
        retention=Retention.TEXTS,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("body_sealed", "raw_payload_sealed", "wamid_sealed"),
            ColumnClass.HASH: ("wamid_hash",),
            ColumnClass.LINK: ("id", "contact_id", "conversation_id", "data_key_id", "turn_id"),
            ColumnClass.FACT: (
                "direction",
                "author",
                "kind",
                "intent",
                "confidence",
                "sent_at",
                "received_at",
                "erased_at",
                "skip_reason",
            ),
            ColumnClass.TECHNICAL: (
                "sequence",
                "user_id",
                "intent_source",
                "model",
                "prompt_version",
            ),
        },
    ),
    "media_file": TableRule(
        title="Arquivos enviados",
        what="a file that the customer sent, its content in the media storage: kind, size, state",
        why="so that the desk sees what the customer shows, and Meta's copy ends after days",
        basis=LegalBasis.CONTRACT,
        retention=Retention.MEDIA,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("filename_sealed",),
            ColumnClass.HASH: ("checksum",),
            ColumnClass.LINK: ("id", "data_key_id", "message_id", "contact_id"),
            ColumnClass.FACT: (
                "kind",
                "state",
                "problem",
                "mime_type",
                "size",
                "created_at",
                "stored_at",
            ),
            ColumnClass.TECHNICAL: ("preview_size", "attempts", "next_attempt_at"),
        },
    ),
    "media_orphan": TableRule(
        what="random ids of files whose row is gone",
        why="to remove them from the media storage",
        basis=LegalBasis.NONE,
        retention=Retention.ORPHANS,
        erasure=Erasure.NONE,
        access=Access.NOBODY,
        columns={ColumnClass.TECHNICAL: ("file_id", "deleted_at")},
    ),
    "outbox": TableRule(
        what="replies on their way to the customer, and what became of them",
        why="to deliver each once, in order",
        basis=LegalBasis.CONTRACT,
        retention=Retention.TEXTS,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("reply_sealed", "wamid_sealed"),
            ColumnClass.HASH: ("wamid_hash",),
            ColumnClass.LINK: ("id", "conversation_id", "data_key_id"),
            ColumnClass.FACT: (
                "author",
                "state",
                "created_at",
                "accepted_at",
                "sent_at",
                "delivered_at",
                "read_at",
                "failed_at",
            ),
            ColumnClass.TECHNICAL: (
                "sequence",
                "phone_number_id",
                "owner_version",
                "attempts",
                "next_attempt_at",
                "expires_at",
                "error_code",
                "error_details",
                "billable",
                "pricing_category",
            ),
        },
    ),
    "delivery_attempt": TableRule(
        what="calls to Meta for a reply, with their outcome",
        why="to find faults of delivery",
        basis=LegalBasis.INTEREST,
        retention=Retention.TEXTS,
        erasure=Erasure.DELETED,
        access=Access.NOBODY,
        columns={
            ColumnClass.LINK: ("outbox_id",),
            ColumnClass.TECHNICAL: ("id", "outcome", "error_code", "latency_ms", "created_at"),
        },
    ),
    "transition": TableRule(
        what="the steps of a conversation from state to state",
        why="the desk's timeline and the reports",
        basis=LegalBasis.CONTRACT,
        retention=Retention.TEXTS,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.LINK: ("conversation_id", "turn_id", "correlation_id"),
            ColumnClass.FACT: ("from_state", "to_state", "event", "created_at"),
            ColumnClass.TECHNICAL: ("id", "cause", "duration_ms"),
        },
    ),
    "turn": TableRule(
        what="one run of the bot, with its trace: what it read, understood and found",
        why="to explain an answer (LGPD art. 20), to play it again, to find faults",
        basis=LegalBasis.INTEREST,
        retention=Retention.TRACES,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("trace_sealed",),
            ColumnClass.LINK: ("id", "conversation_id", "data_key_id", "request_id"),
            ColumnClass.FACT: ("outcome", "created_at"),
            ColumnClass.TECHNICAL: ("attempt", "lease_token", "error", "step_durations_ms"),
        },
    ),
    "training_example": TableRule(
        title="Correções do entendimento do robô",
        what="what an agent says that a customer meant: the messages of one turn with their place",
        why="to let the bot understand the next one better, in this installation alone",
        basis=LegalBasis.INTEREST,
        retention=Retention.TEXTS,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("turn_input_sealed", "reason_sealed"),
            ColumnClass.LINK: (
                "id",
                "contact_id",
                "conversation_id",
                "turn_id",
                "message_id",
                "data_key_id",
            ),
            ColumnClass.FACT: ("labels_before", "labels_after", "created_at"),
            ColumnClass.STAFF: ("user_id", "withdrawn_by_id"),
            ColumnClass.TECHNICAL: ("read_by", "state", "withdrawn_at"),
        },
    ),
    "llm_call": TableRule(
        what="calls to a language model: tokens, cost, outcome; no text",
        why="to know and bound the cost",
        basis=LegalBasis.INTEREST,
        retention=Retention.LLM_CALLS,
        erasure=Erasure.DELETED,
        access=Access.ADMINS,
        columns={
            ColumnClass.LINK: ("conversation_id", "turn_id"),
            ColumnClass.TECHNICAL: (
                "id",
                "purpose",
                "model",
                "prompt_version",
                "tokens_in",
                "tokens_out",
                "cost_brl",
                "tokens_estimated",
                "flow",
                "latency_ms",
                "outcome",
                "created_at",
            ),
        },
    ),
    "unanswered_question": TableRule(
        title="Perguntas sem resposta",
        what="questions that the bot did not answer, without personal values",
        why="to write the articles that are missing",
        basis=LegalBasis.INTEREST,
        retention=Retention.TEXTS,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("question_sealed",),
            ColumnClass.LINK: (
                "id",
                "contact_id",
                "conversation_id",
                "message_id",
                "group_id",
                "data_key_id",
            ),
            ColumnClass.FACT: ("reason", "created_at"),
        },
    ),
    "contact_memory": TableRule(
        title="Lembranças de conversas anteriores",
        what="how to call the person, company, product, preferred period, e-mail, last topic, what"
        " was promised",
        why="so that nobody has to tell it again",
        basis=LegalBasis.INTEREST,
        retention=Retention.MEMORIES,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("value_sealed",),
            ColumnClass.LINK: (
                "id",
                "contact_id",
                "conversation_id",
                "message_id",
                "data_key_id",
            ),
            ColumnClass.FACT: ("kind", "learned_at", "expires_at", "forgotten_at"),
            ColumnClass.TECHNICAL: ("source", "confidence", "updated_by_id", "version"),
        },
    ),
    "identity_check": TableRule(
        what="that a code was sent to the registered contact, since somebody asked from another"
        " number",
        why="to tell what is registered to a person to that person alone",
        basis=LegalBasis.INTEREST,
        retention=Retention.CODES,
        erasure=Erasure.DELETED,
        access=Access.NOBODY,
        columns={
            ColumnClass.LINK: ("id", "conversation_id", "contact_id"),
            ColumnClass.SECRET: ("code_hash",),
            ColumnClass.FACT: ("attempts", "created_at", "expires_at", "proven_at"),
            ColumnClass.TECHNICAL: ("examined_sequence",),
        },
    ),
    "ticket": TableRule(
        title="Chamados",
        what="what a customer wants the desk to solve",
        why="to solve it, and to answer for it",
        basis=LegalBasis.CONTRACT,
        retention=Retention.TICKETS,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("subject_sealed", "description_sealed"),
            ColumnClass.LINK: (
                "id",
                "contact_id",
                "conversation_id",
                "data_key_id",
                "attachments",
            ),
            ColumnClass.FACT: (
                "number",
                "kind",
                "state",
                "urgency",
                "due_at",
                "erasure_due_at",
                "created_at",
                "updated_at",
            ),
            ColumnClass.TECHNICAL: ("assignee_id", "version"),
        },
    ),
    "appointment": TableRule(
        title="Horários marcados",
        what="when a customer is served, as it was booked, moved or cancelled",
        why="to keep the time free, and to serve the customer then",
        basis=LegalBasis.CONTRACT,
        retention=Retention.APPOINTMENTS,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("note_sealed",),
            ColumnClass.LINK: (
                "id",
                "contact_id",
                "conversation_id",
                "data_key_id",
                "moved_from_id",
            ),
            ColumnClass.FACT: (
                "number",
                "kind",
                "product",
                "starts_at",
                "ends_at",
                "state",
                "created_at",
                "updated_at",
            ),
            ColumnClass.TECHNICAL: ("phone_number_id", "slot_no", "created_by", "version"),
        },
    ),
    "ticket_note": TableRule(
        title="Anotações da equipe",
        what="notes of the desk on a ticket",
        why="so that the next agent knows what was done",
        basis=LegalBasis.CONTRACT,
        retention=Retention.TICKETS,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("body_sealed",),
            ColumnClass.LINK: ("id", "ticket_id", "data_key_id"),
            ColumnClass.FACT: ("created_at",),
            ColumnClass.TECHNICAL: ("author_id",),
        },
    ),
    "lead": TableRule(
        title="Pedidos de compra",
        what="who wants to buy or renew, with name, company, document, e-mail",
        why="to sell what the person asked for",
        basis=LegalBasis.CONTRACT,
        retention=Retention.LEADS,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: (
                "name_sealed",
                "company_sealed",
                "document_sealed",
                "email_sealed",
            ),
            ColumnClass.LINK: ("id", "contact_id", "conversation_id", "data_key_id"),
            ColumnClass.FACT: ("stage", "product", "renewal_of", "created_at", "updated_at"),
            ColumnClass.TECHNICAL: ("owner_id", "version"),
        },
    ),
    "certificate": TableRule(
        title="Certificados",
        what="digital certificates of the contact and when they end; never a key",
        why="to answer about them, and to remind in time",
        basis=LegalBasis.CONTRACT,
        retention=Retention.CERTIFICATES,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("holder_sealed", "document_sealed", "serial_number_sealed"),
            ColumnClass.HASH: ("document_hash",),
            ColumnClass.LINK: ("id", "contact_id", "data_key_id"),
            ColumnClass.FACT: (
                "kind",
                "issuer",
                "issued_on",
                "valid_until",
                "status",
                "reminded_at",
                "renewal_lead_for",
                "created_at",
                "updated_at",
            ),
        },
    ),
    "certificate_reminder": TableRule(
        what="which reminders of the end of a certificate were sent",
        why="to remind once, and to show that it was done",
        basis=LegalBasis.CONTRACT,
        retention=Retention.CERTIFICATES,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.LINK: ("id", "certificate_id", "outbox_id"),
            ColumnClass.FACT: ("valid_until", "days_before", "created_at"),
        },
    ),
    "appointment_reminder": TableRule(
        what="which reminders of an appointment were sent",
        why="to remind once, and to show that it was done",
        basis=LegalBasis.CONTRACT,
        retention=Retention.APPOINTMENTS,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.LINK: ("id", "appointment_id", "outbox_id"),
            ColumnClass.FACT: ("kind", "created_at"),
        },
    ),
    "consent": TableRule(
        title="Autorizações para mensagens",
        what="what the contact allowed and forbade the company to send, who told us, and when",
        why="to send only what is allowed, and to prove it",
        basis=LegalBasis.CONSENT,
        retention=Retention.CONTACT,
        erasure=Erasure.DELETED,
        access=Access.DESK,
        columns={
            ColumnClass.PERSONAL: ("note_sealed",),
            ColumnClass.LINK: ("id", "contact_id", "data_key_id"),
            ColumnClass.FACT: (
                "channel",
                "kind",
                "granted",
                "source",
                "text_version",
                "recorded_at",
            ),
            ColumnClass.TECHNICAL: ("user_id",),
        },
    ),
    "certificate_import": TableRule(
        what="files of certificates until they are stored, with what was wrong in them",
        why="to show what is wrong before anything is stored",
        basis=LegalBasis.CONTRACT,
        retention=Retention.IMPORTS,
        erasure=Erasure.DROPPED,
        access=Access.ADMINS,
        columns={
            ColumnClass.PERSONAL: ("content_sealed",),
            ColumnClass.STAFF: ("user_id",),
            ColumnClass.TECHNICAL: (
                "id",
                "state",
                "line_count",
                "error_count",
                "error_lines",
                "errors",
                "done_count",
                "created_count",
                "changed_count",
                "created_at",
                "finished_at",
            ),
        },
    ),
    "message_template": TableRule(
        what="messages that Meta approved for the company",
        why="to write to customers outside the 24 hours",
        basis=LegalBasis.NONE,
        retention=Retention.TEMPLATES,
        erasure=Erasure.NONE,
        access=Access.DESK,
        columns={
            ColumnClass.TECHNICAL: (
                "id",
                "business_account_id",
                "name",
                "language",
                "category",
                "state",
                "variables",
                "buttons",
                "body",
                "synced_at",
                "created_at",
            )
        },
    ),
    "template_purpose": TableRule(
        what="which template serves which notice",
        why="to send the right one",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.DESK,
        columns={ColumnClass.TECHNICAL: ("purpose", "template_id", "updated_at")},
    ),
    "inbox_message": TableRule(
        what="a message as it arrived, sealed until it is processed, then emptied",
        why="to lose none, and to know one that Meta delivers again",
        basis=LegalBasis.CONTRACT,
        retention=Retention.INBOX,
        erasure=Erasure.EMPTIED,
        access=Access.NOBODY,
        columns={
            ColumnClass.PERSONAL: ("payload",),
            ColumnClass.HASH: ("wamid_hash", "sender_hash"),
            ColumnClass.LINK: ("request_id",),
            ColumnClass.TECHNICAL: (
                "id",
                "phone_number_id",
                "kind",
                "skip_quiet_period",
                "sent_at",
                "received_at",
                "processed_at",
                "attempts",
                "retry_at",
            ),
        },
    ),
    "webhook_event": TableRule(
        what="what Meta told beside messages and statuses, and bodies that could not be stored",
        why="to take them again, and to know of changes of the account",
        basis=LegalBasis.INTEREST,
        retention=Retention.EVENTS,
        erasure=Erasure.PRUNED,
        access=Access.NOBODY,
        columns={
            ColumnClass.PERSONAL: ("payload",),
            ColumnClass.TECHNICAL: (
                "id",
                "field",
                "phone_number_id",
                "handled_at",
                "received_at",
            ),
        },
    ),
    "status_event": TableRule(
        what="statuses of replies that wait to be applied",
        why="to know whether a reply arrived",
        basis=LegalBasis.CONTRACT,
        retention=Retention.STATUSES,
        erasure=Erasure.DELETED,
        access=Access.NOBODY,
        columns={
            ColumnClass.HASH: ("wamid_hash",),
            ColumnClass.LINK: ("outbox_id",),
            ColumnClass.TECHNICAL: (
                "id",
                "phone_number_id",
                "status",
                "error_code",
                "error_details",
                "billable",
                "pricing_category",
                "at",
                "received_at",
            ),
        },
    ),
    "data_key": TableRule(
        what="data keys, wrapped by the master key",
        why="to seal personal data, and to destroy it by destroying its key",
        basis=LegalBasis.OBLIGATION,
        retention=Retention.KEYS,
        erasure=Erasure.KEY_DESTROYED,
        access=Access.NOBODY,
        columns={
            ColumnClass.LINK: ("id",),
            ColumnClass.TECHNICAL: (
                "purpose",
                "day",
                "master_key_id",
                "wrapped_key",
                "wrap_number",
                "created_at",
            ),
        },
    ),
    "audit_entry": TableRule(
        what="what people of the desk did, to which row, and when; no values",
        why="to answer for what was done (LGPD art. 6, X)",
        basis=LegalBasis.OBLIGATION,
        retention=Retention.AUDIT,
        erasure=Erasure.UNLINKED,
        access=Access.ADMINS,
        columns={
            ColumnClass.LINK: ("subject",),
            ColumnClass.STAFF: ("user_id", "action", "created_at"),
            ColumnClass.TECHNICAL: (
                "id",
                "details",
                "number",
                "previous_mac",
                "content_mac",
                "mac",
            ),
        },
    ),
    "user": TableRule(
        what="people who work in the panel",
        why="to let them in, and nobody else",
        basis=LegalBasis.INTEREST,
        retention=Retention.STAFF,
        erasure=Erasure.NONE,
        access=Access.ADMINS,
        columns={
            ColumnClass.STAFF: ("email", "name", "password_hash", "last_login_at", "created_at"),
            ColumnClass.TECHNICAL: (
                "id",
                "role",
                "active",
                "session_version",
                "must_change_password",
            ),
        },
    ),
    "login_session": TableRule(
        what="browsers in which a person of the panel is, or was, logged in",
        why="to end a login, and to see a strange one",
        basis=LegalBasis.INTEREST,
        retention=Retention.LOGINS,
        erasure=Erasure.NONE,
        access=Access.ADMINS,
        columns={
            ColumnClass.STAFF: (
                "user_id",
                "browser",
                "created_at",
                "authenticated_at",
                "last_seen_at",
                "ended_at",
                "end_reason",
            ),
            ColumnClass.TECHNICAL: ("id",),
        },
    ),
    "second_factor": TableRule(
        what="secrets by which a person of the panel makes codes for the second step of a login",
        why="so that a stolen password is not enough",
        basis=LegalBasis.INTEREST,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.NOBODY,
        columns={
            ColumnClass.SECRET: ("secret_sealed",),
            ColumnClass.STAFF: ("user_id", "confirmed_at", "last_step", "created_at"),
            ColumnClass.TECHNICAL: ("id", "data_key_id"),
        },
    ),
    "recovery_code": TableRule(
        what="hashes of the codes on paper that stand for a lost phone",
        why="so that a lost phone locks nobody out",
        basis=LegalBasis.INTEREST,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.NOBODY,
        columns={
            ColumnClass.SECRET: ("code_hash",),
            ColumnClass.STAFF: ("user_id", "used_at", "created_at"),
            ColumnClass.TECHNICAL: ("id",),
        },
    ),
    "api_token": TableRule(
        what="tokens of programs that call the API in the name of a user",
        why="to let them in, and nobody else",
        basis=LegalBasis.INTEREST,
        retention=Retention.STAFF,
        erasure=Erasure.NONE,
        access=Access.ADMINS,
        columns={
            ColumnClass.STAFF: ("user_id", "created_by_id", "last_used_at"),
            ColumnClass.SECRET: ("token_hash",),
            ColumnClass.TECHNICAL: (
                "id",
                "name",
                "prefix",
                "scopes",
                "created_at",
                "expires_at",
                "revoked_at",
            ),
        },
    ),
    "idempotent_request": TableRule(
        what="answers of the API to requests that may be sent again",
        why="so that a request is done once however often it is sent",
        basis=LegalBasis.INTEREST,
        retention=Retention.REQUESTS,
        erasure=Erasure.DELETED,
        access=Access.NOBODY,
        columns={
            ColumnClass.PERSONAL: ("body_sealed",),
            ColumnClass.HASH: ("key_hash", "request_hash"),
            ColumnClass.LINK: ("id", "token_id", "data_key_id", "location"),
            ColumnClass.TECHNICAL: ("status", "etag", "impersonal_body", "created_at"),
        },
    ),
    "webhook_subscription": TableRule(
        what="addresses of other systems that are told of events",
        why="to tell them",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.ADMINS,
        columns={
            ColumnClass.SECRET: ("secret_sealed",),
            ColumnClass.STAFF: ("created_by_id",),
            ColumnClass.TECHNICAL: (
                "id",
                "data_key_id",
                "url",
                "event_types",
                "active",
                "created_at",
            ),
        },
    ),
    "webhook_delivery": TableRule(
        what="events on their way to other systems: ids and states, no words and no names",
        why="to tell them in order, once each",
        basis=LegalBasis.CONTRACT,
        retention=Retention.DELIVERIES,
        erasure=Erasure.DELETED,
        access=Access.ADMINS,
        columns={
            ColumnClass.LINK: ("subscription_id", "object_key", "payload"),
            ColumnClass.TECHNICAL: (
                "id",
                "sequence",
                "event_type",
                "state",
                "attempts",
                "next_attempt_at",
                "last_status",
                "last_error",
                "delivered_at",
                "created_at",
            ),
        },
    ),
    "company_fact": TableRule(
        what="what the company says of itself: hours, address, prices",
        why="to answer questions",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.DESK,
        columns={
            ColumnClass.STAFF: ("updated_by_id",),
            ColumnClass.TECHNICAL: (
                "id",
                "kind",
                "key",
                "value",
                "source",
                "valid_from",
                "valid_to",
                "version",
                "created_at",
                "updated_at",
            ),
        },
    ),
    "company_fact_version": TableRule(
        what="the number of the last change of the company's facts",
        why="so that every process reads them again",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.NOBODY,
        columns={ColumnClass.TECHNICAL: ("id", "version", "settings_seeded_at", "demo_seeded_at")},
    ),
    "key_rotation": TableRule(
        what="how far a rotation of the master key has come",
        why="to go on with it after a stop",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.ADMINS,
        columns={
            ColumnClass.TECHNICAL: (
                "id",
                "master_key_id",
                "wraps_before",
                "wrapped_again",
                "started_at",
                "progressed_at",
                "finished_at",
            )
        },
    ),
    "applied_erasure": TableRule(
        what="which entries of the erasure ledger this database carried out",
        why="so that a restored backup is erased again",
        basis=LegalBasis.OBLIGATION,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.NOBODY,
        columns={ColumnClass.TECHNICAL: ("sequence", "ledger_id", "digest", "applied_at")},
    ),
    "backup_record": TableRule(
        what="backups that were made, and ones that were proved by restoring them",
        why="to see that there are backups, and that they can be restored",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.NOBODY,
        columns={
            ColumnClass.TECHNICAL: (
                "id",
                "action",
                "backup",
                "started_at",
                "finished_at",
                "size_bytes",
                "succeeded",
                "problem",
            )
        },
    ),
    "budget_notice": TableRule(
        what="that 80 or 100 percent of a day's or a month's budget were spent",
        why="to tell it once",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.ADMINS,
        columns={ColumnClass.TECHNICAL: ("period", "starts_on", "percent", "created_at")},
    ),
    "daily_figure": TableRule(
        what="sums of a day: conversations, messages, intents, escalations, errors, cost",
        why="reports whose sums no erasure changes",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.ADMINS,
        columns={
            ColumnClass.TECHNICAL: (
                "day",
                "phone_number_id",
                "figure",
                "label",
                "live",
                "carried",
            )
        },
    ),
    "model_version": TableRule(
        what="trained models: weights over the words of the shipped corpus, and their scores",
        why="to answer with the best one, and to go back to the one before",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.ADMINS,
        columns={
            ColumnClass.STAFF: ("refusals",),
            ColumnClass.TECHNICAL: (
                "id",
                "base",
                "state",
                "file",
                "checksum",
                "trial_file",
                "example_count",
                "figures",
                "previous_id",
                "created_at",
                "promoted_at",
                "retired_at",
            ),
        },
    ),
    "shadow_run": TableRule(
        what="sums of comparisons of past conversations under another configuration",
        why="to see what a change would do before it is made",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.ADMINS,
        columns={
            ColumnClass.TECHNICAL: (
                "id",
                "candidate",
                "conversation_count",
                "turn_count",
                "figures",
                "report_name",
                "created_at",
            )
        },
    ),
    "scheduled_job": TableRule(
        what="jobs that the clock starts, with their last run",
        why="to see that they run",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.ADMINS,
        columns={
            ColumnClass.TECHNICAL: (
                "name",
                "cron",
                "next_run_at",
                "lease_expires_at",
                "started_at",
                "finished_at",
                "succeeded",
                "result",
                "error",
            )
        },
    ),
    "article": TableRule(
        what="articles of the knowledge base",
        why="to answer questions",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.DESK,
        columns={
            ColumnClass.STAFF: ("owner_id",),
            ColumnClass.TECHNICAL: (
                "id",
                "slug",
                "title",
                "question",
                "answer",
                "short_answer",
                "topic",
                "source",
                "valid_from",
                "valid_to",
                "active",
                "archived_at",
                "version",
                "created_at",
                "updated_at",
            ),
        },
    ),
    "article_version": TableRule(
        what="what articles of the knowledge base said before, and drafts",
        why="to see who changed an answer, and to take one back",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.DESK,
        columns={
            ColumnClass.STAFF: ("author_id", "published_by_id"),
            ColumnClass.TECHNICAL: (
                "id",
                "article_id",
                "number",
                "content",
                "created_at",
                "published_at",
            ),
        },
    ),
    "article_conflict": TableRule(
        what="articles that are asked for alike and say different figures",
        why="so that people settle which of them holds",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.DESK,
        columns={
            ColumnClass.TECHNICAL: (
                "article_id",
                "other_id",
                "similarity",
                "differences",
                "found_at",
            )
        },
    ),
    "question_group": TableRule(
        what="which unanswered questions ask alike, and what people made of them",
        why="to write the articles that are missing",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.DESK,
        columns={
            ColumnClass.STAFF: ("updated_by_id",),
            ColumnClass.TECHNICAL: ("id", "state", "article_id", "created_at", "updated_at"),
        },
    ),
    "passage": TableRule(
        what="the texts under which articles are found",
        why="to answer questions",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.NOBODY,
        columns={
            ColumnClass.TECHNICAL: (
                "id",
                "article_id",
                "kind",
                "text",
                "normalised",
                "superseded",
                "embedding",
                "search_vector",
            )
        },
    ),
    "passage_vector": TableRule(
        what="vectors of those texts that Gemini made, where the company chose so",
        why="to answer questions",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.NOBODY,
        columns={ColumnClass.TECHNICAL: ("passage_id", "model", "embedding")},
    ),
    "knowledge_version": TableRule(
        what="a number that grows with each change of the knowledge base",
        why="so that no cache outlives a change",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.NOBODY,
        columns={ColumnClass.TECHNICAL: ("id", "version", "vector_model")},
    ),
    "number_pause": TableRule(
        what="numbers of the company from which nothing is sent for a while",
        why="to wait while Meta takes nothing",
        basis=LegalBasis.NONE,
        retention=Retention.UNLIMITED,
        erasure=Erasure.NONE,
        access=Access.DESK,
        columns={
            ColumnClass.TECHNICAL: (
                "phone_number_id",
                "cause",
                "error_code",
                "probe_count",
                "paused_at",
                "next_probe_at",
            )
        },
    ),
}
COLUMN_TITLES: dict[str, str] = {
    "name": "Nome",
    "phone": "Telefone",
    "bsuid": "Identificação no WhatsApp",
    "email": "E-mail",
    "document": "CPF ou CNPJ",
    "company": "Empresa",
    "holder": "Titular",
    "serial_number": "Número de série",
    "subject": "Assunto",
    "description": "Descrição",
    "body": "Texto",
    "summary": "Resumo para a equipe",
    "slots": "Dados informados no atendimento",
    "number": "Número",
    "kind": "Tipo",
    "state": "Situação",
    "status": "Situação",
    "stage": "Etapa",
    "product": "Produto",
    "author": "Quem escreveu",
    "intent": "Assunto entendido pelo robô",
    "sent_at": "Enviada em",
    "opened_at": "Começou em",
    "closed_at": "Terminou em",
    "created_at": "Registrado em",
    "updated_at": "Alterado em",
    "due_at": "Prazo",
    "valid_until": "Válido até",
    "issued_on": "Emitido em",
    "issuer": "Emissor",
    "channel": "Canal",
    "granted": "Aceita",
    "source": "Quem informou",
    "text_version": "Texto mostrado",
    "note": "Anotação",
    "recorded_at": "Registrado em",
    "reminded_at": "Último lembrete",
    "opted_out_at": "Não quer avisos desde",
    "muted_until": "Sem respostas do robô até",
    "hold_reason": "Motivo da guarda legal",
    "turn_input": "O que a pessoa escreveu, e onde na conversa",
    "labels_after": "O que ela quis dizer, segundo a equipe",
    "question": "Pergunta",
    "file": "Arquivo",
    "filename": "Nome do arquivo",
    "mime_type": "Formato",
    "size": "Tamanho em bytes",
    "value": "O que lembramos",
    "learned_at": "Contado em",
    "expires_at": "Guardado até",
}
"""What the copy for people calls a value; one without a title stands in the JSON copy alone."""


@lru_cache
def told_columns(table: str) -> frozenset[str]:
    """The columns that are not sealed and that a copy for the person has: facts, and the ids by
    which rows belong together.
    """
    columns = TABLES[table].columns
    links = [name for name in columns.get(ColumnClass.LINK, ()) if name != "data_key_id"]
    return frozenset([*columns.get(ColumnClass.FACT, ()), *links])
