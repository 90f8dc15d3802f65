"""Voice messages through a whole turn: webhook, download from the stand-in for Meta, transcription
by the one for Gemini, answer.
"""

import threading
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from gatte.delivery import SIMULATOR_NUMBER
from gatte.extensions import db
from gatte.infra.circuit_breaker import CircuitBreaker
from gatte.intake import inbox_processor
from gatte.jobs.definitions import resume_turn
from gatte.jobs.job_context import set_job_app
from gatte.media import voice_files
from gatte.models import MediaState
from gatte.store import StatementBatch, conversations
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.gemini import FakeGemini, spoken
from tests.fakes.meta import FakeMeta
from tests.integration.media.sent_files import fetched, row_of
from tests.integration.turns.simulated_customer import somebody
from tests.process_system import until

TOKEN = "meta-token-of-the-tests"
WISH = "quero comprar um e-CNPJ A1"


@pytest.fixture(scope="module")
def meta():
    with FakeMeta(TOKEN) as fake_gemini:
        yield fake_gemini


@pytest.fixture(scope="module")
def gemini():
    with FakeGemini() as fake_gemini:
        yield fake_gemini


@pytest.fixture(scope="module")
def app(database_url, redis_url, meta, gemini, tmp_path_factory):
    connected = {"whatsapp_access_token": TOKEN, "whatsapp_api_base_url": meta.url}
    connected["gatte_media_dir"] = str(tmp_path_factory.mktemp("media"))
    with application(
        database_url, redis_url, gemini_api_key="key", gemini_base_url=gemini.url, **connected
    ) as made:
        yield made
        for way in ("gatte_cloud", "gatte_media", "gatte_gemini"):
            made.extensions[way].close()


@pytest.fixture
def customer(app, gemini):
    app.extensions["gatte_gemini"].breaker = CircuitBreaker()
    gemini.calls.clear()
    return somebody(app)


def voice(meta, words, **more):
    content = spoken(words)
    return payloads.voice(meta.graph.media.keep(content, **more), content)


def heard(customer, wamid):
    """What stands of a message and its turn: the words, and how the hearing went."""
    with customer.app.app_context():
        row, turn = customer.message(wamid), customer.turn(wamid)
        return row.body, (turn.trace or {}).get("transcripts", {}).get(str(row.id))


def transcriptions(gemini):
    return [call for call in gemini.calls if call.audio is not None]


def test_a_voice_message_is_understood_and_answered_like_a_typed_one(customer, meta):
    (wamid,) = customer.sends(voice(meta, WISH))

    assert heard(customer, wamid) == (WISH, "ok")
    with customer.app.app_context():
        assert (customer.conversation().flow, customer.message(wamid).intent) == (
            "lead",
            "buy_certificate",
        )
    assert "nome" in meta.texts_to(customer.person.phone)[-1]


def test_the_call_is_recorded_with_its_turn(customer, meta):
    (wamid,) = customer.sends(voice(meta, WISH))

    with customer.app.app_context():
        call = customer.calls(wamid)[0]
        assert (call.purpose, call.model, call.prompt_version) == (
            "transcribe",
            "gemini-3.5-flash",
            "transcriber-v2",
        )
        assert (call.outcome, call.tokens_in, call.tokens_out) == ("ok", 321, 50)
        assert customer.turn(wamid).step_durations_ms["transcribe"] > 0


def test_the_words_are_sealed(customer, meta):
    customer.sends(voice(meta, "meu xilofone roxo"))

    with customer.app.app_context():
        rows = db.session.execute(
            text("SELECT body_sealed FROM message WHERE body_sealed IS NOT NULL")
        ).scalars()
        assert not [row for row in rows if b"xilofone" in bytes(row)]


def test_the_file_is_fetched_for_the_number_that_received_it(customer, meta):
    meta.graph.media.asked.clear()
    customer.sends(voice(meta, "oi"))

    assert [question["phone_number_id"] for question in meta.graph.media.asked] == [payloads.NUMBER]


def test_a_voice_message_is_fetched_once_and_kept(customer, meta):
    meta.graph.media.fetched.clear()
    (wamid,) = customer.sends(voice(meta, WISH))

    row = fetched(customer, wamid)

    assert (row.state, row.attempts) == (MediaState.STORED, 1)
    assert len(meta.graph.media.fetched) == 1
    with customer.app.app_context():
        files = voice_files.open_files([customer.message(wamid).id])
        assert (list(files.contents.values()), files.claims) == ([spoken(WISH)], {})


