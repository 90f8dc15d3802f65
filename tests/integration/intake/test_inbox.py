import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from gatte.extensions import db
from gatte.intake import receive
from gatte.intake.group_commit import GroupCommitWriter, RejectedRows, StorageUnavailable
from gatte.intake.webhook_rows import WebhookRows
from gatte.observability import metrics
from gatte.store.inbox import EventRow
from tests.fakes import payloads


def count(app, table: str) -> int:
    with app.app_context():
        return db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608


def accept(app, made) -> None:
    with app.app_context():
        receive.store_webhook(payloads.encode(made), "request-1")


def test_acknowledged_means_stored(app):
    before = count(app, "inbox_message")

    accept(app, payloads.batch(250))

    assert count(app, "inbox_message") == before + 250


def test_a_message_delivered_by_many_threads_at_once_is_stored_once(app):
    made = payloads.body(payloads.text("oi"), payloads.person(999_001))
    before = count(app, "inbox_message")

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: accept(app, made), range(48)))

    assert count(app, "inbox_message") == before + 1


def test_a_message_that_comes_again_is_not_counted_again(app):
    made = payloads.body(payloads.text("oi"), payloads.person(999_003))
    before = metrics.MESSAGES_RECEIVED.labels(kind="text")._value.get()
    for _ in range(3):
        accept(app, made)
    accept(
        app, payloads.statuses_body(payloads.status("wamid.x", "sent"))
    )  # what was stored before it is counted by now

    assert metrics.MESSAGES_RECEIVED.labels(kind="text")._value.get() == before + 1


def test_unknown_fields_are_kept_sealed(app):
    before = count(app, "webhook_event")

    accept(
        app,
        payloads.envelope(
            payloads.entry(
                payloads.change({"event": "PHONE_CHANGE", "secret": "só nosso"}, "account_update")
            )
        ),
    )

    with app.app_context():
        stored = db.session.execute(
            text("SELECT field, payload FROM webhook_event ORDER BY id DESC LIMIT 1")
        ).one()
    assert count(app, "webhook_event") == before + 1
    assert stored.field == "account_update"
    assert b"PHONE_CHANGE" not in bytes(stored.payload)


def test_no_text_of_a_customer_stands_in_the_table(app):
    accept(app, payloads.body(payloads.text("meu segredo ostensivo"), payloads.person(999_002)))

    with app.app_context():
        stored = [
            bytes(row[0])
            for row in db.session.execute(
                text("SELECT payload FROM inbox_message WHERE payload IS NOT NULL")
            )
        ]
    assert stored
    assert not any(b"segredo" in payload for payload in stored)


def test_rows_that_the_database_refuses_do_not_hurt_their_neighbours(app):
    with app.app_context():
        writer = GroupCommitWriter(db.engine)
    bad, good = (
        WebhookRows(events=[EventRow("a\0b", None, b"x")]),
        WebhookRows(events=[EventRow("good", None, b"x")]),
    )
    outcomes: dict[str, object] = {}

    def store(name: str, rows: WebhookRows) -> None:
        try:
            writer.store(rows)
            outcomes[name] = "stored"
        except RejectedRows as error:
            outcomes[name] = type(error)

    threads = [threading.Thread(target=store, args=pair) for pair in (("bad", bad), ("good", good))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == {"bad": RejectedRows, "good": "stored"}


def test_without_a_database_nothing_is_acknowledged(app):
    from sqlalchemy import create_engine

    writer = GroupCommitWriter(create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing"))

    with pytest.raises(StorageUnavailable):
        writer.store(WebhookRows(events=[EventRow("field", None, b"x")]))
