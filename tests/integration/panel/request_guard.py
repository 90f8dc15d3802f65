"""What no request of the panel may do, whatever a test looks at: leave changes uncommitted, ask the
database more than its page is allowed, read a list in an order that nobody chose.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, has_request_context, request
from flask.testing import FlaskClient
from sqlalchemy import Select, event, text
from sqlalchemy.engine import Result
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.sql.elements import UnaryExpression
from werkzeug.test import TestResponse

from gatte.extensions import db
from gatte.store.audit_chain import PENDING

# the most that a request needed in all tests of the panel, and one for what is yet to come
MOST_QUERIES = {
    "panel.home": 2,
    "panel.panel_start": 2,
    "panel.show_login": 2,
    "panel.show_account": 4,
    "panel.show_code": 1,
    "panel.show_second_factor": 12,  # the first look makes a secret and its key
    "panel.show_password": 2,
    "panel.show_confirmation": 2,
    "panel.list_users": 6,  # a refusal is noted, which takes three
    "panel.show_map": 2,
    "panel.list_facts": 4,
    "panel.list_leads": 4,
    "panel.download_leads": 9,  # four of them note the look at people's data
    "panel.list_sessions": 7,  # an admin is told of the budget
    "panel.list_tickets": 4,
    "panel.list_tokens": 7,
    "panel.list_webhooks": 6,
    "panel.show_webhook": 6,
    "panel.new_appointment": 4,
    "panel.show_agenda": 4,
    "panel.show_appointment": 6,
    "panel.show_conversation": 18,  # four of them note the look at a person's data
    "panel.show_media": 9,  # four of them note the look at a person's data
    "panel.download_media": 9,  # three of them note it
    "panel.show_contact_data": 29,  # a count of each table of the data map
    "panel.list_routines": 5,  # a refusal is noted, which takes three
    "panel.list_examples": 6,
    "panel.list_certificates": 4,
    "panel.show_certificate": 11,  # four of them note the look at a person's data
    "panel.new_certificate": 4,
    "panel.new_certificate_import": 5,  # a refusal is noted, which takes three
    "panel.show_certificate_import": 5,
    "panel.list_message_templates": 5,
    "panel.show_contact_profile": 11,  # four of them note the look at a person's data
    "panel.list_articles": 10,  # two of them where Gemini makes vectors
    "panel.new_article": 13,  # with a message: four of them note the look at a person's data
    "panel.show_article": 10,
    "panel.show_history": 6,
    "panel.show_trial_form": 2,
    "panel.show_trial": 2,
    "panel.show_import": 2,
    "panel.list_question_groups": 8,
    "panel.show_memories": 9,  # four of them note the look at a person's data
    "panel.show_checks": 40,
    "panel.show_indicators": 5,
    "panel.download_indicators": 5,
    "panel.play_voice": 8,
    "panel.show_costs": 8,
    "panel.new_fact": 5,
    "panel.show_explanation": 15,  # four of them note the look at a person's data
    "panel.show_learning": 5,
    "panel.show_fact": 6,
    "panel.show_lead": 8,
    "panel.show_simulator": 8,
    "panel.show_ticket": 9,
}
READ_INTO_A_DICT = {
    ("panel.list_sessions", "message"),  # the last message of each conversation
    ("*", "data_key"),  # sealed keys, into the cache of the keyring
}
"""Endpoint and table of the lists whose order nobody can see."""
ONCE_A_MINUTE = ("UPDATE login_session SET last_seen_at", "FROM data_key")
"""What whichever request comes then does each minute, so it belongs to no page: noting that a login
is used, and reading opened keys again.
"""


class GuardBroken(AssertionError):
    """A request of the panel did what none may."""


@dataclass
class RequestWatch:
    """What is known of the request under way."""

    queries: int = 0
    problems: list[str] = field(default_factory=list)


class GuardedClient(FlaskClient):
    """A test client that fails when a request of the panel breaks a rule."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        watch: RequestWatch = self.application.extensions["panel_watch"]
        watch.queries = 0
        watch.problems.clear()
        answer = super().open(*args, **kwargs)
        if watch.problems:
            raise GuardBroken("; ".join(watch.problems))
        return answer


@contextmanager
def guarded(app: Flask) -> Iterator[None]:
    """Every client of this application is a guarded one."""
    watch = app.extensions["panel_watch"] = RequestWatch()
    app.test_client_class = GuardedClient

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not any(part in statement for part in ONCE_A_MINUTE):
            watch.queries += 1

    def check_order(state: ORMExecuteState) -> Result[Any] | None:
        return _check_order(watch, state)

    def check_response(response: Response) -> Response:
        return _check_response(watch, response)

    app.after_request_funcs.setdefault(None, []).append(check_response)
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    event.listen(db.session, "do_orm_execute", check_order)
    yield
    event.remove(db.session, "do_orm_execute", check_order)
    event.remove(engine, "before_cursor_execute", count)


def _check_response(watch: RequestWatch, response: Response) -> Response:
    endpoint = request.endpoint or ""
    most = MOST_QUERIES.get(endpoint)
    if request.method == "GET" and endpoint.startswith("panel."):
        if most is None:
            watch.problems.append(f"{endpoint} has no number of queries in MOST_QUERIES")
        elif watch.queries > most:
            watch.problems.append(f"{endpoint} asked {watch.queries} times, {most} are allowed")
    if request.method == "POST" and response.status_code < 400 and _has_uncommitted_changes():
        watch.problems.append(f"{endpoint} left changes uncommitted")
    return response


def _has_uncommitted_changes() -> bool:
    session = db.session()
    if session.info.get(PENDING):
        return True
    if session.new or session.deleted or any(session.is_modified(row) for row in session.dirty):
        return True
    if not session.in_transaction():
        return False
    # Postgres gives a transaction an id when it writes or locks
    return bool(session.scalar(text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")))


def _check_order(watch: RequestWatch, state: ORMExecuteState) -> Result[Any] | None:
    """Note a list of several rows whose ORDER BY does not end in something unique."""
    statement = state.statement
    if not has_request_context() or not isinstance(statement, Select) or request.method != "GET":
        return None
    if state.is_relationship_load or state.is_column_load or statement._group_by_clauses:
        return None
    rows = state.invoke_statement().freeze()
    if len(rows.data) > 1 and not _ends_in_unique_column(statement._order_by_clauses):
        table = state.bind_mapper.local_table.name if state.bind_mapper else "?"
        if not READ_INTO_A_DICT & {(request.endpoint, table), ("*", table)}:
            watch.problems.append(f"{request.endpoint} reads {table} without a tie-breaker")
    return rows()


def _ends_in_unique_column(clauses: Any) -> bool:
    if not clauses:
        return False
    last = clauses[-1]
    column = last.element if isinstance(last, UnaryExpression) else last
    return bool(
        getattr(column, "primary_key", False)
        or getattr(column, "unique", False)
        or getattr(column, "identity", None) is not None
    )