def test_a_voice_message_that_is_stored_already_is_not_fetched_for_its_words(customer, meta):
    meta.graph.media.fetched.clear()
    wamid = customer.delivers(voice(meta, WISH))
    number, sender = customer.due()
    with customer.app.app_context():
        batch = StatementBatch()
        processed = inbox_processor.process_sender(number, bytes.fromhex(sender), batch)
        conversations.record_arrival(batch, processed.conversation_id, processed.arrival)
        batch.execute()
        db.session.commit()
    assert fetched(customer, wamid).state is MediaState.STORED

    resume_turn(str(processed.conversation_id))

    assert heard(customer, wamid) == (WISH, "ok")
    assert len(meta.graph.media.fetched) == 1


@pytest.mark.parametrize(
    ("wrong", "state", "attempts"),
    [
        ({"gone": 9}, MediaState.FAILED, 1),
        ({"status": 500}, MediaState.PENDING, 1),
        ({"size": 9_000_000}, MediaState.PENDING, 0),  # too long to listen to, and still kept
    ],
)
def test_what_a_turn_could_not_fetch_is_noted_of_the_file(customer, meta, wrong, state, attempts):
    (wamid,) = customer.sends(voice(meta, WISH, **wrong))

    row = row_of(customer, wamid)

    assert (row.state, row.attempts) == (state, attempts)


def test_several_voice_messages_are_understood_together(customer, meta):
    first, second = customer.sends(voice(meta, "oi, tudo bem?"), voice(meta, WISH))

    assert [heard(customer, one) for one in (first, second)] == [
        ("oi, tudo bem?", "ok"),
        (WISH, "ok"),
    ]
    with customer.app.app_context():
        assert customer.conversation().flow == "lead"


def test_more_voice_messages_than_a_turn_hears_are_left_and_seen_in_the_trace(
    customer, meta, gemini
):
    wamids = customer.sends(*[voice(meta, "oi")] * 8)

    assert [heard(customer, one)[1] for one in wamids] == ["ok"] * 6 + ["too_many"] * 2
    assert len(transcriptions(gemini)) == 6


def asked_to_type(customer):
    return "escrever" in customer.heard()[-1]


@pytest.mark.parametrize(
    ("wrong", "outcome"),
    [
        ({"gone": 9}, "gone"),
        ({"sha256": "0" * 64}, "altered"),
        ({"size": 99_000_000}, "too_large"),
        ({"status": 500}, "away"),
    ],
)
def test_a_file_that_cannot_be_had_is_seen_in_the_trace_and_the_customer_is_asked_to_type(
    customer, meta, gemini, wrong, outcome
):
    (wamid,) = customer.sends(voice(meta, WISH, **wrong))

    assert heard(customer, wamid) == ("", outcome)
    assert asked_to_type(customer)
    assert gemini.calls == []


def test_another_file_than_the_webhook_told_of_is_not_listened_to(customer, meta, gemini):
    (wamid,) = customer.sends(payloads.voice(meta.graph.media.keep(spoken(WISH)), b"another file"))

    assert heard(customer, wamid) == ("", "altered")
    assert gemini.calls == []


@pytest.mark.parametrize(("status", "outcome"), [(429, "quota"), (503, "error"), (400, "refused")])
def test_when_gemini_fails_the_customer_is_asked_to_type(customer, meta, gemini, status, outcome):
    gemini.fails(status, times=2 if status == 503 else 1)  # too busy is tried once more
    (wamid,) = customer.sends(voice(meta, WISH))

    assert heard(customer, wamid) == ("", outcome)
    assert asked_to_type(customer)
    with customer.app.app_context():
        assert [call.outcome for call in customer.calls(wamid)] == [outcome]


def test_where_nobody_speaks_the_customer_is_asked_to_type(customer, meta):
    (wamid,) = customer.sends(payloads.voice(meta.graph.media.keep(b"OggS wind"), b"OggS wind"))

    assert heard(customer, wamid) == ("", "no_speech")
    assert asked_to_type(customer)


def test_a_format_that_gemini_does_not_know_is_not_fetched(customer, meta):
    meta.graph.media.asked.clear()
    (wamid,) = customer.sends(
        payloads.voice(meta.graph.media.keep(b"#!AMR"), b"#!AMR", "audio/amr")
    )

    assert heard(customer, wamid) == ("", "unknown_format")
    assert (meta.graph.media.asked, asked_to_type(customer)) == ([], True)


def test_a_spoken_password_is_not_kept_anywhere(customer, meta):
    (wamid,) = customer.sends(voice(meta, "a senha do certificado é Gato7755"))

    assert "Gato7755" not in customer.everything_stored()
    with customer.app.app_context():
        assert customer.message(wamid).erased_at is not None


def test_a_deleted_voice_message_is_forgotten(customer, meta):
    (wamid,) = customer.sends(voice(meta, "meu xilofone verde"))
    customer.sends(payloads.revoke(wamid))

    assert "xilofone verde" not in customer.everything_stored()


