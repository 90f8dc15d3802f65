"""Gemini fails in every way that it can, and the written dialogues end as without it.

`python -m tests.quality.failover` plays all of them; here are three.
"""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.app_fixture import application
from tests.fakes.gemini import FakeGemini
from tests.quality import failover
from tests.stage.script import paths

PLAYED = ("comprar/11-pergunta-sem-resposta-no-meio", "duvidas/01-preco", "duvidas/05-nao-sabe")


@pytest.fixture(scope="module")
def gemini() -> Iterator[FakeGemini]:
    with FakeGemini() as made:
        yield made


@pytest.fixture(scope="module")
def app(database_url: str, redis_url: str, gemini: FakeGemini) -> Iterator[Flask]:
    given = {"gemini_api_key": "made-up-key", "gemini_base_url": gemini.url}
    with application(
        database_url,
        redis_url,
        gatte_gemini_timeout_seconds=failover.TIME_LIMIT_SECONDS,
        **given,
    ) as made:
        yield made
        made.extensions["gatte_gemini"].close()


@pytest.mark.parametrize("fault", [*failover.FAULTS, failover.OVER_BUDGET])
def test_dialogues_end_well_while_gemini_fails(fault, seeded, agents, gemini):
    files = [path for path in paths() if f"{path.parent.name}/{path.stem}" in PLAYED]
    run = failover.play_all(seeded, agents, gemini, fault, files)

    assert run.problems == []
    assert (run.asked > 0) == (fault != failover.OVER_BUDGET)
