"""What turns leave behind while somebody holds a snapshot, as a dump does: how many updates stay in
their page (HOT), and what the dispatcher's looks read after each quarter of the turns.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2
from flask import Flask
from sqlalchemy import Connection

from bench.environment import BenchEnvironment, application, scalar, stores
from bench.report import ReportPart, ReportRow
from bench.texts import distinct
from gatte.extensions import db
from gatte.intake import receive
from gatte.intelligence import service
from gatte.jobs import definitions
from gatte.jobs.job_context import set_job_app
from gatte.settings import Settings
from gatte.store import due_work
from tests.fakes import payloads
from tests.process_system import NUMBER

TURNS = 1_000
QUARTERS = 4
STATUSES_EVERY = 20  # turns: a job applies what came meanwhile, as in the running system
TABLES = ("conversation", "outbox", "inbox_message")
MOST_HOT, MOST_GROWTH = 0.5, 1.5
LOOKS: dict[str, tuple[str, Callable[..., object]]] = {
    "most looks": (due_work.PREPARED_LATELY, due_work.fetch_lately_due),
    "a look at all": (due_work.PREPARED_ALL, due_work.fetch_due_work),
}
COUNTED = "SELECT {column} FROM pg_stat_user_tables WHERE relname = '{table}'"
LATELY = """
    SELECT count(*) FROM inbox_message
    WHERE received_at > clock_timestamp() - make_interval(secs => %s)
"""
EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE"


@dataclass(frozen=True)
class Look:
    """What one look of the dispatcher took: pages of Postgres' memory, and milliseconds; `lately`
    is how many messages came in the time that most looks read.
    """

    pages: int
    milliseconds: float
    lately: float

    @property
    def pages_each(self) -> float:
        """Pages for each message that came lately: turns are not always as fast."""
        return self.pages / max(self.lately, 1)


def measure() -> ReportPart:
    """Turns of new customers under a held snapshot, one after the other, replies read at once."""
    with stores() as place:
        app = application(place)
        set_job_app(app)
        with app.app_context():
            service.preload_models()
        _turns(app, 0, STATUSES_EVERY)
        looks: list[dict[str, Look]] = []
        with _snapshot(place), app.app_context(), db.engine.connect() as connection:
            for quarter in range(QUARTERS + 1):
                looks.append(_looks(connection, app.extensions["gatte_settings"]))
                if quarter < QUARTERS:
                    first = STATUSES_EVERY + quarter * TURNS // QUARTERS
                    _turns(app, first, TURNS // QUARTERS)
        time.sleep(1.5)  # Postgres counts a second late
        shares = {table: _hot_share(place, table) for table in TABLES}
    return ReportPart(_rows(looks, shares), _below(looks))


@contextmanager
def _snapshot(place: BenchEnvironment) -> Iterator[None]:
    """A snapshot that somebody holds, as pg_dump does."""
    with closing(psycopg2.connect(place.database)) as holder, holder.cursor() as cursor:
        holder.set_session(isolation_level="REPEATABLE READ", readonly=True)
        cursor.execute("SELECT count(*) FROM conversation")
        yield


def _turns(app: Flask, first: int, count: int) -> None:
    for number in range(first, first + count):
        person = payloads.person(number)
        body = payloads.body(payloads.text(distinct(number)), person, number=NUMBER)
        with app.app_context():
            stored = receive.store_webhook(payloads.encode(body))
        definitions.process_inbox(NUMBER, stored.messages[0].sender_hash.hex())
        if number % STATUSES_EVERY == 0:
            definitions.apply_statuses()


def _looks(connection: Connection, settings: Settings) -> dict[str, Look]:
    return {name: _look(connection, settings, *look) for name, look in LOOKS.items()}


def _look(
    connection: Connection, settings: Settings, prepared: str, fetch: Callable[..., object]
) -> Look:
    connection.exec_driver_sql("SET plan_cache_mode = force_generic_plan")
    fetch(connection, settings)  # prepares it, and marks dead what may be forgotten
    ago = due_work.LATELY_SECONDS if prepared == due_work.PREPARED_LATELY else due_work.EVER_SECONDS
    values = (settings.gatte_quiet_seconds, settings.gatte_quiet_max_seconds, 0.0)
    numbers = ", ".join(map(str, (*values, due_work.MAX_ROWS_PER_POLL, ago)))
    plan = connection.exec_driver_sql(f"{EXPLAIN} {prepared} ({numbers})").scalar_one()[0]
    seconds = settings.gatte_quiet_max_seconds + due_work.LATELY_SECONDS
    lately = connection.exec_driver_sql(LATELY, (seconds,)).scalar_one()
    connection.commit()
    pages = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return Look(pages, plan["Execution Time"], lately)


def _hot_share(place: BenchEnvironment, table: str) -> tuple[float, float]:
    """How many updates a table had, and the share of them that are HOT."""
    updates, hot = (
        scalar(place, COUNTED.format(column=column, table=table))
        for column in ("n_tup_upd", "n_tup_hot_upd")
    )
    return updates, hot / updates if updates else 0.0


def _rows(looks: list[dict[str, Look]], shares: dict[str, tuple[float, float]]) -> list[ReportRow]:
    updates = sum(count for count, _ in shares.values())
    hot = sum(count * share for count, share in shares.values())
    said = ", ".join(
        f"{table} {share:.0%} of {count:.0f}" for table, (count, share) in shares.items()
    )
    first, last = looks[1]["most looks"], looks[-1]["most looks"]
    growth = last.pages_each / first.pages_each
    what = f"{TURNS:,} turns under a held snapshot"
    return [
        ReportRow(
            f"updates that are HOT, {what}",
            f"> {MOST_HOT:.0%}",
            f"{hot / updates:.0%}",
            said,
            hot / updates > MOST_HOT,
        ),
        ReportRow(
            f"pages of a dispatcher's look for a message that came lately, {what}",
            f"≤ {MOST_GROWTH} times those after {TURNS // QUARTERS}",
            f"{growth:.2f} times",
            f"{first.pages_each:.2f} → {last.pages_each:.2f} pages",
            growth <= MOST_GROWTH,
        ),
    ]


def _below(looks: list[dict[str, Look]]) -> str:
    turns = [quarter * TURNS // QUARTERS for quarter in range(QUARTERS + 1)]
    lines = [
        "The dispatcher's looks while a snapshot is held (pages read, and milliseconds):",
        "",
        f"| turns since | {' | '.join(LOOKS)} |",
        "|---" * (len(LOOKS) + 1) + "|",
    ]
    for count, look in zip(turns, looks, strict=True):
        cells = [f"{one.pages}, {one.milliseconds:.2f} ms" for one in look.values()]
        lines.append(f"| {count} | {' | '.join(cells)} |")
    return "\n".join(lines)
