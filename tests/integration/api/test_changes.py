"""Changes: what the desk allows, versions, and requests that are sent again."""

import hashlib
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg2
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from gatte.extensions import db
from gatte.intelligence.knowledge.articles import import_articles
from gatte.jobs.definitions import embed_passages
from gatte.models import (
    Certificate,
    DataKey,
    IdempotentRequest,
    Message,
    Outbox,
    Passage,
    Scope,
    keyring,
)
from gatte.store import due_work, knowledge
from gatte.web.api.knowledge import ArticleContent, _draft
from tests.integration.api.conftest import Program, issue
from tests.process_system import until
from tests.store_fixtures import execute, rows


def kind_of(answer):
    return answer.get_json()["type"].removeprefix("urn:gatte:problem:")


def count(app, model):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model))


def test_a_text_goes_out_like_one_of_the_desk(app, program, desk, users):
    talk = desk.conversation(says=["oi"])
    refused = program.post(f"/conversations/{talk}/messages", {"text": "Olá!"})
    taken = program.post(f"/conversations/{talk}/take")
    sent = program.post(f"/conversations/{talk}/messages", {"text": " Olá! "})

    assert (refused.status_code, kind_of(refused)) == (409, "not-yours")
    assert taken.get_json()["assignee_id"] == users["ana"]
    assert sent.status_code == 201
    message = program.get(sent.headers["Location"].removeprefix("/api/v1")).get_json()
    assert (message["text"], message["author"]) == ("Olá!", "agent")
    assert message["delivery_status"] == "unfinished"
    with app.app_context():
        row = db.session.get_one(Outbox, message["id"])
        assert (row.state, row.message.body, row.author) == ("pending", "Olá!", "agent")


def test_outside_the_24_hours_nothing_is_sent_and_the_answer_says_why(app, program, desk, users):
    long_ago = datetime.now(UTC) - timedelta(hours=25)
    talk = desk.with_agent(users["ana"], last_inbound_at=long_ago)
    before = count(app, Outbox)

    answer = program.post(f"/conversations/{talk}/messages", {"text": "Olá!"})

    assert (answer.status_code, kind_of(answer)) == (409, "service-window-closed")
    assert count(app, Outbox) == before


def test_a_conversation_is_taken_handed_back_escalated_and_closed(program, desk):
    talk = desk.conversation()
    states = [
        program.post(f"/conversations/{talk}/{action}").get_json()["state"]
        for action in ("take", "hand-back", "escalate", "take", "close")
    ]

    assert states == [
        "STATE_WITH_HUMAN",
        "STATE_MENU",
        "STATE_WAITING_HUMAN",
        "STATE_WITH_HUMAN",
        "STATE_CLOSED",
    ]
    assert kind_of(program.post(f"/conversations/{talk}/take")) == "conversation-closed"


def test_of_two_programs_one_gets_the_conversation(app, program, desk, users):
    other = Program(app.test_client(), issue(app, users["bruno"], list(Scope)))
    talk = desk.conversation()
    program.post(f"/conversations/{talk}/take")

    late = other.post(f"/conversations/{talk}/take")

    assert (late.status_code, kind_of(late)) == (409, "already-taken")


def test_a_ticket_is_opened_changed_and_noted(program, desk, users):
    contact = str(desk.contact())
    new = {"contact_id": contact, "subject": "Nota parada", "description": "Desde ontem."}
    made = program.post("/tickets", new)
    place = made.headers["Location"].removeprefix("/api/v1")
    change = {"state": "in_progress", "assignee_id": users["bruno"], "urgency": "high"}
    changed = program.change(place, change).get_json()
    nobody = program.change(place, {"assignee_id": None}).get_json()
    noted = program.post(f"{place}/notes", {"body": "Liguei."})
    notes = program.get(f"{place}/notes").get_json()["items"]

    assert made.status_code == noted.status_code == 201
    assert {name: changed[name] for name in change} == change
    assert (nobody["assignee_id"], nobody["state"]) == (None, "in_progress")
    assert [(note["body"], note["author_id"]) for note in notes] == [("Liguei.", users["ana"])]