def test_a_voice_message_deleted_before_it_was_heard_is_not_heard(customer, meta, gemini):
    wamid = customer.delivers(voice(meta, WISH))
    customer.sends(payloads.revoke(wamid))

    assert (transcriptions(gemini), customer.heard()) == ([], [])


@contextmanager
def in_the_middle_of_hearing(customer, gemini):
    """While Gemini listens to what the customer has sent; at the end, the turn is over."""
    gemini.is_slow(0.8)
    turn = threading.Thread(target=customer.is_answered)
    turn.start()
    assert until(lambda: transcriptions(gemini) != [])
    yield
    turn.join()


def test_a_turn_that_is_thought_again_hears_a_voice_message_once(customer, meta, gemini):
    spoke = customer.delivers(voice(meta, WISH))
    with in_the_middle_of_hearing(customer, gemini):
        wrote = customer.delivers(payloads.text("pode ser?"))

    with customer.app.app_context():
        assert customer.turn(spoke).id == customer.turn(wrote).id
    assert heard(customer, spoke) == (WISH, "ok")
    assert len(transcriptions(gemini)) == 1


def test_no_connection_to_the_database_is_held_while_a_voice_message_is_heard(
    customer, meta, gemini, app
):
    customer.delivers(voice(meta, "oi"))
    with in_the_middle_of_hearing(customer, gemini), app.app_context():
        assert db.engine.pool.checkedout() == 0


def test_a_human_who_owns_the_conversation_can_read_what_was_said(customer, meta):
    customer.sends(payloads.text("quero falar com um atendente"))
    with customer.app.app_context():
        customer.conversation().state, customer.conversation().owner = "STATE_WITH_HUMAN", "human"
        db.session.commit()
    answers = customer.heard()
    (wamid,) = customer.sends(voice(meta, "o token parou de funcionar"))

    assert heard(customer, wamid) == ("o token parou de funcionar", "ok")
    assert customer.heard() == answers


def test_images_and_documents_are_not_fetched(customer, meta):
    meta.graph.media.asked.clear()
    customer.sends(payloads.image("minha CNH"), payloads.document())

    assert meta.graph.media.asked == []


def test_a_simulated_voice_message_has_no_file_and_gets_no_transcript(app, meta, gemini):
    meta.graph.media.asked.clear()
    customer = somebody(app, SIMULATOR_NUMBER)
    (wamid,) = customer.sends(payloads.audio())

    assert heard(customer, wamid) == ("", None)
    assert (meta.graph.media.asked, asked_to_type(customer)) == ([], True)


def test_without_gemini_nothing_is_fetched_and_the_customer_is_asked_to_type(
    app, database_url, redis_url, meta
):
    meta.graph.media.asked.clear()
    with application(
        database_url, redis_url, whatsapp_access_token=TOKEN, whatsapp_api_base_url=meta.url
    ) as deaf:
        customer = somebody(deaf)
        customer.sends(voice(meta, WISH))
        assert (meta.graph.media.asked, asked_to_type(customer)) == ([], True)
        for way in ("gatte_cloud", "gatte_media"):
            deaf.extensions[way].close()
    set_job_app(app)


DOUBTFUL = "quero renovar o ~e-CNPJ~"


def state_of(customer):
    with customer.app.app_context():
        row = customer.conversation()
        return row.flow, row.flags.get("offer")


def test_a_doubtful_voice_message_is_confirmed_before_anything_follows(customer, meta):
    customer.sends(voice(meta, DOUBTFUL))

    assert "Você quer renovar o e-CNPJ, certo?" in meta.texts_to(customer.person.phone)[-1]
    assert state_of(customer) == (None, "heard")

    customer.sends(payloads.text("sim"))
    assert state_of(customer)[0] == "renewal"


def test_what_was_heard_wrong_is_dropped(customer, meta):
    customer.sends(voice(meta, DOUBTFUL))
    customer.sends(payloads.text("não"))

    assert "gravar de novo" in meta.texts_to(customer.person.phone)[-1]
    assert state_of(customer) == (None, None)


def test_doubtful_words_do_not_keep_a_person_waiting(customer, meta):
    customer.sends(voice(meta, "quero falar com um ~atendente~"))

    with customer.app.app_context():
        assert customer.conversation().state == "STATE_WAITING_HUMAN"


def test_doubtful_words_are_kept_with_the_message(customer, meta):
    (wamid,) = customer.sends(voice(meta, DOUBTFUL))

    with customer.app.app_context():
        assert customer.message(wamid).raw_payload["doubtful_words"] == ["e-CNPJ"]
