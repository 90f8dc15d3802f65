"""Events for other systems: written with the change, signed, ordered, tried again, replayed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook, WebhookVerificationError

from gatte.delivery.webhooks import RETRY_SECONDS
from gatte.extensions import db
from gatte.jobs.definitions import deliver_webhooks
from gatte.models import WebhookDelivery, WebhookEventType, WebhookSubscription
from gatte.store import due_work
from gatte.web.api.event_schemas import data_of
from tests.app_fixture import application
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody

ALL = [kind.value for kind in WebhookEventType]


@dataclass
class Receiver:
    """Another system that is told of events."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def events(self, secret: str) -> list[dict[str, Any]]:
        """What came, each with a good signature."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.taken]


@contextmanager
def receiver() -> Iterator[Receiver]:
    system = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            system.taken.append((dict(self.headers), body))
            self.send_response(system.status)
            for name, value in system.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    system.url = f"http://localhost:{server.server_port}/events?shop=1"
    yield system
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    with application(database_url, redis_url, gatte_webhook_private_addresses=True) as made:
        yield made


@pytest.fixture
def system() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def webhook(app, program, system) -> Iterator[dict[str, Any]]:
    """A webhook for everything."""
    made = program.post("/webhooks", {"url": system.url, "event_types": ALL}).get_json()
    yield made
    with app.app_context():
        db.session.execute(update(WebhookSubscription).values(active=False))
        db.session.commit()


def deliveries(app, webhook):
    with app.app_context():
        found = select(WebhookDelivery).filter_by(subscription_id=UUID(webhook["id"]))
        return list(db.session.scalars(found.order_by(WebhookDelivery.sequence)))


def make_due(app, **columns):
    with app.app_context():
        db.session.execute(
            update(WebhookDelivery).values(next_attempt_at=datetime(2026, 1, 1, tzinfo=UTC))
        )
        if columns:
            db.session.execute(update(WebhookDelivery).values(**columns))
        db.session.commit()


def test_a_change_is_told_signed_and_with_ids_only(app, program, desk, system, webhook):
    ticket = desk.ticket(subject="Segredo do cliente")
    program.change(f"/tickets/{ticket}", {"state": "solved"})
    lead = desk.lead(name="Mariana Segredo")

    deliver_webhooks(webhook["id"])

    events = system.events(webhook["secret"])
    kinds = [event["type"] for event in events]
    assert kinds == ["ticket.created", "ticket.updated", "lead.created"]
    assert [event["data"].get("state") for event in events] == ["open", "solved", None]
    assert events[2]["data"]["lead_id"] == str(lead)
    assert b"Segredo" not in b"".join(body for _, body in system.taken)
    for event in events:
        assert set(event["data"]) == set(data_of(WebhookEventType(event["type"])))


def test_a_body_that_was_touched_does_not_verify(app, desk, system, webhook):
    desk.ticket()
    deliver_webhooks(webhook["id"])
    headers, body = system.taken[0]

    with pytest.raises(WebhookVerificationError):
        Webhook(webhook["secret"]).verify(body.replace(b"open", b"shut"), headers)


def test_a_customers_message_the_answer_and_a_handoff_are_told(
    app, program, system, webhook, users
):
    customer = somebody(app)
    customer.sends(payloads.text("quero falar com um atendente"))
    with app.app_context():
        talk = customer.conversation().id
    for action in ("take", "hand-back", "take", "close"):
        program.post(f"/conversations/{talk}/{action}")

    deliver_webhooks(webhook["id"])

    events = system.events(webhook["secret"])
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["conversation.created", "message.received"]
    assert {"message.sent", "conversation.escalated", "conversation.taken"} <= set(kinds)
    assert {"conversation.handed_back", "conversation.closed"} <= set(kinds)
    taken = [one["data"] for one in events if one["type"] == "conversation.taken"]
    assert [one["assignee_id"] for one in taken] == [users["ana"]] * 2
    for event in events:
        assert event["data"]["conversation_id"] == str(talk)
        assert set(event["data"]) == set(data_of(WebhookEventType(event["type"])))


def test_only_what_was_subscribed_is_told_and_nothing_to_an_inactive_webhook(
    app, program, desk, system
):
    wanted = {"url": system.url, "event_types": ["lead.created"]}
    leads = program.post("/webhooks", wanted).get_json()
    desk.ticket()
    desk.lead()
    program.change(f"/webhooks/{leads['id']}", {"active": False})
    desk.lead()

    assert [row.event_type for row in deliveries(app, leads)] == ["lead.created"]


def test_a_failed_event_is_tried_again_later_and_holds_back_only_its_own_object(
    app, program, desk, system, webhook
):
    system.status = 500
    ticket = desk.ticket()
    program.change(f"/tickets/{ticket}", {"state": "solved"})
    deliver_webhooks(webhook["id"])
    system.status = 204
    desk.lead()
    deliver_webhooks(webhook["id"])

    first, second, lead = deliveries(app, webhook)
    assert (first.state, first.attempts, first.last_status) == ("pending", 1, 500)
    assert (second.state, second.attempts) == ("pending", 0)
    assert lead.state == "delivered"
    wait = first.next_attempt_at - datetime.now(UTC)
    assert timedelta() < wait <= timedelta(seconds=RETRY_SECONDS[0])

    make_due(app)
    deliver_webhooks(webhook["id"])
    assert [row.state for row in deliveries(app, webhook)] == ["delivered"] * 3
    ids = [headers["webhook-id"] for headers, _ in system.taken]
    assert ids[0] == ids[2] == str(first.id)


def test_retry_after_is_heeded(app, desk, system, webhook):
    system.status, system.headers = 503, {"Retry-After": "600"}
    desk.lead()
    deliver_webhooks(webhook["id"])

    wait = deliveries(app, webhook)[0].next_attempt_at - datetime.now(UTC)
    assert wait > timedelta(seconds=500)


def test_an_appointment_is_told_in_the_order_of_its_times(app, program, desk, system, webhook):
    talk = desk.conversation()
    day = (datetime.now(UTC) + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    wanted = {"conversation_id": str(talk), "starts_at": day.replace(hour=12).isoformat()}
    made = program.post("/appointments", wanted).get_json()
    later = {"starts_at": day.replace(hour=13).isoformat()}
    moved = program.post(f"/appointments/{made['id']}/move", later).get_json()

    deliver_webhooks(webhook["id"])

    told = [one for one in system.events(webhook["secret"]) if "appointment" in one["type"]]
    assert [(one["type"], one["data"]["state"]) for one in told] == [
        ("appointment.created", "booked"),
        ("appointment.updated", "moved"),
        ("appointment.created", "booked"),
    ]
    assert told[2]["data"]["moved_from_id"] == told[0]["data"]["appointment_id"] == made["id"]
    assert told[2]["data"]["appointment_id"] == moved["id"]
    for event in told:
        assert set(event["data"]) == set(data_of(WebhookEventType(event["type"])))


def test_after_the_last_attempt_it_is_a_dead_letter_that_can_be_replayed(
    app, program, desk, system, webhook
):
    system.status = 500
    desk.lead()
    make_due(app, attempts=len(RETRY_SECONDS))
    deliver_webhooks(webhook["id"])
    assert deliveries(app, webhook)[0].state == "dead_letter"
    path = f"/webhooks/{webhook['id']}"
    dead = program.get(f"{path}/deliveries?state=dead_letter").get_json()["items"]
    assert [one["last_error"] for one in dead] == ["HTTP 500"]

    system.status = 204
    replayed = program.post(f"{path}/replay", {}, Idempotency_Key="replay-1")
    deliver_webhooks(webhook["id"])
    once_more = program.post(f"{path}/replay", {}, Idempotency_Key="replay-1")

    assert replayed.get_json() == once_more.get_json() == {"events": 1}
    assert once_more.headers["Idempotency-Replayed"] == "true"
    assert deliveries(app, webhook)[0].state == "delivered"
    again = app.test_cli_runner().invoke(args=["webhooks", "replay", webhook["id"], "--all"])
    assert again.output.endswith("1 events are sent once more.\n")
    deliver_webhooks(webhook["id"])
    assert len({headers["webhook-id"] for headers, _ in system.taken}) == 1
    assert len(system.taken) == 3


def test_a_receiver_that_is_gone_is_told_of_nothing_more(app, program, desk, system, webhook):
    system.status = 410
    desk.lead()
    deliver_webhooks(webhook["id"])

    assert deliveries(app, webhook)[0].state == "dead_letter"
    assert program.get(f"/webhooks/{webhook['id']}").get_json()["active"] is False


def test_a_redirect_is_not_followed(app, desk, system, webhook):
    system.status, system.headers = 302, {"Location": system.url}
    desk.lead()
    deliver_webhooks(webhook["id"])

    assert len(system.taken) == 1
    assert deliveries(app, webhook)[0].last_status == 302


def test_the_dispatcher_finds_what_is_due(app, desk, webhook):
    settings = app.extensions["gatte_settings"]

    def due():
        with app.app_context(), db.engine.connect() as connection:
            found = due_work.fetch_due_work(connection, settings)
            return [work.arguments for work in found if "webhooks" in work.job]

    assert due() == []
    desk.lead()
    assert due() == [(webhook["id"],)]
    deliver_webhooks(webhook["id"])
    assert due() == []


def test_a_private_address_is_not_called(database_url, redis_url, users, desk, system, app):
    from gatte.models import Scope
    from tests.integration.api.conftest import Program, issue

    with application(database_url, redis_url) as careful:
        program = Program(careful.test_client(), issue(careful, users["ana"], list(Scope)))
        made = program.post("/webhooks", {"url": system.url, "event_types": ALL}).get_json()
        desk.lead()
        deliver_webhooks(made["id"])

    [row] = deliveries(app, made)
    assert (row.state, row.last_error) == (
        "pending",
        "the host has an address that is not public",
    )
    assert system.taken == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "https://",
        "https://u:p@a.example/",
        "https://a.example/#x",
        "a.b.c.d",
        "https://a..example/",
        f"https://{'a' * 64}.example/",
    ],
)
def test_an_address_that_takes_no_events_is_refused(program, url):
    answer = program.post("/webhooks", {"url": url, "event_types": ALL})

    assert answer.status_code == 422


def test_the_secret_is_shown_once_and_stored_sealed(app, program, webhook):
    shown = program.get(f"/webhooks/{webhook['id']}").get_json()

    assert webhook["secret"].startswith("whsec_")
    assert "secret" not in shown
    with app.app_context():
        row = db.session.get_one(WebhookSubscription, UUID(webhook["id"]))
        assert webhook["secret"].encode() not in bytes(row.secret_sealed)