def test_a_time_with_an_offset_that_postgres_refuses_is_understood(program, desk):
    new = {"contact_id": str(desk.contact()), "subject": "Prazo", "description": "x"}
    odd = program.post("/tickets", {**new, "due_at": "2026-12-01T23:00:00+19:38"})
    early = program.post("/tickets", {**new, "due_at": "0001-01-01T00:00:00+10:00"})

    assert odd.get_json()["due_at"] == "2026-12-01T03:22:00Z"
    assert early.status_code == 422


def test_a_ticket_for_a_conversation_of_somebody_else_is_refused(program, desk):
    new = {
        "contact_id": str(desk.contact()),
        "conversation_id": str(desk.conversation()),
        "subject": "x y",
        "description": "z",
    }

    assert program.post("/tickets", new).status_code == 404


def test_a_lead_and_a_contact_are_changed(program, desk, users):
    lead = program.change(f"/leads/{desk.lead()}", {"stage": "won", "owner_id": users["ana"]})
    contact = desk.contact()
    muted = program.change(f"/contacts/{contact}", {"opted_out": True, "mute_hours": 2}).get_json()
    back = program.change(f"/contacts/{contact}", {"opted_out": False, "mute_hours": 0}).get_json()

    assert (lead.get_json()["stage"], lead.get_json()["owner_id"]) == ("won", users["ana"])
    assert muted["opted_out_at"] is not None
    assert muted["muted_until"] > back["muted_until"]
    assert back["opted_out_at"] is None


def test_a_certificate_is_noted_sealed_and_found_by_its_hash(app, program, desk):
    new = {
        "contact_id": str(desk.contact()),
        "kind": "e-CNPJ A1",
        "valid_until": "2027-05-01",
        "document": "11.222.333/0001-81",
        "holder": "Padaria Sol",
    }
    made = program.post("/certificates", new).get_json()
    changed = program.change(f"/certificates/{made['id']}", {"status": "renewed"}).get_json()
    wrong = program.post("/certificates", {**new, "document": "11.222.333/0001-82"})

    assert (made["document"], changed["status"]) == ("11222333000181", "renewed")
    assert wrong.status_code == 422
    assert "82" not in wrong.text
    with app.app_context():
        row = db.session.get_one(Certificate, made["id"])
        assert row.document_hash == keyring().lookup_hash("document", "11222333000181")


def test_an_article_is_put_and_changed(program):
    place = "/knowledge/articles/prazo-do-a1"
    article = {
        "title": "Prazo",
        "question": "Qual o prazo?",
        "answer": "Um dia.",
        "asks": ["demora?"],
    }
    new = program.call("PUT", place, article)
    blind = program.call("PUT", place, article)
    known = program.get(place)
    changed = program.call(
        "PUT", place, {**article, "answer": "Dois dias."}, If_Match=known.headers["ETag"]
    )

    assert new.get_json()["asks"] == ["demora?"]
    assert blind.status_code == 428
    assert (changed.get_json()["answer"], changed.get_json()["version"]) == ("Dois dias.", 2)
    assert program.call("PUT", "/knowledge/articles/A_1", article).status_code == 422


def test_an_article_gets_its_vectors_by_a_job(app, program):
    article = {"title": "Onde fica", "question": "Qual o endereço?", "answer": "Rua do Sol, 1."}
    program.call("PUT", "/knowledge/articles/endereco", article)

    assert "embed_passages" in due_jobs(app)
    embed_passages()

    assert "embed_passages" not in due_jobs(app)
    with app.app_context():
        assert db.session.scalars(select(Passage).filter_by(embedding=None)).all() == []


def due_jobs(app):
    settings = app.extensions["gatte_settings"]
    with app.app_context(), db.engine.connect() as connection:
        found = due_work.fetch_due_work(connection, settings)
        return [work.job.name.lower() for work in found]


