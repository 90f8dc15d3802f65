"""The budget of the models: every call is counted once, nothing leaves when it is spent, and the
notice is told once.
"""

import json
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from gatte.extensions import db
from gatte.intelligence import month_costs
from gatte.jobs import cron
from gatte.models import BudgetNotice, LlmCall
from gatte.observability.metric_labels import BudgetPeriod
from gatte.store import expenses
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.gemini import FakeGemini
from tests.integration.turns.simulated_customer import somebody

UNSURE = "xyzzy plugh certificado frobnicar?"
BILLED_CALL = Decimal("0.321") + Decimal("0.100")
"""What the stand-in bills for each text by our prices: 321 tokens read and 50 written."""


@pytest.fixture(scope="module")
def gemini():
    with FakeGemini() as made:
        yield made


@pytest.fixture(scope="module")
def given(gemini):
    return {
        "gemini_api_key": "made-up-key",
        "gemini_base_url": gemini.url,
        "gemini_classifier_model": "lite",
        "gemini_responder_model": "big",
        "gatte_model_prices": "lite=1000/2000, big=1000/2000",
        "gatte_brl_per_usd": 1,
        "gatte_daily_budget_brl": 10_000,
        "gatte_monthly_budget_brl": 50_000,
    }


@pytest.fixture(scope="module")
def app(database_url, redis_url, given):
    with application(database_url, redis_url, **given) as made:
        yield made
        made.extensions["gatte_gemini"].close()


@pytest.fixture
def customer(app, gemini):
    gemini.calls.clear()
    return somebody(app)


def stored(app) -> Decimal:
    with app.app_context():
        return db.session.scalar(select(func.coalesce(func.sum(LlmCall.cost_brl), 0)))


def spend(app, reais: int) -> None:
    """A call that cost this much, made by another process."""
    with app.app_context():
        facts = {"purpose": "respond", "model": "big", "prompt_version": "x", "outcome": "ok"}
        db.session.add(LlmCall(**facts, latency_ms=1.0, cost_brl=Decimal(reais)))
        db.session.commit()


def noted(app) -> list[tuple[str, int]]:
    """The shares that are noted once the job has run."""
    with app.app_context():
        cron.sync()
        cron.run("check_budget", only_if_due=False)
        rows = db.session.execute(
            select(BudgetNotice.period, BudgetNotice.percent).order_by(
                BudgetNotice.period, BudgetNotice.percent
            )
        )
        return [tuple(row) for row in rows]


def test_the_costs_add_up_to_what_the_service_billed(app, gemini, customer):
    before = stored(app)
    gemini.fails(429)
    for text in (UNSURE, f"e {UNSURE}", f"mas {UNSURE}"):
        customer.sends(payloads.text(text))

    refused = 1
    assert len(gemini.calls) >= 3
    assert stored(app) - before == (len(gemini.calls) - refused) * BILLED_CALL


def test_a_call_says_what_it_was_expected_to_read_and_in_which_flow(app, customer):
    customer.sends(payloads.text("quero comprar um certificado"))
    customer.sends(payloads.text(UNSURE))

    with app.app_context():
        last = db.session.scalars(select(LlmCall).order_by(LlmCall.id.desc()).limit(1)).one()
        assert (last.flow, last.tokens_estimated > 1_000) == ("lead", True)


def test_a_request_stays_within_the_limit_whatever_was_said_before(app, gemini):
    history = [("customer" if n % 2 else "bot", f"fala {n} " + "á" * 900) for n in range(200)]
    passages = [f"trecho {n} " + "palavra " * 3_000 for n in range(5)]
    with app.app_context():
        app.extensions["gatte_gemini"].respond("quanto custa? " * 400, passages, history)
    sent = gemini.calls[-1]

    assert len(json.dumps(sent.body, ensure_ascii=False).encode()) / 3 < 12_000
    assert [one["numero"] for one in sent.sent["trechos"]] == [1]
    assert sent.sent["pergunta"].startswith("quanto custa?")


def test_each_share_of_the_budget_is_noted_once(app):
    spend(app, 8_100)
    assert noted(app) == [("day", 80)]
    assert noted(app) == [("day", 80)]

    with app.app_context():
        today = month_costs.this_month(app.extensions["gatte_settings"]).today
        assert expenses.find_notices(today) == {BudgetPeriod.DAY: 80}


def test_nothing_leaves_once_the_budget_is_spent_and_the_customer_is_answered(
    app, gemini, database_url, redis_url, given
):
    spend(app, 2_000)
    assert noted(app) == [("day", 80), ("day", 100)]
    gemini.calls.clear()
    with application(database_url, redis_url, **given) as other:
        customer = somebody(other)
        customer.sends(payloads.text(UNSURE))

        assert gemini.calls == []
        assert len(customer.heard()) > 0
        with other.app_context():
            last = select(LlmCall.outcome, LlmCall.cost_brl).order_by(LlmCall.id.desc()).limit(1)
            assert db.session.execute(last).one() == ("over_budget", 0)
