"""The table `daily_figure`: what a day came to, so that no sum changes when rows are erased.

A figure is `live` (as the rows have it) and `carried` (of rows that were erased since). An erasure
moves what it takes from one to the other; counting a day again sets `live` anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from gatte.conversation.states import State
from gatte.extensions import db
from gatte.store.turns import FAILED_OUTCOMES

FIGURES_LOCK = 7_002  # counting a day and erasing of it must not meet
STATEMENT_TIMEOUT = "10min"  # times of messages and calls have no index
_FAILED = ", ".join(f"'{outcome}'" for outcome in FAILED_OUTCOMES)

# A person took a conversation that had waited for so long as the transition lasted.
TAKEN = f"r.from_state = '{State.WAITING_HUMAN}' AND r.to_state = '{State.WITH_HUMAN}'"


@dataclass(frozen=True)
class FigureSource:
    """Where a figure comes from: its rows (joined with their conversation `c`), the column of their
    time, and in SQL what they are told apart by and what is added up.
    """

    rows: str
    time: str
    label: str = "''"
    amount: str = "count(*)"
    condition: str = "TRUE"


FIGURES: dict[str, FigureSource] = {
    # one that was never open holds notices alone
    "conversations": FigureSource(
        "conversation c", "c.opened_at", condition="c.closed_at IS DISTINCT FROM c.opened_at"
    ),
    "messages": FigureSource(
        "message r JOIN conversation c ON c.id = r.conversation_id", "r.received_at", "r.author"
    ),
    "intents": FigureSource(
        "message r JOIN conversation c ON c.id = r.conversation_id",
        "r.received_at",
        "r.intent",
        condition="r.intent IS NOT NULL",
    ),
    "escalations": FigureSource(
        "transition r JOIN conversation c ON c.id = r.conversation_id",
        "r.created_at",
        "coalesce(c.escalation_reason, '')",
        condition=(
            f"r.to_state = '{State.WAITING_HUMAN}' AND r.from_state <> '{State.WAITING_HUMAN}'"
        ),
    ),
    "waits": FigureSource(
        "transition r JOIN conversation c ON c.id = r.conversation_id",
        "r.created_at",
        condition=TAKEN,
    ),
    "waiting_seconds": FigureSource(
        "transition r JOIN conversation c ON c.id = r.conversation_id",
        "r.created_at",
        amount="sum(r.duration_ms) / 1000",
        condition=TAKEN,
    ),
    "timeouts": FigureSource(
        "transition r JOIN conversation c ON c.id = r.conversation_id",
        "r.created_at",
        condition=f"r.to_state = '{State.TIMEOUT}' AND r.from_state <> '{State.TIMEOUT}'",
    ),
    "errors": FigureSource(
        "turn r JOIN conversation c ON c.id = r.conversation_id",
        "r.created_at",
        "r.outcome",
        condition=f"r.outcome IN ({_FAILED})",
    ),
    "tickets": FigureSource(
        "ticket r LEFT JOIN conversation c ON c.id = r.conversation_id", "r.created_at", "r.kind"
    ),
    "leads": FigureSource(
        "lead r LEFT JOIN conversation c ON c.id = r.conversation_id", "r.created_at", "r.product"
    ),
    "meta_messages": FigureSource(
        "outbox r JOIN conversation c ON c.id = r.conversation_id",
        "r.accepted_at",
        (
            "coalesce(r.pricing_category, 'service')"
            " || CASE WHEN r.billable THEN '\\:billed' ELSE '' END"
        ),
        condition="r.accepted_at IS NOT NULL AND r.billable IS NOT FALSE",
    ),
    "cost_brl": FigureSource(
        "llm_call r LEFT JOIN conversation c ON c.id = r.conversation_id",
        "r.created_at",
        "r.model",
        "sum(r.cost_brl)",
    ),
}
OWNED_BY_CONTACT = {"tickets": "r.contact_id", "leads": "r.contact_id"}
"""The column that names the contact of a row, where that is not its conversation's."""


def _select(name: str, scope: str) -> str:
    """The SELECT of a figure by day, number and label, over the rows that a condition lets in."""
    source = FIGURES[name]
    return f"""
        SELECT ({source.time} AT TIME ZONE :zone)::date,
            coalesce(c.phone_number_id, ''), '{name}', {source.label}, {source.amount}
        FROM {source.rows}
        WHERE {source.condition} AND {scope}
        GROUP BY 1, 2, 4
    """  # noqa: S608 - our own words only


