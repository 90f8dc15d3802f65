"""Files of customers in the panel: seen, heard and saved by those who may see the conversation."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from gatte.extensions import db
from gatte.media import sealed_files
from gatte.media.sealed_files import ContentPart
from gatte.models import AuditEntry
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.meta import FakeMeta
from tests.integration.media.sent_files import OGG, PDF, fetched, part, photo, row_of
from tests.integration.turns.simulated_customer import Customer, somebody

TOKEN = "meta-token-of-the-tests"
SANDBOXED = "default-src 'none'; frame-ancestors 'none'; sandbox"


@pytest.fixture(scope="module")
def meta() -> Iterator[FakeMeta]:
    with FakeMeta(TOKEN) as fake_meta:
        yield fake_meta


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def app(database_url, redis_url, meta, folder) -> Iterator[Flask]:
    more = {"whatsapp_access_token": TOKEN, "whatsapp_api_base_url": meta.url}
    with application(database_url, redis_url, gatte_media_dir=str(folder), **more) as made:
        yield made
        for way in ("gatte_cloud", "gatte_media"):
            made.extensions[way].close()


@pytest.fixture
def customer(app) -> Customer:
    return somebody(app)


def place(customer: Customer, wamid: str) -> tuple[str, str]:
    """The addresses of a conversation and of a message's file."""
    with customer.app.app_context():
        talk, message_id = customer.conversation().id, customer.message(wamid).id
    return f"/panel/sessoes/{talk}", f"/panel/sessoes/{talk}/mensagens/{message_id}/arquivo"


def actions(app, conversation_id: str) -> list[str]:
    with app.app_context():
        mine = select(AuditEntry.action).filter_by(subject=f"conversation:{conversation_id}")
        return list(db.session.scalars(mine.order_by(AuditEntry.id)))


def test_an_image_is_seen_in_the_thread_and_saved_as_it_came(app, meta, customer, agent):
    sent = photo(300, 200)
    (wamid,) = customer.sends(part(meta, "image", sent, "image/jpeg"))
    fetched(customer, wamid)
    page, file = place(customer, wamid)
    shown, saved = agent.get(f"{file}/ver"), agent.get(file)

    assert f'<img src="{file}/ver"' in agent.get(page).text
    assert (shown.status_code, shown.mimetype, shown.data[8:12]) == (200, "image/webp", b"WEBP")
    assert (saved.status_code, saved.data) == (200, sent)
    assert saved.mimetype == "application/octet-stream"
    assert saved.headers["Content-Disposition"].startswith("attachment; filename=imagem-")
    assert actions(app, page.rpartition("/")[2]) == ["viewed", "media.download"]
    assert "baixou um arquivo do cliente" in agent.get(page).text


@pytest.mark.parametrize("address", ["", "/ver"])
def test_nothing_of_a_file_may_run_in_a_browser(meta, customer, agent, address):
    (wamid,) = customer.sends(part(meta, "image", photo(30, 20), "image/jpeg"))
    fetched(customer, wamid)
    headers = agent.get(place(customer, wamid)[1] + address).headers

    assert headers["Content-Security-Policy"] == SANDBOXED
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_voice_message_has_a_player_which_may_ask_for_a_part(meta, customer, agent):
    (wamid,) = customer.sends(part(meta, "audio", OGG, "audio/ogg"))
    fetched(customer, wamid)
    page, file = place(customer, wamid)
    heard = agent.get(f"{file}/ver", Range="bytes=4-99")

    assert f'<audio controls preload="none" src="{file}/ver"' in agent.get(page).text
    assert (heard.status_code, heard.mimetype, heard.data) == (206, "audio/ogg", OGG[4:100])
    assert heard.headers["Content-Range"] == f"bytes 4-99/{len(OGG)}"


