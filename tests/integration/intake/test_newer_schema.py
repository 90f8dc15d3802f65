"""A web process that was left running while the schema went on without it."""

from gatte.extensions import db
from tests.fakes import payloads
from tests.process_system import APP_SECRET
from tests.store_fixtures import execute


def posts(app, number: int) -> int:
    body, headers = payloads.signed(
        payloads.body(payloads.text("oi"), payloads.person(number)), APP_SECRET
    )
    answer = app.test_client().post("/webhook/whatsapp", data=body, headers=headers)
    return answer.status_code


def test_what_it_cannot_store_is_not_acknowledged_and_comes_again(app, database_url):
    """I1: Meta delivers again until a process that fits has stored it."""
    assert posts(app, 1) == 200
    execute(database_url, "ALTER TABLE inbox_message RENAME COLUMN skip_quiet_period TO renamed")
    assert posts(app, 2) == 503
    execute(database_url, "ALTER TABLE inbox_message RENAME COLUMN renamed TO skip_quiet_period")

    assert posts(app, 2) == 200
    with app.app_context():
        stored = db.session.execute(db.text("SELECT count(*) FROM inbox_message")).scalar_one()
        kept_whole = db.session.execute(db.text("SELECT count(*) FROM webhook_event")).scalar_one()
    assert (stored, kept_whole) == (2, 0)
