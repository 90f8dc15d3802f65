"""What a request to Gemini holds, by model and by setting."""

from contextlib import closing

import pytest

from gatte.intelligence.gemini.client import Gemini, Models, from_settings
from gatte.settings import Settings
from tests.fakes.gemini import FakeGemini

MINIMAL, LOW, NOTHING = ["MINIMAL"], ["LOW"], []


@pytest.fixture
def fake_gemini():
    with FakeGemini() as fake_gemini:
        yield fake_gemini


def config_for(fake_gemini, model):
    with closing(Gemini("made-up-key", Models(model, model), fake_gemini.url)) as gemini:
        gemini.classify("oi")
    return fake_gemini.calls[-1].config


@pytest.mark.parametrize(
    ("model", "thinking"),
    [
        ("gemini-2.5-flash", [0]),
        ("gemini-2.5-flash-lite", [0]),
        ("gemini-3-flash-preview", MINIMAL),
        ("gemini-3.1-flash-lite", MINIMAL),
        ("gemini-3.5-flash-lite", MINIMAL),
        ("gemini-3.5-flash", MINIMAL),
        ("models/gemini-3.5-flash", MINIMAL),
        ("gemini-3.6-flash", MINIMAL),
        ("gemini-3.7-flash", LOW),
        ("gemini-3.8-flash", LOW),
        ("models/gemini-3.8-flash", LOW),
        ("gemini-3.1-pro-preview", LOW),
        ("gemini-flash-latest", LOW),
        ("models/gemini-flash-lite-latest", LOW),
        ("gemini-3.1-flash-lite-image", NOTHING),
        ("gemini-2.0-flash", NOTHING),
        ("gemini-4-flash", NOTHING),
        ("tuned-by-somebody", NOTHING),
    ],
)
def test_a_model_is_told_the_least_thinking_that_it_knows_and_an_unknown_one_nothing(
    fake_gemini, model, thinking
):
    assert list(config_for(fake_gemini, model).get("thinkingConfig", {}).values()) == thinking


def test_no_number_of_candidates_is_asked_for(fake_gemini):
    assert "candidateCount" not in config_for(fake_gemini, "gemini-3.5-flash")


@pytest.mark.parametrize(
    ("setting", "version"), [({}, "v1beta"), ({"gemini_api_version": "v1"}, "v1")]
)
def test_the_version_of_the_api_is_a_setting(setting, version):
    paths = []

    class Remembering(FakeGemini):
        def _answer(self, request):
            paths.append(request.path)
            return super()._answer(request)

    with Remembering() as fake_gemini:
        given = Settings(
            _env_file=None,
            database_url="postgresql://localhost/gatte",
            gemini_api_key="key",
            gemini_base_url=fake_gemini.url,
            **setting,
        )
        with closing(from_settings(given)) as gemini:
            gemini.classify("oi")

    assert paths == [f"/{version}/models/gemini-3.5-flash-lite:generateContent"]
