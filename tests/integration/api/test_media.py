"""Files of customers for programs."""

import pytest

from tests.app_fixture import application
from tests.fakes.meta import FakeMeta
from tests.integration.media.sent_files import PDF, fetched, part
from tests.integration.turns.simulated_customer import somebody

TOKEN = "meta-token-of-the-tests"


@pytest.fixture(scope="module")
def meta():
    with FakeMeta(TOKEN) as fake_meta:
        yield fake_meta


@pytest.fixture(scope="module")
def app(database_url, redis_url, meta, tmp_path_factory):
    more = {"whatsapp_access_token": TOKEN, "whatsapp_api_base_url": meta.url}
    place = str(tmp_path_factory.mktemp("media"))
    with application(database_url, redis_url, gatte_media_dir=place, **more) as made:
        yield made
        for way in ("gatte_cloud", "gatte_media"):
            made.extensions[way].close()


def test_a_program_sees_what_a_file_is_and_gets_it(app, meta, program):
    customer = somebody(app)
    (wamid,) = customer.sends(part(meta, "document", PDF, "image/png", filename="nota.pdf"))
    with app.app_context():
        message_id = customer.message(wamid).id
        conversation_id = customer.conversation().id
    early = program.get(f"/messages/{message_id}/media")
    fetched(customer, wamid)
    told = program.get(f"/messages/{message_id}").get_json()["media"]
    given = program.get(f"/messages/{message_id}/media")
    listed = program.get(f"/conversations/{conversation_id}/messages").get_json()["items"]

    assert (early.status_code, early.get_json()["type"].rpartition(":")[2]) == (
        409,
        "media-not-stored",
    )
    assert told == {
        "state": "stored",
        "problem": None,
        "filename": "nota.pdf",
        "mime_type": "application/pdf",
        "size": len(PDF),
    }
    assert (given.status_code, given.data) == (200, PDF)
    assert given.mimetype == "application/octet-stream"
    assert "sandbox" in given.headers["Content-Security-Policy"]
    assert told in [one["media"] for one in listed]


def test_a_message_without_a_file_has_none_to_give(app, program, desk):
    conversation_id = desk.conversation(says=["oi"])
    (message,) = program.get(f"/conversations/{conversation_id}/messages").get_json()["items"]
    refused = program.get(f"/messages/{message['id']}/media")

    assert message["media"] is None
    assert (refused.status_code, refused.mimetype) == (404, "application/problem+json")