def test_vectors_are_made_while_somebody_changes_the_same_article(app, program, database_url):
    article = {"title": "Onde", "question": "Qual a rua?", "answer": "Rua da Lua, 2."}
    program.call("PUT", "/knowledge/articles/ao-mesmo-tempo", article)
    errors = []

    def embed():
        try:
            embed_passages()
        except DBAPIError as error:
            errors.append(error)

    with closing(psycopg2.connect(database_url)) as editor, editor.cursor() as cursor:
        cursor.execute("UPDATE article SET title = title WHERE slug = 'ao-mesmo-tempo'")
        job = threading.Thread(target=embed)
        job.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        assert until(lambda: rows(database_url, waiting) != [(0,)])
        # whoever changes an article goes on to its passages
        cursor.execute("UPDATE passage SET text = text")
        editor.commit()
        job.join()

    assert errors == []


def test_an_article_goes_back_to_words_whose_passage_is_removed_meanwhile(
    app, program, database_url
):
    first = {"title": "Onde", "question": "Qual a praça?", "answer": "Praça da Sé."}
    place = "/knowledge/articles/praca"
    program.call("PUT", place, first)
    program.call("PUT", place, first | {"answer": "Outra."}, If_Match="*")
    with app.app_context():
        article = knowledge.find_by_slug(db.session(), "praca")
        before = {passage.text: passage.superseded for passage in article.passages}
        # a job removes what others replace
        execute(database_url, "DELETE FROM passage WHERE superseded")
        content = ArticleContent.model_validate(first).model_dump(exclude={"active"})
        import_articles(db.session(), [_draft("praca", content)], embed=False, user_id=None)
        db.session.commit()

    assert True in before.values()
    assert program.get(place).get_json()["answer"] == "Praça da Sé."
    texts = [
        text for (text,) in rows(database_url, "SELECT text FROM passage WHERE NOT superseded")
    ]
    assert sum("Praça da Sé." in text for text in texts) == 1


def test_a_change_needs_the_version_and_the_present_one(program, desk):
    place = f"/tickets/{desk.ticket()}"
    etag = program.get(place).headers["ETag"]
    blind = program.call("PATCH", place, {"state": "solved"})
    first = program.call("PATCH", place, {"state": "solved"}, If_Match=etag)
    stale = program.call("PATCH", place, {"state": "open"}, If_Match=etag)

    assert (blind.status_code, first.status_code, stale.status_code) == (428, 200, 412)
    assert first.headers["ETag"] not in {etag, None}
    assert program.get(place).get_json()["state"] == "solved"


def test_what_is_known_already_is_not_sent_again(program, desk):
    place = f"/tickets/{desk.ticket()}"
    etag = program.get(place).headers["ETag"]
    again = program.get(place, If_None_Match=etag)

    assert (again.status_code, again.data) == (304, b"")


def test_a_request_that_is_sent_again_is_done_once(app, program, desk, users):
    talk = desk.with_agent(users["ana"])
    before = count(app, Message)
    key = {"Idempotency_Key": "pedido-1"}
    first = program.post(f"/conversations/{talk}/messages", {"text": "Olá!"}, **key)
    again = program.post(f"/conversations/{talk}/messages", {"text": "Olá!"}, **key)
    other = program.post(f"/conversations/{talk}/messages", {"text": "Tchau!"}, **key)

    assert (first.status_code, first.get_json()) == (201, again.get_json())
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, kind_of(other)) == (422, "idempotency-key-reused")
    assert count(app, Message) == before + 1


def test_a_refused_request_may_be_sent_again_with_its_key(program, desk):
    talk = desk.conversation()
    key = {"Idempotency_Key": "pedido-2"}
    refused = program.post(f"/conversations/{talk}/messages", {"text": "Olá!"}, **key)
    program.post(f"/conversations/{talk}/take")
    done = program.post(f"/conversations/{talk}/messages", {"text": "Olá!"}, **key)

    assert (refused.status_code, done.status_code) == (409, 201)


