"""Gemini behind three calls: what a turn says, an answer from passages, and vectors.

What customers wrote travels as JSON data in the contents, apart from the instructions. Whatever
goes wrong (time, quota, errors, nonsense) is one exception with the record of the call, and the
caller goes on without. Several failures in a row open a breaker. Called without any database
transaction open.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from string import Template
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar, cast

import structlog

from gatte.infra.circuit_breaker import CircuitBreaker
from gatte.intelligence import calls, prompts
from gatte.intelligence.calls import CallOutcome, CallPurpose, CallRecord
from gatte.intelligence.gemini.config import generation_config, user_content
from gatte.intelligence.gemini.rejections import RejectionCause, Rejections, cause_of
from gatte.intelligence.gemini.response import Blocked, InvalidResponse, text_of, token_counts
from gatte.intelligence.gemini.structured_output import (
    ANSWER_SCHEMA,
    GeneratedTurn,
    WrittenAnswer,
)
from gatte.observability import metrics
from gatte.settings import Settings

if TYPE_CHECKING:
    import httpx2
    from google.genai import Client
    from google.genai.types import (
        Content,
        GenerateContentConfig,
        GenerateContentResponse,
        Part,
    )
    from numpy import float32
    from numpy.typing import NDArray

CLASSIFIER_TEMPERATURE = 0.2
RESPONDER_TEMPERATURE = 0.4
CLASSIFIER_TOKENS = 1_024  # most that may be written, thinking included
RESPONDER_TOKENS = 2_048
TIME_LIMIT_SECONDS = 8.0
SERVICE = "https://generativelanguage.googleapis.com"
API_VERSION = "v1beta"
CONNECTIONS = 256  # turns wait on threads, one connection each
DIMENSIONS = 512
LONGEST_TEXT = 2_000  # characters of a customer's message that are sent
INPUT_FAULTS = {
    CallOutcome.REJECTED_INPUT,
    CallOutcome.INVALID_RESPONSE,
}  # what any customer can cause by what is sent says nothing about the service
HISTORY_LINES = 6
MAX_LINE = 300

log = structlog.get_logger(__name__)
Kept = TypeVar("Kept")
History = Sequence[tuple[str, str]]


class GeminiUnavailable(Exception):
    """Gemini gave nothing that can be used; `call` says how it went, and the local way answers."""

    def __init__(self, call: CallRecord) -> None:
        super().__init__(call.outcome.value)
        self.call = call


@dataclass(frozen=True)
class Models:
    """Which model does what."""

    classifier: str
    responder: str
    embedding: str = "gemini-embedding-001"


def from_settings(settings: Settings) -> "Gemini | None":
    """The client of this installation, or None without a key."""
    key = settings.gemini_api_key.get_secret_value()
    if not key:
        return None
    models = Models(settings.gemini_classifier_model, settings.gemini_responder_model)
    breaker = CircuitBreaker(reset_timeout_seconds=settings.gatte_gemini_breaker_reset_seconds)
    return Gemini(
        key,
        models,
        settings.gemini_base_url,
        api_version=settings.gemini_api_version,
        time_limit_seconds=settings.gatte_gemini_timeout_seconds,
        breaker=breaker,
    )


class Gemini:
    """One client for a process and all its threads; it connects on the first call."""

    def __init__(
        self,
        api_key: str,
        models: Models,
        base_url: str = "",
        *,
        api_version: str = API_VERSION,
        time_limit_seconds: float = TIME_LIMIT_SECONDS,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self.models = models
        self.breaker = breaker or CircuitBreaker()
        self.rejections = Rejections()
        self._api_key = api_key
        self._base_url = base_url
        self._api_version = api_version
        self._time_limit = time_limit_seconds
        self._http: httpx2.Client | None = None
        self._client: Client | None = None
        self._connecting = Lock()

    def understand(self, sent: dict[str, Any], schema: str) -> tuple[GeneratedTurn, CallRecord]:
        """The commands of a turn as the model proposes them; GeminiUnavailable when there are none.

        `sent` holds the turn as JSON values without personal data, `schema` the labels and slots.
        """
        record = CallRecord(CallPurpose.UNDERSTAND, self.models.classifier, prompts.COMMANDS)
        config = generation_config(
            record.model,
            CLASSIFIER_TEMPERATURE,
            CLASSIFIER_TOKENS,
            prompts.read(prompts.COMMANDS),
            schema,
        )
        return self.generate(record, _json_content(sent), config, GeneratedTurn.model_validate_json)

    def respond(
        self, question: str, passages: Sequence[str], history: History = (), company: str = ""
    ) -> tuple[WrittenAnswer, CallRecord]:
        """An answer in sentences, each with the number of its passage, from 1; GeminiUnavailable
        when there is none. The caller has taken personal data out.
        """
        record = CallRecord(CallPurpose.RESPOND, self.models.responder, prompts.RESPONDER)
        numbered = [{"numero": n, "texto": text} for n, text in enumerate(passages, start=1)]
        sent = {
            "trechos": numbered,
            "historico": history_json(history),
            "pergunta": question[:LONGEST_TEXT],
        }
        config = generation_config(
            record.model,
            RESPONDER_TEMPERATURE,
            RESPONDER_TOKENS,
            _instructions(company),
            ANSWER_SCHEMA,
        )
        return self.generate(record, _json_content(sent), config, WrittenAnswer.model_validate_json)

    def embed(self, texts: Sequence[str]) -> tuple["NDArray[float32]", CallRecord]:
        """One row of 512 numbers a text, of length 1; GeminiUnavailable when there is none."""
        import numpy as np
        from google.genai.types import EmbedContentConfig

        record = CallRecord(CallPurpose.EMBED, self.models.embedding, "")

        def call() -> "NDArray[float32]":
            config = EmbedContentConfig(output_dimensionality=DIMENSIONS)
            client = self._connected()
            made = _translate_sdk_errors(
                lambda: client.models.embed_content(
                    model=record.model, contents=cast("Any", list(texts)), config=config
                )
            )
            rows = np.array([one.values for one in made.embeddings or []], dtype=np.float32)
            if rows.shape != (len(texts), DIMENSIONS):
                raise InvalidResponse
            lengths = np.sqrt(np.square(rows).sum(axis=1, keepdims=True, dtype=np.float32))
            unit: NDArray[float32] = rows / np.maximum(lengths, np.float32(1e-9))
            return unit

        try:
            vectors, latency = self._guarded(record, call)
        except GeminiUnavailable as failure:
            calls.record(failure.call)
            raise
        done = replace(record, latency_ms=latency)
        calls.record(done)
        return vectors, done

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._connecting:
            if self._http is not None:
                self._http.close()
            self._http = self._client = None

    def generate(
        self,
        record: CallRecord,
        contents: "Content | list[Part]",
        config: "GenerateContentConfig",
        read: Callable[[str], Kept],
    ) -> tuple[Kept, CallRecord]:
        """One text from a model, turned into a value by `read`, with the record of the call;
        GeminiUnavailable when there is none.
        """
        answered: list[GenerateContentResponse] = []

        def call() -> Kept:
            client = self._connected()
            response = _translate_sdk_errors(
                lambda: client.models.generate_content(
                    model=record.model, contents=cast("Any", contents), config=config
                )
            )
            answered.append(response)
            return read(text_of(response))

        try:
            kept, latency = self._guarded(record, call)
        except GeminiUnavailable as failure:
            failed = _with_tokens(failure.call, answered)
            calls.record(failed)
            raise GeminiUnavailable(failed) from None
        done = _with_tokens(replace(record, latency_ms=latency), answered)
        calls.record(done)
        return kept, done

    def _guarded(self, record: CallRecord, call: Callable[[], Kept]) -> tuple[Kept, float]:
        """The result of a call and its milliseconds, behind breaker and time limit; any failure is
        GeminiUnavailable.
        """
        if not (self.breaker.allow_request() and self.rejections.allow_request(record.model)):
            raise GeminiUnavailable(replace(record, outcome=CallOutcome.BREAKER_OPEN))
        started = time.perf_counter()
        try:
            with metrics.LLM_SECONDS.labels(purpose=record.purpose).time():
                result = call()
        except _failures() as error:
            cause = cause_of(error)
            if cause is RejectionCause.REQUEST and record.purpose is CallPurpose.TRANSCRIBE:
                cause = None  # the fault of that file
            outcome = _outcome_of(error, record.purpose) if cause is None else CallOutcome.ERROR
            latency = _since(started)
            log.warning(
                "gemini_failed",
                purpose=record.purpose.value,
                outcome=outcome.value,
                error=type(error).__name__,
                ms=latency,
            )
            if cause is None:
                self._update_breaker(record, outcome)
            else:
                self.breaker.record_success()  # the service works
                self.rejections.record_rejection(record.model, cause, getattr(error, "code", 0))
            raise GeminiUnavailable(replace(record, outcome=outcome, latency_ms=latency)) from None
        self._update_breaker(record, CallOutcome.OK)
        return result, _since(started)

    def _update_breaker(self, record: CallRecord, outcome: CallOutcome) -> None:
        if outcome in {CallOutcome.OK, CallOutcome.BLOCKED}:
            self.breaker.record_success()
            self.rejections.record_success(record.model)
        elif record.purpose is not CallPurpose.TRANSCRIBE or outcome not in INPUT_FAULTS:
            self.breaker.record_failure()

    def preload(self) -> None:
        """Load the package, half a second of processor time; opens no connection."""
        self._connected()

    def _connected(self) -> "Client":
        """The one client; kept, because a collected client closes its connections."""
        with self._connecting:
            if self._client is None:
                from google.genai import Client
                from google.genai.types import HttpOptions

                from gatte.intelligence.gemini.http import build_http_client

                self._http = build_http_client(
                    self._time_limit, CONNECTIONS, self._base_url or SERVICE
                )
                options = HttpOptions(
                    base_url=self._base_url or None,
                    api_version=self._api_version,
                    timeout=int(self._time_limit * 1000),
                    httpx_client=self._http,
                )
                self._client = Client(api_key=self._api_key, vertexai=False, http_options=options)
            return self._client


def _translate_sdk_errors(call: Callable[[], Kept]) -> Kept:
    """The package's result; InvalidResponse for an answer of an unknown shape, on which the package
    raises errors of plain Python.
    """
    try:
        return call()
    except (TypeError, AttributeError, LookupError):
        raise InvalidResponse from None


@lru_cache(maxsize=8)
def _instructions(company: str) -> str:
    return Template(prompts.read(prompts.RESPONDER)).safe_substitute(company=company)


def _json_content(sent: dict[str, Any]) -> "Content":
    return user_content(json.dumps(sent, ensure_ascii=False))


def history_json(history: History) -> list[dict[str, str]]:
    """The last lines as JSON values, the oldest first, each cut to what is sent."""
    return [{"de": author, "texto": text[:MAX_LINE]} for author, text in history[-HISTORY_LINES:]]


def _with_tokens(record: CallRecord, answered: "list[GenerateContentResponse]") -> CallRecord:
    tokens_in, tokens_out = token_counts(answered[0]) if answered else (0, 0)
    return replace(record, tokens_in=tokens_in, tokens_out=tokens_out)


def _failures() -> tuple[type[Exception], ...]:
    """What a call may raise: our own two, the service's errors, the transport's, and ValueError for
    what cannot be read.
    """
    import httpx2
    from google.genai import errors

    return (
        InvalidResponse,
        Blocked,
        errors.APIError,
        errors.UnknownApiResponseError,
        httpx2.HTTPError,
        OSError,
        ValueError,
    )


def _outcome_of(error: Exception, purpose: CallPurpose) -> CallOutcome:
    import httpx2
    from google.genai import errors

    if isinstance(error, Blocked):
        return CallOutcome.BLOCKED
    if isinstance(error, (httpx2.TimeoutException, TimeoutError)):
        return CallOutcome.TIMEOUT
    if isinstance(error, errors.APIError):
        if error.code == 429:
            return CallOutcome.QUOTA
        bad_audio = purpose is CallPurpose.TRANSCRIBE and error.code == 400
        return CallOutcome.REJECTED_INPUT if bad_audio else CallOutcome.ERROR
    if isinstance(error, (InvalidResponse, ValueError)):
        return CallOutcome.INVALID_RESPONSE
    return CallOutcome.ERROR


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
