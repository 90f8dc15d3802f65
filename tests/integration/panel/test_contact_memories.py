"""What is remembered of a contact, on the page of the desk."""

from datetime import UTC, datetime, timedelta

import pytest

from gatte.conversation.memory_kinds import MemoryKind
from gatte.extensions import db
from gatte.models import MemorySource
from gatte.store import conversations, memories
from gatte.store.memories import LearnedFact


@pytest.fixture
def place(app, waiting):
    with app.app_context():
        contact = conversations.get_conversation(waiting).contact
        for kind, value in ((MemoryKind.COMPANY, "Padaria"), (MemoryKind.EMAIL, "a@b.example")):
            fact = LearnedFact(
                kind, value, datetime.now(UTC), timedelta(days=9), 0.8, MemorySource.RULE
            )
            memories.learn(contact, waiting, fact)
        db.session.commit()
    return f"/panel/sessoes/{waiting}/memoria"


def memory(app, waiting, kind):
    with app.app_context():
        contact_id = conversations.get_conversation(waiting).contact_id
        found = memories.find(contact_id, kind)
        return found.id, found.version, found.value


def test_an_agent_sees_and_corrects_what_is_remembered(app, agent, waiting, place):
    page = agent.get(place).text
    assert 'value="Padaria"' in page
    assert "certeza de 80%" in page
    memory_id, version, _ = memory(app, waiting, MemoryKind.COMPANY)
    agent.post(f"{place}/{memory_id}", valor="Padaria Nova", versao=str(version))

    assert memory(app, waiting, MemoryKind.COMPANY)[2] == "Padaria Nova"
    late = agent.post(f"{place}/{memory_id}", valor="Outra", versao=str(version))
    assert late.status_code == 409
    assert memory(app, waiting, MemoryKind.COMPANY)[2] == "Padaria Nova"


def test_an_email_must_be_one(app, agent, waiting, place):
    agent.get(place)
    memory_id, version, _ = memory(app, waiting, MemoryKind.EMAIL)
    answer = agent.post(f"{place}/{memory_id}", valor="nenhum", versao=str(version))

    assert answer.status_code == 422
    assert memory(app, waiting, MemoryKind.EMAIL)[2] == "a@b.example"


def test_an_agent_deletes_what_is_remembered(app, agent, waiting, place):
    agent.get(place)
    memory_id, _, _ = memory(app, waiting, MemoryKind.COMPANY)
    agent.post(f"{place}/{memory_id}/apagar")

    assert memory(app, waiting, MemoryKind.COMPANY)[2] is None
    assert "Padaria" not in agent.get(place).text
    assert agent.post(f"{place}/{memory_id}/apagar").status_code == 404