def test_a_page_that_claims_to_be_a_document_is_only_saved_as_text(meta, customer, agent):
    trap = b"<html><script>alert(document.cookie)</script></html>"
    names = '"><img src=x onerror=alert(1)>\r\nSet-Cookie: a=b;.html'
    (wamid,) = customer.sends(part(meta, "document", trap, "text/html", filename=names))
    fetched(customer, wamid)
    page, file = place(customer, wamid)
    saved = agent.get(file)

    assert saved.mimetype == "application/octet-stream"
    assert saved.headers["Content-Disposition"].rstrip('"').endswith(".html.txt")
    assert not [cookie for cookie in saved.headers.getlist("Set-Cookie") if "a=b" in cookie]
    assert agent.get(f"{file}/ver").status_code == 404
    assert "<img src=x" not in agent.get(page).text


def test_a_name_with_accents_is_kept(meta, customer, agent):
    body = part(meta, "document", PDF, filename="Procuração João.pdf")
    (wamid,) = customer.sends(body)
    fetched(customer, wamid)
    page, file = place(customer, wamid)

    told = agent.get(file).headers["Content-Disposition"]
    assert "filename*=UTF-8''Procura%C3%A7%C3%A3o%20Jo%C3%A3o.pdf" in told
    assert "Procuração João.pdf" in agent.get(page).text


def test_what_is_awaited_refused_or_lost_is_said_in_words(meta, customer, agent):
    wamids = customer.sends(
        part(meta, "document", b"MZ\x90\0" + b"\0" * 80, filename="boleto.pdf"),
        part(meta, "audio", OGG, "audio/ogg", gone=9),
        part(meta, "audio", OGG, "audio/ogg", status=503),
    )
    page, file = place(customer, wamids[0])
    before = agent.get(page).text
    fetched(customer, wamids[0])
    after = agent.get(page).text

    assert before.count("Baixando o arquivo…") == 3
    assert "Arquivo recusado por segurança: é um programa." in after
    assert "O WhatsApp já não tem este arquivo." in after
    assert "Vamos tentar de novo." in after
    assert agent.get(file).status_code == 404


def test_a_file_is_shown_with_its_own_conversation_alone(meta, customer, agent, app):
    (wamid,) = customer.sends(part(meta, "image", photo(30, 20), "image/jpeg"))
    fetched(customer, wamid)
    other = somebody(app)
    other.sends(payloads.text("oi"))
    with app.app_context():
        message_id, strange = customer.message(wamid).id, other.conversation().id

    def status(talk: UUID, message: UUID) -> int:
        return agent.get(f"/panel/sessoes/{talk}/mensagens/{message}/arquivo").status_code

    assert status(strange, message_id) == 404
    assert status(strange, uuid4()) == 404


def test_a_file_that_the_storage_lost_is_told_and_breaks_no_page(meta, customer, agent, folder):
    (wamid,) = customer.sends(part(meta, "image", photo(30, 20), "image/jpeg"))
    row = fetched(customer, wamid)
    for one in ContentPart:
        (folder / sealed_files.path_of(row.id, one)).unlink()
    page, file = place(customer, wamid)

    assert agent.get(f"{file}/ver").status_code == 404
    assert agent.get(file).headers["Location"] == page
    assert "Não foi possível abrir o arquivo agora." in agent.get(page).text


def test_the_page_shows_a_file_as_soon_as_it_is_there(meta, customer, agent):
    (wamid,) = customer.sends(part(meta, "audio", OGG, "audio/ogg"))
    page, _ = place(customer, wamid)
    awaited = agent.poll(page).text
    fetched(customer, wamid)

    assert "Baixando o arquivo…" in awaited
    assert "<audio" in agent.poll(page).text


def test_an_admin_downloads_everything_with_the_files(meta, customer, log_in):
    wamids = customer.sends(part(meta, "document", PDF, filename="contrato.pdf"))
    fetched(customer, wamids[0])
    admin = log_in("chefe")
    data = f"{place(customer, wamids[0])[0]}/dados"
    admin.get(data)
    archive = admin.post(f"{data}/copia", formato="zip")
    packed = archive.data
    archive.close()

    assert (archive.status_code, archive.mimetype) == (200, "application/zip")
    assert b"arquivos/0001-contrato.pdf" in packed
    assert row_of(customer, wamids[0]).state == "stored"
