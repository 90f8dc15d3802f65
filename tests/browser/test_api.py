"""The API over the real system: its page in a browser, a token made in the panel, and events that
the worker delivers.
"""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from playwright.sync_api import expect
from standardwebhooks import Webhook

from tests import process_system
from tests.browser.conftest import PEOPLE, create_user, shot
from tests.fakes import payloads
from tests.fakes.people import Person
from tests.process_system import System


@pytest.fixture(scope="module")
def system(tmp_path_factory, database_url, redis_url) -> Iterator[System]:
    """The whole system, which may send webhooks to this machine."""
    folder = tmp_path_factory.mktemp("system")
    environment = process_system.settings(
        database_url,
        redis_url,
        GATTE_QUIET_SECONDS="0.5",
        GATTE_WEBHOOK_PRIVATE_ADDRESSES="true",
    )
    process_system.prepare(environment)
    for email, (name, role) in PEOPLE.items():
        create_user(environment, email, name, role)
    with process_system.running(folder, environment) as started:
        yield started


@pytest.fixture
def taken() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Another system's address, and what was sent to it."""
    sent: list[tuple[dict[str, str], bytes]] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sent.append((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", sent
    server.shutdown()
    server.server_close()


@pytest.mark.complains  # Swagger UI's arrows are data: images, which our policy refuses
def test_the_page_of_the_api_opens_and_wants_nothing_else_that_our_policy_refuses(open_window):
    page = open_window()
    told = []
    page.on("console", lambda message: told.append(message.text))
    page.goto("/docs")

    page.get_by_text("/api/v1/tickets", exact=True).first.click()

    expect(page.get_by_text("Tickets, the newest first.").first).to_be_visible()
    assert [text for text in told if "image 'data:image/svg+xml" not in text] == []
    shot(page, "docs")


def test_a_token_of_the_panel_makes_a_webhook_that_the_worker_serves(agent, system, taken):
    url, sent = taken
    agent.goto("/panel/tokens")
    agent.get_by_label("Nome do programa").fill("ERP da loja")
    for box in agent.get_by_role("checkbox").all():
        box.check()
    agent.get_by_role("button", name="Criar token").click()
    token = agent.locator("#issued").inner_text()
    shot(agent, "tokens")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{system.url}/api/v1", headers=headers) as program:
        wanted = {"url": url, "event_types": ["message.received"]}
        made = program.post("/webhooks", json=wanted)
        send_message(system)
        assert process_system.until(lambda: bool(sent))
        event = Webhook(made.json()["secret"]).verify(sent[0][1], sent[0][0])
        place = f"/conversations/{event['data']['conversation_id']}/messages"
        texts = [item["text"] for item in program.get(place).json()["items"]]

    assert event["type"] == "message.received"
    assert "bom dia" in texts


def send_message(system: System) -> None:
    """A customer writes, through the webhook of WhatsApp."""
    person = Person(phone="5511987650001", name="Joana Prado")
    body, headers = payloads.signed(
        payloads.body(payloads.text("bom dia"), person, number=process_system.NUMBER),
        process_system.APP_SECRET,
    )
    stored = httpx.post(f"{system.url}/webhook/whatsapp", content=body, headers=headers)
    assert stored.status_code == 200
