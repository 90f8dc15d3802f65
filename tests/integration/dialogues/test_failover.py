"""Gemini fails in every way that it can, and the written dialogues end as without it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask

from gatte.infra.circuit_breaker import CircuitBreaker
from gatte.intelligence.budget import Budget, BudgetLimits, SpentAmounts
from tests.app_fixture import application
from tests.fakes.gemini import FakeGemini, generated
from tests.fakes.http_loop import Answer, as_json
from tests.integration.dialogues.conftest import Play
from tests.stage.script import paths, read

PLAYED = ("comprar/11-pergunta-sem-resposta-no-meio", "duvidas/01-preco", "duvidas/05-nao-sabe")
EVERY_REQUEST = "contents"
BLOCKED = {"promptFeedback": {"blockReason": "SAFETY"}}
FAULTS: dict[str, Callable[[Answer], Answer]] = {
    "429": lambda _: as_json(429, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}),
    "500": lambda _: as_json(500, {"error": {"code": 500, "status": "INTERNAL"}}),
    "slow": lambda answer: replace(answer, delay=0.6),
    "cut": lambda answer: replace(answer, cut=True),
    "empty": lambda _: as_json(200, generated("")),
    "truncated": lambda _: as_json(200, generated('{"sentences": [{"text": "O preço')),
    "cut_short": lambda _: as_json(200, generated("{}", "MAX_TOKENS")),
    "blocked": lambda _: as_json(200, BLOCKED),
    "wrong_schema": lambda _: as_json(200, generated('{"resposta": "42", "comandos": 7}')),
    "not_json": lambda _: Answer(200, b"<html>proxy</html>", {"Content-Type": "text/html"}),
}


@pytest.fixture(scope="module")
def gemini() -> Iterator[FakeGemini]:
    with FakeGemini() as made:
        yield made


@pytest.fixture(scope="module")
def app(database_url: str, redis_url: str, gemini: FakeGemini) -> Iterator[Flask]:
    given = {"gemini_api_key": "made-up-key", "gemini_base_url": gemini.url}
    with application(database_url, redis_url, gatte_gemini_timeout_seconds=0.4, **given) as made:
        yield made
        made.extensions["gatte_gemini"].close()


@pytest.fixture
def client(app: Flask, gemini: FakeGemini):
    """The client of the application, which knows of no failure yet."""
    made = app.extensions["gatte_gemini"]
    made.breaker = CircuitBreaker()
    gemini.calls.clear()
    return made


def play_all(play: Play) -> None:
    for path in paths():
        if f"{path.parent.name}/{path.stem}" in PLAYED:
            play(read(path))


@pytest.mark.parametrize("fault", FAULTS)
def test_dialogues_end_well_while_gemini_fails(fault, play, gemini, client):
    gemini.meets(EVERY_REQUEST, FAULTS[fault])
    play_all(play)

    assert len(gemini.calls) > 0


def test_dialogues_end_well_when_the_budget_is_spent(play, gemini, client):
    before = client.bounds
    spent = Budget(BudgetLimits(day=Decimal(1)), lambda: SpentAmounts(Decimal(1), Decimal(1)))
    client.bounds = replace(before, budget=spent)
    play_all(play)
    client.bounds = before

    assert gemini.calls == []
