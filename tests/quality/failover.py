"""Every written dialogue while Gemini fails in every way that it can, is slow, and while the budget
is spent: each must end as it does without Gemini.

`python -m tests.quality.failover` plays all of them under every fault and prints a table; with
`--faults slow,429` some faults alone. 1 where a dialogue ended otherwise.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from flask import Flask

from gatte.infra.circuit_breaker import CircuitBreaker
from gatte.infra.schema import migrate
from gatte.intelligence.budget import Budget, BudgetLimits, SpentAmounts
from gatte.intelligence.gemini.client import Gemini
from tests.app_fixture import application
from tests.fakes.gemini import FakeGemini, generated
from tests.fakes.http_loop import Answer, as_json
from tests.integration.dialogues import dialogue_player
from tests.process_system import build_models
from tests.quality.system import make_agents
from tests.stage.script import paths, read
from tests.stage.stage import seeded
from tests.store_fixtures import running_stores

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
OVER_BUDGET = "over_budget"
TIME_LIMIT_SECONDS = 0.4
HOURS = {"gatte_business_hours": "seg-sex 08:00-18:00", "gatte_holidays_state": "SP"}


@dataclass
class FaultRun:
    """How the dialogues ended under one fault, and how often Gemini was asked."""

    fault: str
    played: int = 0
    asked: int = 0
    problems: list[str] = field(default_factory=list)


@contextmanager
def failing(fault: str, fake: FakeGemini, client: Gemini) -> Iterator[None]:
    """Gemini fails so for as long as this lasts."""
    before = client.bounds
    if fault == OVER_BUDGET:
        spent = SpentAmounts(Decimal(1), Decimal(1))
        budget = Budget(BudgetLimits(day=Decimal(1)), lambda: spent)
        client.bounds = replace(before, budget=budget)
    else:
        fake.meets(EVERY_REQUEST, FAULTS[fault])
    try:
        yield
    finally:
        client.bounds = before


def play_all(
    app: Flask, agents: tuple[int, int], fake: FakeGemini, fault: str, files: Sequence[Path]
) -> FaultRun:
    """Play these dialogues under a fault."""
    client: Gemini = app.extensions["gatte_gemini"]
    run = FaultRun(fault)
    fake.calls.clear()
    with failing(fault, fake, client):
        for path in files:
            client.breaker = CircuitBreaker()
            run.played += 1
            try:
                dialogue_player.play(app, agents, read(path))
            except AssertionError as problem:
                run.problems.append(f"{path.parent.name}/{path.stem}: {problem}")
    run.asked = len(fake.calls)
    return run


def main() -> int:
    """Play what the arguments name; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.failover", description=__doc__)
    every = [*FAULTS, OVER_BUDGET]
    parser.add_argument("--faults", default=",".join(every), help="names, parted by commas")
    parser.add_argument("--dialogues", type=int, default=len(paths()), help="the first so many")
    given = parser.parse_args()
    faults = given.faults.split(",")
    if set(faults) - set(every):
        parser.error(f"there are {', '.join(every)}")
    build_models()
    runs = []
    sys.stdout.write(
        "| fault | dialogues | asked of Gemini | ended otherwise |\n|---|---|---|---|\n"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stores(Path(folder)) as stores,
        FakeGemini() as fake,
    ):
        database_url = stores.postgres.url("postgres")
        migrate(database_url)
        given_to_app = {
            "gemini_api_key": "made-up-key",
            "gemini_base_url": fake.url,
            "gatte_gemini_timeout_seconds": TIME_LIMIT_SECONDS,
            "gatte_log_level": "CRITICAL",
        }
        with (
            application(database_url, stores.valkey.url(), **given_to_app) as app,
            seeded(app, **HOURS),
        ):
            agents = make_agents(app)
            for fault in faults:
                run = play_all(app, agents, fake, fault, paths()[: given.dialogues])
                runs.append(run)
                row = f"| {fault} | {run.played} | {run.asked} | {len(run.problems)} |\n"
                sys.stdout.write(row)
                sys.stdout.flush()
            app.extensions["gatte_gemini"].close()
    problems = [f"{run.fault}: {one}\n" for run in runs for one in run.problems]
    sys.stderr.write("".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
