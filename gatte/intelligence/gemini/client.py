"""Gemini behind three calls: what a turn says, an answer from passages, and vectors.

What customers wrote travels as JSON data in the contents, apart from the instructions. Whatever
goes wrong (time, quota, errors, nonsense) is one exception with the record of the call, and the
caller goes on without. Several failures in a row open a breaker. Called without any database
transaction open.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

import structlog

from gatte.infra.circuit_breaker import CircuitBreaker
from gatte.intelligence import calls, prompts, token_limit
from gatte.intelligence.budget import Budget
from gatte.intelligence.calls import CallOutcome, CallPurpose, CallRecord
from gatte.intelligence.gemini import second_attempt
from gatte.intelligence.gemini.bounds import CallBounds
from gatte.intelligence.gemini.call_failures import PromptLeaked, failure_types, outcome_of
from gatte.intelligence.gemini.config import (
    generation_config,
    instructions_of,
    most_written,
    tokens_of,
    user_content,
)
from gatte.intelligence.gemini.rejections import RejectionCause, Rejections, cause_of
from gatte.intelligence.gemini.response import (
    InvalidResponse,
    text_of,
    token_counts,
    unit_vectors,
)
from gatte.intelligence.gemini.structured_output import (
    ANSWER_SCHEMA,
    GeneratedTurn,
    WrittenAnswer,
)
from gatte.intelligence.guard import leak
from gatte.intelligence.token_limit import RequestTooLong
from gatte.models.knowledge import GEMINI_DIMENSIONS
from gatte.observability import metrics, spans
from gatte.observability.cost import ModelPricing
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

    from gatte.intelligence.token_limit import TrimStep

CLASSIFIER_TEMPERATURE = 0.2
RESPONDER_TEMPERATURE = 0.4
CLASSIFIER_TOKENS = 1_024  # most that may be written, thinking included
RESPONDER_TOKENS = 2_048
TIME_LIMIT_SECONDS = 8.0
SHARE_OF_TIME = {CallPurpose.UNDERSTAND: 0.75, CallPurpose.EMBED_QUESTION: 0.2}
"""Of the time limit that a step may take, where it is not all: a turn reads, searches and then
answers.
"""
SERVICE = "https://generativelanguage.googleapis.com"
API_VERSION = "v1beta"
CONNECTIONS = 256  # turns wait on threads, one connection each
LONGEST_TEXT = 2_000  # characters of a customer's message that are sent
INPUT_FAULTS = {
    CallOutcome.REJECTED_INPUT,
    CallOutcome.INVALID_RESPONSE,
}  # what any customer can cause by what is sent says nothing about the service
EMBEDDING_TASKS = {
    CallPurpose.EMBED: "RETRIEVAL_DOCUMENT",
    CallPurpose.EMBED_QUESTION: "RETRIEVAL_QUERY",
}
"""What Google's embedding models are told that a text is for."""
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


