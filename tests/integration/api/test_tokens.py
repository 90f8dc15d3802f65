"""Who may call the API, and what is noted of it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from gatte.desk import api_tokens
from gatte.extensions import db
from gatte.models import ApiToken, AuditEntry, Scope, User
from tests.integration.api.conftest import Program, issue


def problem(answer):
    assert answer.mimetype == "application/problem+json"
    return answer.get_json()


def test_without_a_token_the_answer_says_how_to_send_one(app):
    answer = app.test_client().get("/api/v1/tickets")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="gatte"'
    assert problem(answer)["type"] == "urn:gatte:problem:unauthorized"


@pytest.mark.parametrize("given", ["Bearer gatte_nobody", "Bearer ", "Basic YTpi", "gatte_x"])
def test_a_wrong_token_opens_nothing(app, given):
    answer = app.test_client().get("/api/v1/tickets", headers={"Authorization": given})

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_token_without_the_scope_is_told_which_one_it_lacks(app, users):
    reader = Program(app.test_client(), issue(app, users["ana"], [Scope.LEADS_READ]))

    answer = reader.get("/tickets")

    assert (reader.get("/leads").status_code, answer.status_code) == (200, 403)
    assert 'scope="tickets:read"' in answer.headers["WWW-Authenticate"]


def test_a_token_ends_when_its_time_is_over_or_it_is_revoked_or_its_user_is_disabled(app, users):
    secret = issue(app, users["bruno"], [Scope.LEADS_READ], expires_at=tomorrow())
    program = Program(app.test_client(), secret)
    assert program.get("/leads").status_code == 200

    for ending in (
        update(ApiToken).values(expires_at=datetime.now(UTC)),
        update(ApiToken).values(expires_at=None, revoked_at=datetime.now(UTC)),
    ):
        change(app, ending.where(ApiToken.token_hash == api_tokens.hash_of_token(secret)))
        assert program.get("/leads").status_code == 401

    other = Program(app.test_client(), issue(app, users["bruno"], [Scope.LEADS_READ]))
    change(app, update(User).where(User.id == users["bruno"]).values(active=False))
    assert other.get("/leads").status_code == 401
    change(app, update(User).where(User.id == users["bruno"]).values(active=True))


def tomorrow():
    return datetime.now(UTC) + timedelta(days=1)


def change(app, statement):
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


def test_the_token_itself_is_stored_nowhere(app, program):
    with app.app_context():
        token = stored(program)

        assert token.prefix == program.token[:12]
        assert program.token not in str(vars(token))


def stored(program):
    hashed = api_tokens.hash_of_token(program.token)
    return db.session.scalars(select(ApiToken).filter_by(token_hash=hashed)).one()


def test_the_last_use_is_noted_once_a_minute(app, program):
    program.get("/leads")
    with app.app_context():
        first = stored(program).last_used_at
    program.get("/leads")
    with app.app_context():
        assert stored(program).last_used_at == first

    long_ago = update(ApiToken).values(last_used_at=datetime(2026, 1, 1, tzinfo=UTC))
    change(app, long_ago)
    program.get("/leads")
    with app.app_context():
        assert stored(program).last_used_at > first


def test_reading_personal_data_stands_in_the_audit(app, program, desk, users):
    contact = desk.contact()
    program.get(f"/contacts/{contact}")
    program.get("/contacts")

    with app.app_context():
        token = stored(program)
        read = entries(f"contact:{contact}")[-1]
        listed = entries(f"api_token:{token.id}")[-1]
        assert (read.action, read.user_id) == ("api.read", users["ana"])
        assert read.details == {"token": str(token.id)}
        assert str(contact) in listed.details["ids"]


def entries(subject):
    found = select(AuditEntry).filter_by(subject=subject).order_by(AuditEntry.id)
    return list(db.session.scalars(found))


def test_no_log_line_holds_a_token_or_what_was_read(app, program, desk, capsys):
    contact = desk.contact("Joaquina Tavares")
    program.get(f"/contacts/{contact}")
    program.post("/contacts/search", {"name": "Joaquina"})
    program.get("/tickets?limit=0")

    told = capsys.readouterr().out
    assert "api.search_contacts" in told
    assert "Joaquina" not in told
    assert program.token not in told
