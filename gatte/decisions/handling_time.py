"""How fast the desk serves: the recent handling times of its people, and how many of them are at
work.
"""

import time
from dataclasses import dataclass

from flask import current_app

from gatte.infra.database.statement_batch import fetch_rows

CACHE_SECONDS = 30.0
MIN_HANDLED = 5  # fewer say nothing of the next one

# A conversation is handled from its take to its hand-back. At work is who took, handed back or
# logged in within half an hour, or has a conversation in which something was said since.
HANDLING_TIME_SQL = """
    WITH ended AS (
        SELECT id, subject, at
        FROM audit_entry
        WHERE action = 'handed_back' AND at > clock_timestamp() - interval '4 hours'
        ORDER BY id DESC
        LIMIT 50
    ), handled AS (
        SELECT extract(epoch FROM ended.at - taken.at) / 60 AS minutes
        FROM ended
        JOIN LATERAL (
            SELECT at
            FROM audit_entry a
            WHERE a.subject = ended.subject AND a.action = 'agent_took' AND a.id < ended.id
            ORDER BY a.id DESC
            LIMIT 1
        ) taken ON true
    ), at_work AS (
        SELECT user_id AS id
        FROM audit_entry
        WHERE action IN ('agent_took', 'handed_back')
            AND at > clock_timestamp() - interval '30 minutes'
        UNION
        SELECT id
        FROM "user"
        WHERE active AND last_login_at > clock_timestamp() - interval '30 minutes'
        UNION
        SELECT assignee_id
        FROM conversation
        WHERE state = 'STATE_WITH_HUMAN' AND closed_at IS NULL
            AND last_activity_at > clock_timestamp() - interval '30 minutes'
    )
    SELECT (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) FROM handled) AS minutes,
        (SELECT count(*) FROM handled) AS handled,
        (SELECT count(id) FROM at_work) AS agents
"""


@dataclass
class HandlingTime:
    """What this process knows of the pace, and since when."""

    minutes_each: float | None = None
    asked_at: float = -CACHE_SECONDS


def minutes_per_customer() -> float | None:
    """Minutes that the desk as a whole takes for a customer; None when too few were handled lately,
    or nobody is at work.
    """
    known: HandlingTime = current_app.extensions.setdefault("gatte_pace", HandlingTime())
    if time.monotonic() - known.asked_at >= CACHE_SECONDS:
        known.asked_at = time.monotonic()
        known.minutes_each = _measured()
    return known.minutes_each


def _measured() -> float | None:
    pace = fetch_rows(HANDLING_TIME_SQL)[0]
    minutes = float(pace.minutes or 0)
    agents = int(pace.agents)
    if pace.handled < MIN_HANDLED or not agents:
        return None
    return round(minutes / agents, 2)