def from_settings(settings: Settings, budget: Budget | None = None) -> "Gemini | None":
    """The client of this installation, or None without a key."""
    key = settings.gemini_api_key.get_secret_value()
    if not key:
        return None
    models = Models(
        settings.gemini_classifier_model,
        settings.gemini_responder_model,
        settings.gemini_embedding_model,
    )
    breaker = CircuitBreaker(reset_timeout_seconds=settings.gatte_gemini_breaker_reset_seconds)
    return Gemini(
        key,
        models,
        settings.gemini_base_url,
        api_version=settings.gemini_api_version,
        time_limit_seconds=settings.gatte_gemini_timeout_seconds,
        breaker=breaker,
        bounds=CallBounds(
            settings.gatte_prompt_tokens,
            ModelPricing(settings.gatte_model_prices, settings.gatte_brl_per_usd),
            budget,
        ),
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
        bounds: CallBounds | None = None,
    ) -> None:
        self.models = models
        self.canary = secrets.token_hex(8)
        self.bounds = bounds or CallBounds()
        self.breaker = breaker or CircuitBreaker()
        self.embedding_breaker = CircuitBreaker()
        self.rejections = Rejections()
        self._api_key = api_key
        self._base_url = base_url
        self._api_version = api_version
        self._time_limit = time_limit_seconds
        self._http: httpx2.Client | None = None
        self._client: Client | None = None
        self._connecting = Lock()

    def understand(
        self, sent: dict[str, Any], schema: str, *, hardened: bool = False
    ) -> tuple[GeneratedTurn, CallRecord]:
        """The commands of a turn as the model proposes them; GeminiUnavailable when there are none.

        `sent` holds the turn as JSON values without personal data, `schema` the labels and slots.
        """
        version = prompts.version_of(prompts.COMMANDS, hardened=hardened)
        record = CallRecord(CallPurpose.UNDERSTAND, self.models.classifier, version)
        config = generation_config(
            record.model,
            CLASSIFIER_TEMPERATURE,
            CLASSIFIER_TOKENS,
            prompts.instructions(prompts.COMMANDS, self.canary, hardened=hardened),
            schema,
        )
        content = self._fitted(record, sent, token_limit.TURN_ORDER, config)
        return self.generate(record, content, config, GeneratedTurn.model_validate_json)

    def respond(
        self,
        question: str,
        passages: Sequence[str],
        history: History = (),
        company: str = "",
        memory: Mapping[str, str] | None = None,
        *,
        hardened: bool = False,
    ) -> tuple[WrittenAnswer, CallRecord]:
        """An answer in sentences, each with the number of its passage, from 1; GeminiUnavailable
        when there is none. `memory` is what the contact told before. The caller has taken personal
        data out.
        """
        version = prompts.version_of(prompts.RESPONDER, hardened=hardened)
        record = CallRecord(CallPurpose.RESPOND, self.models.responder, version)
        numbered = [{"numero": n, "texto": text} for n, text in enumerate(passages, start=1)]
        sent: dict[str, Any] = {
            "trechos": numbered,
            "historico": history_json(history),
            "pergunta": question[:LONGEST_TEXT],
        }
        if memory:
            sent["contato"] = dict(memory)
        config = generation_config(
            record.model,
            RESPONDER_TEMPERATURE,
            RESPONDER_TOKENS,
            prompts.instructions(prompts.RESPONDER, self.canary, company, hardened=hardened),
            ANSWER_SCHEMA,
        )
        content = self._fitted(record, sent, token_limit.QUESTION_ORDER, config)
        return self.generate(record, content, config, WrittenAnswer.model_validate_json)

    def embed(
        self, texts: Sequence[str], purpose: CallPurpose = CallPurpose.EMBED
    ) -> tuple["NDArray[float32]", CallRecord]:
        """One row of 768 numbers a text, of length 1; GeminiUnavailable when there is none. The
        purpose says whether these are texts that are found, or a question that searches them.
        """
        from google.genai.types import EmbedContentConfig

        estimated = sum(map(token_limit.estimate, texts))
        record = CallRecord(purpose, self.models.embedding, "", tokens_estimated=estimated)
        config = EmbedContentConfig(
            output_dimensionality=GEMINI_DIMENSIONS, task_type=EMBEDDING_TASKS[purpose]
        )
        if estimated > self.bounds.most_tokens:
            self._refuse(record, CallOutcome.TOO_LONG)
        # Plain strings would be joined into one text for models that read pictures, too.
        contents = [user_content(text) for text in texts]

        def call() -> "NDArray[float32]":
            client = self._connected()
            made = _translate_sdk_errors(
                lambda: client.models.embed_content(
                    model=record.model, contents=cast("Any", contents), config=config
                )
            )
            return unit_vectors([one.values for one in made.embeddings or []], len(texts))

        return self._metered(record, 0, call, _with_estimate)

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
        GeminiUnavailable when there is none. A text that gives away the instructions is none.
        """
        record = replace(record, tokens_estimated=tokens_of(contents, config))
        answered: list[GenerateContentResponse] = []

        def call() -> Kept:
            client = self._connected()
            response = _translate_sdk_errors(
                lambda: client.models.generate_content(
                    model=record.model, contents=cast("Any", contents), config=config
                )
            )
            answered.append(response)
            text = text_of(response)
            if leak.leaks(text, instructions_of(config), self.canary):
                raise PromptLeaked
            return read(text)

        return self._metered(
            record, most_written(config), call, lambda done: _with_tokens(done, answered)
        )

    def _metered(
        self,
        record: CallRecord,
        written: int,
        call: Callable[[], Kept],
        with_tokens: Callable[[CallRecord], CallRecord],
    ) -> tuple[Kept, CallRecord]:
        """The result of a call within the budget, with its record, which is kept however the call
        ends; GeminiUnavailable when there is none. It may write so many tokens.
        """
        reserved = self.bounds.reserve(record, written)
        if reserved is None:
            self._refuse(record, CallOutcome.OVER_BUDGET)
        done = record
        try:
            kept, latency = self._guarded(record, call)
            done = with_tokens(replace(record, latency_ms=latency))
        except GeminiUnavailable as failure:
            done = with_tokens(failure.call)
            raise GeminiUnavailable(done) from None
        finally:
            calls.record(done)
            self.bounds.settle(reserved, done)
        return kept, done

    def _fitted(
        self,
        record: CallRecord,
        sent: dict[str, Any],
        order: "tuple[TrimStep, ...]",
        config: "GenerateContentConfig",
    ) -> "Content":
        """The request as contents, trimmed to the limit; GeminiUnavailable when it cannot be."""
        room = self.bounds.most_tokens - tokens_of((), config)
        try:
            return _json_content(token_limit.fit(sent, order, room))
        except RequestTooLong:
            self._refuse(record, CallOutcome.TOO_LONG)

    def _refuse(self, record: CallRecord, outcome: CallOutcome) -> NoReturn:
        """A call that does not leave: recorded, and GeminiUnavailable."""
        refused = replace(record, outcome=outcome)
        log.warning("gemini_not_asked", purpose=record.purpose.value, outcome=outcome.value)
        calls.record(refused)
        raise GeminiUnavailable(refused)

    def _guarded(self, record: CallRecord, call: Callable[[], Kept]) -> tuple[Kept, float]:
        """The result of a call and its milliseconds, behind breaker and time limit; any failure is
        GeminiUnavailable.
        """
        breaker = self._breaker_of(record)
        if not (breaker.allow_request() and self.rejections.allow_request(record.model)):
            raise GeminiUnavailable(replace(record, outcome=CallOutcome.BREAKER_OPEN))
        started = time.perf_counter()
        seconds = self._time_limit * SHARE_OF_TIME.get(record.purpose, 1.0)
        try:
            measured = metrics.LLM_SECONDS.labels(purpose=record.purpose).time()
            with measured, spans.span(f"gemini {record.purpose}", model=record.model):
                result = second_attempt.call_within(seconds, call)
        except failure_types() as error:
            cause = cause_of(error)
            if cause is RejectionCause.REQUEST and record.purpose is CallPurpose.TRANSCRIBE:
                cause = None  # the fault of that file
            outcome = outcome_of(error, record.purpose) if cause is None else CallOutcome.ERROR
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
                breaker.record_success()  # the service works
                self.rejections.record_rejection(record.model, cause, getattr(error, "code", 0))
            raise GeminiUnavailable(replace(record, outcome=outcome, latency_ms=latency)) from None
        self._update_breaker(record, CallOutcome.OK)
        return result, _since(started)

    def _update_breaker(self, record: CallRecord, outcome: CallOutcome) -> None:
        breaker = self._breaker_of(record)
        if outcome in {CallOutcome.OK, CallOutcome.BLOCKED, CallOutcome.LEAKED}:
            breaker.record_success()
            self.rejections.record_success(record.model)
        elif record.purpose is not CallPurpose.TRANSCRIBE or outcome not in INPUT_FAULTS:
            breaker.record_failure()

    def _breaker_of(self, record: CallRecord) -> CircuitBreaker:
        """Vectors have a breaker of their own: without them a turn is read and answered as well."""
        return self.embedding_breaker if record.purpose in EMBEDDING_TASKS else self.breaker

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


def _json_content(sent: dict[str, Any]) -> "Content":
    return user_content(json.dumps(sent, ensure_ascii=False))


def history_json(history: History) -> list[dict[str, str]]:
    """The last lines as JSON values, the oldest first, each cut to what is sent."""
    return [{"de": author, "texto": text[:MAX_LINE]} for author, text in history[-HISTORY_LINES:]]


def _with_tokens(record: CallRecord, answered: "list[GenerateContentResponse]") -> CallRecord:
    """The record with the tokens that the service counted; where it may have answered after we
    left, with those that it was expected to read.
    """
    if not answered and record.outcome is CallOutcome.TIMEOUT:
        return replace(record, tokens_in=record.tokens_estimated)
    tokens_in, tokens_out = token_counts(answered[0]) if answered else (0, 0)
    return replace(record, tokens_in=tokens_in, tokens_out=tokens_out)


def _with_estimate(record: CallRecord) -> CallRecord:
    """The record with the tokens that were expected to be read, where the service may have read
    them: it does not count those of vectors.
    """
    may_be_read = record.outcome in {CallOutcome.OK, CallOutcome.TIMEOUT}
    return replace(record, tokens_in=record.tokens_estimated) if may_be_read else record


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
