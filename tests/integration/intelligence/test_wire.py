"""What leaves for Gemini, seen on the wire: no personal value, few calls, fixed temperatures."""

import pytest

from tests.quality import wire

DIALOGUES = 8


@pytest.fixture(scope="module")
def findings(database_url, redis_url) -> wire.Findings:
    with wire.wired(database_url, redis_url) as wired:
        return wire.play_all(wired, DIALOGUES)


def test_gemini_is_asked_to_read_and_to_answer(findings):
    assert findings.understand >= DIALOGUES
    assert findings.respond >= 1


def test_no_personal_value_leaves(findings):
    assert findings.leaks == []


def test_a_turn_asks_once_to_read_and_once_to_answer_as_configured(findings):
    assert findings.faults == []


def test_a_leak_would_be_seen():
    values = {"document": "529.982.247-25", "first": "Érica", "email": "e.b@exemplo.com.br"}
    sent = '{"mensagens": ["sou erica, 52998224725, E.B @ exemplo.com.br"]}'

    assert list(wire.leaks(sent, values)) == ["document", "first", "email"]
