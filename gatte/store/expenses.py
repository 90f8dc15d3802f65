"""What models and Meta cost: sums over `llm_call`, `daily_figure` and the notices of the budget.

Days that are over come from the daily figures, which keep what was erased; yesterday and today from
the calls themselves. Meta's messages are those of the daily figures, an hour old at most.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from gatte.extensions import db
from gatte.observability.metric_labels import BudgetPeriod

BY_DAY_SQL = text("""
    WITH costs (day, amount) AS (
        SELECT day, CASE WHEN day < :yesterday THEN live + carried ELSE carried END
        FROM daily_figure
        WHERE figure = 'cost_brl' AND day >= :since
        UNION ALL
        SELECT (created_at AT TIME ZONE :zone)::date, cost_brl
        FROM llm_call
        WHERE created_at >= greatest(:yesterday_begins, :since_begins)
    )
    SELECT day, sum(amount) AS amount FROM costs GROUP BY day ORDER BY day
""")
MESSAGES_SQL = text("""
    SELECT day, phone_number_id, label AS category, sum(live + carried) AS messages
    FROM daily_figure
    WHERE figure = 'meta_messages' AND day >= :since
    GROUP BY day, phone_number_id, label
    HAVING sum(live + carried) > 0
    ORDER BY day, phone_number_id, label
""")
BY_FLOW_SQL = text("""
    SELECT flow AS name, count(*) AS calls, sum(tokens_in + tokens_out) AS tokens,
        sum(cost_brl) AS amount
    FROM llm_call
    WHERE created_at >= :since
    GROUP BY flow ORDER BY amount DESC, flow
""")
BY_PURPOSE_SQL = text("""
    SELECT purpose || ' · ' || model AS name, count(*) AS calls,
        sum(tokens_in + tokens_out) AS tokens, sum(cost_brl) AS amount
    FROM llm_call
    WHERE created_at >= :since
    GROUP BY purpose, model ORDER BY amount DESC, purpose, model
""")
BY_CONVERSATION_SQL = text("""
    SELECT conversation_id::text AS name, count(*) AS calls, sum(tokens_in + tokens_out) AS tokens,
        sum(cost_brl) AS amount
    FROM llm_call
    WHERE created_at >= :since AND conversation_id IS NOT NULL
    GROUP BY conversation_id ORDER BY amount DESC, conversation_id LIMIT :limit
""")
NOTE_SQL = text("""
    INSERT INTO budget_notice (period, starts_on, percent) VALUES (:period, :starts_on, :percent)
    ON CONFLICT DO NOTHING RETURNING percent
""")
NOTICES_SQL = text("""
    SELECT period, max(percent) AS percent FROM budget_notice
    WHERE (period = 'day' AND starts_on = :today) OR (period = 'month' AND starts_on = :month)
    GROUP BY period ORDER BY period
""")
CONVERSATIONS_SHOWN = 10


class CostRow(NamedTuple):
    """What calls that have something in common came to."""

    name: str
    calls: int
    tokens: int
    amount: Decimal


@dataclass(frozen=True)
class MessageCount:
    """How many messages Meta took on a day from a number, by Meta's category."""

    day: date
    phone_number_id: str
    category: str
    count: int


@dataclass(frozen=True)
class MonthDays:
    """The days of a month up to today, by which sums are asked for; `zone` is the company's."""

    today: date
    today_begins: datetime
    zone: str

    @property
    def first(self) -> date:
        """The first day of the month."""
        return self.today.replace(day=1)

    @property
    def month_begins(self) -> datetime:
        """The beginning of the month in the company's time zone."""
        return self.begin_of(self.first)

    def begin_of(self, day: date) -> datetime:
        """The beginning of a day in the company's time zone."""
        return datetime(day.year, day.month, day.day, tzinfo=self.today_begins.tzinfo)


def model_costs_by_day(session: Session, month: MonthDays) -> dict[date, Decimal]:
    """Reais that calls to models cost, by day of this month."""
    yesterday = month.today - timedelta(days=1)
    rows = session.execute(
        BY_DAY_SQL,
        {
            "zone": month.zone,
            "since": month.first,
            "since_begins": month.month_begins,
            "yesterday": yesterday,
            "yesterday_begins": month.begin_of(yesterday),
        },
    )
    return {row.day: row.amount for row in rows}


def message_counts(session: Session, month: MonthDays) -> list[MessageCount]:
    """The messages that Meta took this month."""
    rows = session.execute(MESSAGES_SQL, {"since": month.first})
    return [
        MessageCount(row.day, row.phone_number_id, row.category, int(row.messages)) for row in rows
    ]


def list_by_flow(since: datetime) -> list[CostRow]:
    """What calls cost by the flow in which they were made, the dearest first."""
    return _rows(BY_FLOW_SQL, since=since)


def list_by_purpose(since: datetime) -> list[CostRow]:
    """What calls cost by what they were for and by model, the dearest first."""
    return _rows(BY_PURPOSE_SQL, since=since)


def list_dearest_conversations(since: datetime) -> list[CostRow]:
    """The conversations whose calls cost most; their ids as names."""
    return _rows(BY_CONVERSATION_SQL, since=since, limit=CONVERSATIONS_SHOWN)


def _rows(statement: TextClause, **given: object) -> list[CostRow]:
    rows = db.session.execute(statement, given)
    return [CostRow(row.name, row.calls, row.tokens, row.amount) for row in rows]


def note_share(period: BudgetPeriod, starts_on: date, percent: int) -> bool:
    """Note that so many percent of a period's budget are spent; False when it is noted already."""
    given = {"period": period.value, "starts_on": starts_on, "percent": percent}
    return db.session.scalar(NOTE_SQL, given) is not None


def find_notices(today: date) -> dict[BudgetPeriod, int]:
    """The highest share, in percent, that was noted of this day's and this month's budget."""
    given = {"today": today, "month": today.replace(day=1)}
    rows = db.session.execute(NOTICES_SQL, given)
    return {BudgetPeriod(row.period): row.percent for row in rows}
