"""The values that labels of metrics take. They repeat enumerations of rooms above this one; tests
hold them equal.
"""

INTENT_LABELS = frozenset(
    [
        "greeting",
        "faq",
        "buy_certificate",
        "renew_certificate",
        "certificate_status",
        "price",
        "documents",
        "schedule",
        "technical_support",
        "ticket_status",
        "invoice_or_payment",
        "revoke_certificate",
        "complaint",
        "talk_to_human",
        "data_rights",
        "opt_out",
        "thanks",
        "goodbye",
        "out_of_scope",
    ]
)
SOURCE_LABELS = frozenset({"rule", "local", "gemini"})
REASON_LABELS = frozenset(
    [
        "requested",
        "not_understood",
        "revocation",
        "fraud",
        "refund",
        "legal_threat",
        "invoice_stopped",
        "slot_failed",
        "errors",
        "complaint",
        "data_request",
        "forced",
        "phone_echo",
    ]
)
KIND_LABELS = frozenset(
    [
        "text",
        "choice",
        "image",
        "video",
        "audio",
        "document",
        "sticker",
        "location",
        "contacts",
        "order",
        "reaction",
        "edit",
        "revoke",
        "system",
        "unsupported",
        "interactive",
        "button",
        "voice",
        "status",
    ]
)
READ_RECEIPT_OUTCOMES = frozenset({"sent", "failed", "dropped", "paused"})
DIRECTION_LABELS = frozenset({"input", "output", "cached", "thinking"})
WEBHOOK_OUTCOMES = frozenset(
    ["stored", "handshake_refused", "bad_signature", "bad_body", "overloaded", "not_stored"],
)
SEND_OUTCOMES = frozenset({"accepted", "retried", "failed", "window_closed"})
TURN_STEPS = frozenset({"whole", "listen", "understand", "decide", "answer"})
QUEUE_LABELS = frozenset({"delivery", "turns", "maintenance"})
PAUSE_CAUSES = frozenset(
    {"auth_alert", "permission", "payment_alert", "account_alert", "not_connected"}
)
MUTE_REASONS = frozenset({"flood", "repetition", "links", "blocklist", "by_hand", "abuse"})
CACHE_LABELS = frozenset({"answers", "embeddings"})
CACHE_OUTCOMES = frozenset({"hit", "miss", "skipped", "away", "not_kept"})
WHATSAPP_CALLS = frozenset({"send", "read_mark", "media"})
PURPOSES = frozenset({"classify", "respond", "embed", "transcribe"})

STEPS_OF_ALL = ("none", "confirm", "fix")
STEPS_OF_FLOWS: dict[str, tuple[str, ...]] = {
    "none": ("none",),
    "lead": ("product", "name", "document", "company", "email", *STEPS_OF_ALL),
    "renewal": ("certificate", "product", "name", "document", "email", *STEPS_OF_ALL),
    "certificate_status": ("document", *STEPS_OF_ALL),
    "ticket": ("subject", "description", "urgency", *STEPS_OF_ALL),
    "ticket_status": ("number", *STEPS_OF_ALL),
    "schedule": ("day", "period", "topic", *STEPS_OF_ALL),
    "data_rights": ("request", "field", "value", *STEPS_OF_ALL),
    "opt_out": STEPS_OF_ALL,
    "opt_in": STEPS_OF_ALL,
}
"""What each flow asks for; `none` stands for no flow, or for no question yet."""
FLOW_LABELS = frozenset(STEPS_OF_FLOWS)
STEP_LABELS = frozenset(step for steps in STEPS_OF_FLOWS.values() for step in steps)
