"""Ten thousand silent conversations, four workers that all want all of them: each is timed out
exactly once.
"""

import subprocess
import sys
import uuid
from contextlib import closing

import psycopg2
import pytest
from psycopg2.extras import execute_values

from gatte.extensions import db
from gatte.models import keyring
from tests import process_system
from tests.process_system import PROJECT
from tests.store_fixtures import rows

SESSIONS = 10_000
WORKERS = 4

WORKER = """
import random, sys
from gatte import create_app
from gatte.extensions import db
from gatte.models import Conversation
from gatte.turns import inactivity
from sqlalchemy import select

app = create_app(process="worker")
with app.app_context():
    ids = list(db.session.scalars(select(Conversation.id)))
    db.session.commit()
random.Random(int(sys.argv[1])).shuffle(ids)
for conversation_id in ids:
    with app.app_context():
        inactivity.fire(conversation_id)
        db.session.commit()
"""


@pytest.fixture
def silent_sessions(database_url, app) -> None:
    """Conversations in the menu whose alarm has rung."""
    with app.app_context():
        key = keyring().new_contact_key()
        db.session.add(key)
        db.session.commit()
        key_id = str(key.id)
    ids = [(str(uuid.uuid4()), str(uuid.uuid4())) for _ in range(SESSIONS)]
    with (
        closing(psycopg2.connect(database_url)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        execute_values(
            cursor, "INSERT INTO contact (id) VALUES %s", [(contact,) for contact, _ in ids]
        )
        execute_values(
            cursor,
            """INSERT INTO conversation (id, data_key_id, contact_id, phone_number_id,
                correlation_id, state, owner, owner_version, fallback_count,
                invalid_slot_count, consecutive_errors, lease_token, turn_attempts,
                inactivity_due_at, last_inbound_at)
                VALUES %s""",
            [
                (own, key_id, contact, "1", own, "STATE_MENU", "bot", 0, 0, 0, 0, 0, 0)
                for contact, own in ids
            ],
            template=(
                "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, "
                "now() - interval '1 minute', now() - interval '2 hours')"
            ),
        )


def test_each_session_is_timed_out_exactly_once(silent_sessions, database_url, redis_url):
    environment = process_system.process_environment(
        process_system.settings(database_url, redis_url)
    )
    command = [sys.executable, "-c", WORKER]
    workers = [
        subprocess.Popen(
            [*command, str(seed)], cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL
        )
        for seed in range(WORKERS)
    ]
    assert [worker.wait() for worker in workers] == [0] * WORKERS

    times = rows(
        database_url,
        "SELECT n, count(*) "
        "FROM (SELECT count(*) AS n FROM transition WHERE event = 'timed_out' "
        "GROUP BY conversation_id) x GROUP BY n",
    )
    states = rows(database_url, "SELECT state, count(*) FROM conversation GROUP BY state")

    assert times == [(1, SESSIONS)]
    assert states == [("STATE_TIMEOUT", SESSIONS)]
