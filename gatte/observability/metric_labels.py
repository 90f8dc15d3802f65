"""What the labels of metrics may say, where no room above has an enumeration of its own."""

from enum import StrEnum


class WebhookOutcome(StrEnum):
    """What became of a request to the webhook."""

    STORED = "stored"
    HANDSHAKE_REFUSED = "handshake_refused"
    BAD_SIGNATURE = "bad_signature"
    BAD_BODY = "bad_body"
    OVERLOADED = "overloaded"
    NOT_STORED = "not_stored"


class SendOutcome(StrEnum):
    """What became of an attempt to send a reply."""

    ACCEPTED = "accepted"
    RETRIED = "retried"
    FAILED = "failed"
    WINDOW_CLOSED = "window_closed"


class ReadReceiptOutcome(StrEnum):
    """What became of a read receipt."""

    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"
    PAUSED = "paused"


class TurnStep(StrEnum):
    """The parts of a turn whose time is measured."""

    TOTAL = "total"
    TRANSCRIBE = "transcribe"
    CLASSIFY = "classify"
    DECIDE = "decide"
    ANSWER = "answer"


class TokenDirection(StrEnum):
    """Tokens that a model read or wrote."""

    INPUT = "input"
    OUTPUT = "output"


class BudgetPeriod(StrEnum):
    """The periods that have a budget of their own."""

    DAY = "day"
    MONTH = "month"


class GuardBand(StrEnum):
    """What the guard makes of a customer's message."""

    CLEAR = "clear"
    SUSPICIOUS = "suspicious"
    BLOCKED = "blocked"


class CacheName(StrEnum):
    """The caches of knowledge retrieval."""

    ANSWERS = "answers"
    EMBEDDINGS = "embeddings"


class CacheOutcome(StrEnum):
    """What a cache answered."""

    HIT = "hit"
    MISS = "miss"
    SKIPPED = "skipped"
    UNAVAILABLE = "unavailable"
    NOT_KEPT = "not_kept"


class WhatsAppCall(StrEnum):
    """The requests that Meta gets from us."""

    SEND = "send"
    READ_MARK = "read_mark"
    MEDIA = "media"
    TEMPLATES = "templates"


class JobOutcome(StrEnum):
    """How a run of a scheduled job ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


class PoolState(StrEnum):
    """Connections to the database that a process may hold, and those that are in use."""

    LIMIT = "limit"
    IN_USE = "in_use"


NO_LABEL = "none"
"""For a flow when none is active, and for a step when nothing was asked yet."""
