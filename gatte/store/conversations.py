"""The tables `conversation` and `transition`; the lease of a conversation is in `leases`.

A fragment of SQL names its columns without their table, so that it fits any alias.
"""

from datetime import timedelta

from gatte.models.message import TURN_AUTHORS

SERVICE_WINDOW = timedelta(hours=24)
"""How long after a customer's last message Meta delivers free text to them."""
SERVICE_WINDOW_OPEN = (
    "clock_timestamp() < last_inbound_at"
    f" + interval '{SERVICE_WINDOW // timedelta(seconds=1)} seconds'"
)
TURN_DUE = (
    "turn_due_at <= clock_timestamp()"
    " AND (leased_until IS NULL OR leased_until < clock_timestamp())"
)
INACTIVITY_DUE = "watch_at <= clock_timestamp()"
_TURN_AUTHORS = ", ".join(f"'{author}'" for author in TURN_AUTHORS)
UNREAD = f"set_aside IS NULL AND author IN ({_TURN_AUTHORS}) AND turn_id IS NULL"
"""Of the table `message`: no turn has read it, and one shall."""