def _count_sql(name: str) -> str:
    time = FIGURES[name].time
    counted = _select(name, f"{time} >= :since AND {time} < :until")
    return f"""
        INSERT INTO daily_figure (day, phone_number_id, figure, label, live)
        {counted}
        ON CONFLICT (day, phone_number_id, figure, label) DO UPDATE SET live = excluded.live
    """  # nosec B608 - our own words only


def _carry_sql(name: str) -> str:
    column = OWNED_BY_CONTACT.get(name, "c.contact_id")
    counted = _select(name, f"{column} = :contact")
    return f"""
        INSERT INTO daily_figure AS d (day, phone_number_id, figure, label, carried, live)
        SELECT day, number, figure, label, amount, -amount
        FROM ({counted}) AS gone (day, number, figure, label, amount)
        ON CONFLICT (day, phone_number_id, figure, label) DO UPDATE SET
            carried = d.carried + excluded.carried,
            live = d.live + excluded.live
    """  # noqa: S608 - our own words only


COUNT_SQL = {name: text(_count_sql(name)) for name in FIGURES}
CARRY_SQL = {name: text(_carry_sql(name)) for name in FIGURES}
FIRST_DAY_SQL = text("""
    SELECT coalesce(
        (SELECT max(day) FROM daily_figure WHERE live > 0),
        (SELECT (min(opened_at) AT TIME ZONE :zone)::date FROM conversation))
""")
RESET_SQL = text("UPDATE daily_figure SET live = 0 WHERE day >= :first AND day <= :last")
SUMS_SQL = text("""
    SELECT day, phone_number_id, figure, label, live + carried AS amount
    FROM daily_figure
    WHERE day >= :since AND day <= :until AND live + carried <> 0
    ORDER BY day, phone_number_id, figure, label
""")

PAGE_SQL = text("""
    SELECT day, phone_number_id, figure, label, live + carried AS amount
    FROM daily_figure
    WHERE day >= :since AND day <= :until AND live + carried <> 0
        AND (CAST(:figure AS text) IS NULL OR figure = :figure)
        AND (
            CAST(:after_day AS date) IS NULL
            OR (day, phone_number_id, figure, label)
                > (CAST(:after_day AS date), :after_number, :after_figure, :after_label))
    ORDER BY day, phone_number_id, figure, label
    LIMIT :limit
""")
FigureKey = tuple[date, str, str, str]
"""Day, number, figure and label: no two figures have the same."""


class Figure(NamedTuple):
    """What a figure of a day, number and label came to."""

    day: date
    phone_number_id: str
    figure: str
    label: str
    amount: Decimal


def find_first_day(zone: str) -> date | None:
    """The last day that was counted, or the first of which there is anything; None when there is
    nothing.
    """
    found: date | None = db.session.scalar(FIRST_DAY_SQL, {"zone": zone})
    return found


def count_days(first: date, last: date, since: datetime, until: datetime, zone: str) -> None:
    """Count the days from the first, which begins at `since`, to the last, which ends at `until`,
    in a time zone; again is as good as once.
    """
    db.session.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
    _lock()
    db.session.execute(RESET_SQL, {"first": first, "last": last})
    for statement in COUNT_SQL.values():
        db.session.execute(statement, {"since": since, "until": until, "zone": zone})


def carry(contact_id: UUID, zone: str) -> None:
    """Keep what a contact adds to the figures of its days, before its rows are deleted."""
    _lock()
    for statement in CARRY_SQL.values():
        db.session.execute(statement, {"contact": contact_id, "zone": zone})


def _lock() -> None:
    db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": FIGURES_LOCK})


def list_figures(since: date, until: date) -> Sequence[Figure]:
    """The figures of these days, both included, by day, number, figure and label."""
    rows = db.session.execute(SUMS_SQL, {"since": since, "until": until})
    return [Figure(*row) for row in rows]


def list_page(
    since: date, until: date, figure: str | None, after: FigureKey | None, limit: int
) -> Sequence[Figure]:
    """The figures of these days, both included, or one of them, in the order of `list_figures`;
    those behind `after`.
    """
    day, number, name, label = after or (None, "", "", "")
    rows = db.session.execute(
        PAGE_SQL,
        {
            "since": since,
            "until": until,
            "figure": figure,
            "after_day": day,
            "after_number": number,
            "after_figure": name,
            "after_label": label,
            "limit": limit,
        },
    )
    return [Figure(*row) for row in rows]