def test_at_the_same_moment_a_request_is_done_once(app, program, desk):
    new = {"contact_id": str(desk.contact()), "subject": "Um só", "description": "x"}
    answers = []

    def send():
        each = Program(app.test_client(), program.token)
        answers.append(each.post("/tickets", new, Idempotency_Key="pedido-3"))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    made = {answer.get_json()["id"] for answer in answers if answer.status_code == 201}
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len(made) == 1


def test_a_kept_answer_is_sealed_and_goes_with_the_contact(app, program, desk):
    contact = desk.contact()
    new = {"contact_id": str(contact), "subject": "Segredo", "description": "x"}
    program.post("/tickets", new, Idempotency_Key="pedido-4")
    with app.app_context():
        kept = db.session.scalars(
            select(IdempotentRequest).order_by(IdempotentRequest.id.desc()).limit(1)
        ).one()
        assert b"Segredo" not in bytes(kept.body_sealed)
        key_id = kept.data_key_id
        db.session.execute(
            update(IdempotentRequest)
            .where(IdempotentRequest.id == kept.id)
            .values(data_key_id=None)
        )
        db.session.commit()
        assert db.session.get(DataKey, key_id) is not None

    again = program.post("/tickets", new, Idempotency_Key="pedido-4")

    assert (again.status_code, kind_of(again)) == (409, "idempotent-answer-erased")


def test_a_kept_answer_is_forgotten_after_24_hours(app, program, desk):
    new = {"contact_id": str(desk.contact()), "subject": "De novo", "description": "x"}
    first = program.post("/tickets", new, Idempotency_Key="pedido-5").get_json()
    with app.app_context():
        old = datetime.now(UTC) - timedelta(hours=25)
        db.session.execute(update(IdempotentRequest).values(created_at=old))
        db.session.commit()

    again = program.post("/tickets", new, Idempotency_Key="pedido-5").get_json()

    assert again["id"] != first["id"]
    assert count(app, IdempotentRequest) == 1


def test_bodies_that_are_no_json_object_are_refused(app, program):
    client, headers = app.test_client(), {"Authorization": f"Bearer {program.token}"}
    for body, media_type, status in (
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"", "application/json", 422),
        (b"[" * 100_000, "application/json", 400),
    ):
        answer = client.post("/api/v1/tickets", data=body, headers=headers, content_type=media_type)
        assert (body[:9], answer.status_code) == (body[:9], status)
        assert answer.mimetype == "application/problem+json"


def test_who_reads_what_is_kept_of_a_request_cannot_try_out_what_it_said(app, program, desk):
    new = {"contact_id": str(desk.contact()), "subject": "Segredo", "description": "x"}
    program.post("/tickets", new, Idempotency_Key="chamado-5511987654321")

    tried = [b"chamado-5511987654321", b"/api/v1/tickets?\0" + app.json.dumps(new).encode()]
    with app.app_context():
        newest = select(IdempotentRequest).order_by(IdempotentRequest.id.desc()).limit(1)
        kept = db.session.scalars(newest).one()
        held = {bytes(kept.key_hash), bytes(kept.request_hash)}
    assert held.isdisjoint({hashlib.sha256(one).digest() for one in tried})


def test_a_request_that_the_former_version_did_is_not_done_again(app, program, desk):
    new = {"contact_id": str(desk.contact()), "subject": "Um só", "description": "x"}
    first = program.post("/tickets", new, Idempotency_Key="pedido-6").get_json()
    asked = b"/api/v1/tickets?\0" + app.json.dumps(new).encode()
    with app.app_context():
        newest = select(IdempotentRequest).order_by(IdempotentRequest.id.desc()).limit(1)
        kept = db.session.scalars(newest).one()
        kept.key_hash = hashlib.sha256(b"pedido-6").digest()
        kept.request_hash = hashlib.sha256(asked).digest()
        db.session.commit()

    again = program.post("/tickets", new, Idempotency_Key="pedido-6")

    assert (again.status_code, again.get_json()) == (201, first)
