"""A key, a model or a request that Gemini refuses for good is not a passing fault."""

from contextlib import closing

import pytest
import structlog

from gatte.infra.circuit_breaker import CircuitBreaker
from gatte.intelligence.calls import CallOutcome
from gatte.intelligence.command_generator import SCHEMA
from gatte.intelligence.gemini.client import Gemini, GeminiUnavailable, Models
from gatte.intelligence.gemini.rejections import RejectionCause, Rejections
from gatte.intelligence.transcription import transcribe
from tests.fakes.gemini import SENT, FakeGemini
from tests.fakes.http_loop import as_json
from tests.slow_machines import Clock

MODELS = Models("gemini-3.5-flash-lite", "gemini-3.5-flash")
REFUSALS = [
    (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", "key"),
    (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", "account"),
    (
        400,
        "INVALID_ARGUMENT",
        "Thinking level MINIMAL is not supported for this model.",
        "thinking_level",
    ),
    (400, "INVALID_ARGUMENT", "temperature is not supported by this model", "temperature"),
    (400, "INVALID_ARGUMENT", "Request contains an invalid argument.", "request"),
    (401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", "key"),
    (403, "PERMISSION_DENIED", "Your project has been denied access.", "permission"),
    (404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta", "model"),
]


@pytest.fixture
def fake_gemini():
    with FakeGemini() as fake_gemini:
        yield fake_gemini


@pytest.fixture
def gemini(fake_gemini):
    with closing(
        Gemini("made-up-key", MODELS, fake_gemini.url, breaker=CircuitBreaker(failure_threshold=2))
    ) as gemini:
        yield gemini


def refuse(fake_gemini, status, name, message, times=1):
    body = {"error": {"code": status, "message": message, "status": name}}
    fake_gemini._next.extend([lambda _: as_json(status, body)] * times)


def ask(call, *arguments) -> CallOutcome:
    with pytest.raises(GeminiUnavailable) as failure:
        call(*arguments)
    return failure.value.call.outcome


@pytest.mark.parametrize(("status", "name", "message", "cause"), REFUSALS)
def test_a_refusal_for_good_is_an_error_in_the_log_with_its_cause(
    gemini, fake_gemini, status, name, message, cause
):
    refuse(fake_gemini, status, name, message)

    with structlog.testing.capture_logs() as lines:
        ask(gemini.understand, SENT, SCHEMA)

    told = next(line for line in lines if line["event"] == "gemini.refused")
    assert (told["log_level"], told["model"], told["cause"], told["status"]) == (
        "error",
        "gemini-3.5-flash-lite",
        cause,
        status,
    )


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_no_refusal(gemini, fake_gemini, status):
    fake_gemini.fails(status, times=2)  # one that is too busy is asked once more

    with structlog.testing.capture_logs() as lines:
        ask(gemini.understand, SENT, SCHEMA)

    assert [line["event"] for line in lines] == ["gemini_failed"]


def test_a_model_that_is_refused_is_left_alone_and_the_other_is_asked(gemini, fake_gemini):
    refuse(fake_gemini, 404, "NOT_FOUND", "no such model", times=3)
    for _ in range(3):
        ask(gemini.understand, SENT, SCHEMA)

    assert ask(gemini.understand, SENT, SCHEMA) is CallOutcome.BREAKER_OPEN
    answer, _ = gemini.respond("quanto dura?", ["A1\nO A1 vale 1 ano."])
    assert [one.text for one in answer.sentences] == ["O A1 vale 1 ano."]
    assert len(fake_gemini.calls) == 4


def test_a_refused_model_is_tried_again_after_a_quarter_of_an_hour_only():
    clock = Clock()
    rejections = Rejections(clock)
    for _ in range(3):
        rejections.record_rejection("model", RejectionCause.KEY, 400)

    clock.now += 899
    assert not rejections.allow_request("model")
    clock.now += 1
    assert rejections.allow_request("model")
    assert not rejections.allow_request("model"), "one probe"


def test_a_listener_is_told_once_that_a_model_is_refused_and_once_that_it_answers():
    told = []
    rejections = Rejections()
    rejections.on_change(lambda model, cause: told.append((model, cause)))

    for _ in range(2):
        rejections.record_rejection("model", RejectionCause.KEY, 400)
    for _ in range(2):
        rejections.record_success("model")

    assert told == [("model", RejectionCause.KEY), ("model", None)]


def test_a_file_that_the_service_cannot_read_is_no_refusal_for_good(gemini, fake_gemini):
    refuse(fake_gemini, 400, "INVALID_ARGUMENT", "Unable to process input audio", times=4)

    assert [ask(transcribe, gemini, b"noise", "audio/ogg") for _ in range(4)] == [
        CallOutcome.REJECTED_INPUT
    ] * 4
