"""A Gemini that refuses us is told by every process, and keeps nobody from serving."""

import pytest

from gatte.intelligence.gemini import rejections
from gatte.intelligence.gemini.rejections import RejectionCause
from tests.app_fixture import application

KEY = {"gemini_api_key": "made-up-key", "gemini_classifier_model": "gemini-of-this-test"}


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    with application(database_url, redis_url, **KEY) as made:
        yield made


def gemini_check(app) -> tuple[str, dict]:
    ready = app.test_client().get("/health/ready").json
    return ready["status"], {
        name: value for name, value in ready["checks"]["gemini"].items() if name != "latency_ms"
    }


def test_what_one_process_finds_refused_is_told_by_another_until_it_answers(
    app, database_url, redis_url
):
    with application(database_url, redis_url, **KEY) as worker:
        found = worker.extensions["gatte_gemini"].rejections
        found.record_rejection("gemini-of-this-test", RejectionCause.KEY, 400)
        refused = gemini_check(app)[1]
        found.record_success("gemini-of-this-test")

    what = rejections.WHAT_TO_DO[RejectionCause.KEY]
    assert refused == {
        "ok": False,
        "used": True,
        "refused": [{"model": "gemini-of-this-test", "cause": "key", "what": what}],
    }
    assert gemini_check(app)[1] == {"ok": True, "used": True, "refused": []}


def test_a_refused_model_degrades_and_does_not_make_unready(app, monkeypatch):
    from gatte.web import health

    monkeypatch.setattr(
        health, "CHECKS", {"database": health.CHECKS["database"]}
    )  # no worker beats here
    app.extensions["gatte_gemini"].rejections.record_rejection(
        "gemini-of-this-test", RejectionCause.MODEL, 404
    )

    answer = app.test_client().get("/health/ready")

    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    app.extensions["gatte_gemini"].rejections.record_success("gemini-of-this-test")


def test_a_model_without_a_price_is_told_at_start(database_url, redis_url, capsys):
    with application(database_url, redis_url, **KEY):
        lines = [
            line for line in capsys.readouterr().out.splitlines() if "gemini_price_missing" in line
        ]

    assert len(lines) == 1
    assert "gemini-of-this-test" in lines[0]
    assert "GATTE_MODEL_PRICES" in lines[0]
