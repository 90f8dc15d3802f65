"""What a turn asks: the intent of a text, and the answer to a question."""

import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import structlog
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gatte import services
from gatte.conversation import refusal_policy
from gatte.conversation.classifier_gate import needs_classifier
from gatte.conversation.commands import TurnReading
from gatte.conversation.nlu import IntentPrediction
from gatte.conversation.snapshot import Snapshot
from gatte.extensions import db
from gatte.intelligence import embedding
from gatte.intelligence.gemini.client import History
from gatte.settings import EX_CONFIG

if TYPE_CHECKING:
    from gatte.intelligence.command_generator import TurnRequest
    from gatte.intelligence.guard.hostile_model import HostileModel
    from gatte.intelligence.knowledge.retrieval import RetrievalResult
    from gatte.intelligence.knowledge.version import KnowledgeBaseVersion
    from gatte.intelligence.pseudonymization import Record
    from gatte.intelligence.responder import Answer
    from gatte.intelligence.understanding.classifier import Classifier
    from gatte.intelligence.understanding.command_model import CommandModel
    from gatte.intelligence.understanding.turn_features import TurnContext

TurnReader = Callable[[Snapshot, tuple[str, ...]], TurnReading]

log = structlog.get_logger(__name__)


class LocalModels:
    """The models of this process, loaded from their file when the first text comes.

    `version` is the trained version that reads turns, None for the shipped one; `checked_at` is
    when another was looked for (monotonic seconds).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.version: int | None = None
        self.checked_at = float("-inf")
        self._classifier: Classifier | None = None
        self._command_model: CommandModel | None = None
        self._hostile_model: HostileModel | None = None
        self._loading = threading.Lock()

    @property
    def classifier(self) -> "Classifier":
        """The intent classifier; ModelMissing when its file was not made at build or install."""
        with self._loading:
            if self._classifier is None:
                from gatte.intelligence.understanding.classifier import load

                self._classifier = load(self._folder)
            return self._classifier

    @property
    def command_model(self) -> "CommandModel":
        """The model that reads turns; ModelMissing when its file was not made."""
        with self._loading:
            if self._command_model is None:
                self._command_model = self.shipped_command_model()
            return self._command_model

    def shipped_command_model(self) -> "CommandModel":
        """The model of the file that build or install made, read anew; ModelMissing without it."""
        from gatte.intelligence.understanding import command_model_file

        return command_model_file.read(command_model_file.path_for(self._folder))

    def use(self, model: "CommandModel | None", version: int | None) -> None:
        """Read turns with this model from now on; None for the shipped one."""
        with self._loading:
            self._command_model = model
            self.version = version

    @property
    def hostile_model(self) -> "HostileModel":
        """The model of the guard; ModelMissing when its file was not made."""
        if self._hostile_model is not None:
            return self._hostile_model
        with self._loading:
            if self._hostile_model is None:
                from gatte.intelligence.guard import hostile_model_file

                path = hostile_model_file.path_for(self._folder)
                self._hostile_model = hostile_model_file.read(path)
            return self._hostile_model

    def require(self) -> None:
        """End the process with one clear line when there is no model file to load."""
        from gatte.intelligence.guard import hostile_model_file
        from gatte.intelligence.understanding import command_model_file, model_file

        for file in (model_file, command_model_file, hostile_model_file):
            path = file.path_for(self._folder)
            if not model_file.is_valid(path):
                log.error("model_missing", path=str(path))
                sys.stderr.write(f"gatte: {model_file.ModelMissing(path)}\n")
                raise SystemExit(EX_CONFIG)


def predict_intent(text: str) -> IntentPrediction:
    """The intent of a single text, by the local classifier."""
    return services.local_models().classifier.classify(text)


def read_turn(turn: "TurnRequest", context: "TurnContext") -> TurnReading:
    """How a turn is read in its place: by the local model, and by Gemini too where that leaves
    doubt; an application may have another reader instead (`gatte_turn_reader`).
    """
    from gatte.intelligence import command_generator
    from gatte.intelligence.guard import turn_guard

    reader = cast("TurnReader | None", current_app.extensions.get("gatte_turn_reader"))
    if reader is not None:
        return reader(turn.snapshot, turn.messages)
    local = services.local_models().command_model.read(turn.messages, context)
    gemini = services.gemini()
    if gemini is None or not _needs_model(turn) or not command_generator.leaves_doubt(local, turn):
        return local
    passable = replace(turn, history=turn_guard.without_blocked(turn.history))
    return command_generator.generate(gemini, passable, local)


def _needs_model(turn: "TurnRequest") -> bool:
    """Whether rules leave some of the messages open."""
    return any(needs_classifier(turn.snapshot, text) for text in turn.messages)


def answer_question(
    question: str,
    history: History = (),
    edition: "KnowledgeBaseVersion | None" = None,
    record: "Record | None" = None,
    memory: Mapping[str, str] | None = None,
    *,
    hardened: bool = False,
) -> "Answer":
    """The answer to a question from the knowledge base; the transaction that searches is over
    before a model is asked, and what the record holds of the contact does not leave. `memory` is
    what the contact told in earlier conversations. A question that the guard blocks, or the refusal
    policy names, is asked of no model.

    `edition` is that of the knowledge base, when the caller has read it already; `hardened` when
    the guard suspects the customer's words.
    """
    from gatte.intelligence import responder
    from gatte.intelligence.guard import message_screen, turn_guard

    refused = refusal_policy.topic_of(question) is not None
    gemini = None if refused or message_screen.judge(question).is_blocked else services.gemini()
    passages = _find_passages(question, edition, record, asks_gemini=gemini is not None)
    passable = () if gemini is None else turn_guard.without_blocked(history)
    company = services.settings().gatte_company_name
    return responder.compose_answer(
        passages, passable, gemini, company, record, memory, hardened=hardened
    )


def _find_passages(
    question: str,
    edition: "KnowledgeBaseVersion | None",
    record: "Record | None",
    *,
    asks_gemini: bool,
) -> "RetrievalResult":
    """What the search finds; nothing is open in the database while Gemini makes the question's
    vector.
    """
    from gatte.intelligence.knowledge import question_vectors, retrieval, retrieval_cache
    from gatte.intelligence.knowledge.version import current_version

    preview = _article_preview()
    if preview is not None:
        return retrieval.find_passages(preview, question)
    if edition is None:
        with Session(db.engine) as session:
            edition = current_version(session)
    embedder = question_vectors.embedder_for(edition, record) if asks_gemini else None
    with Session(db.engine) as session:
        return retrieval_cache.find_passages(session, question, edition, embedder)


def whole_answer(slug: str) -> str | None:
    """The answer of an article in force; None when there is none of this slug any more."""
    from gatte.store import knowledge

    preview = _article_preview()
    with Session(db.engine) if preview is None else nullcontext(preview) as session:
        article = knowledge.articles_by_slug(session, [slug]).get(slug)
        return article.answer if article is not None and article.active else None


def _article_preview() -> Session | None:
    """A session that sees other articles than the stored ones, in the process of a shadow run."""
    return cast("Session | None", current_app.extensions.get("gatte_article_preview"))


def preload_models() -> None:
    """Load the local models and Gemini's package now, so that the first customer does not wait for
    them; opens no connection.
    """
    from gatte.intelligence.guard import message_screen
    from gatte.intelligence.understanding.turn_features import TurnContext

    embedding.limit_blas_threads()
    services.local_models().classifier.classify("oi, tudo bem?")
    services.local_models().command_model.read(["oi"], TurnContext())
    message_screen.judge("oi, tudo bem?")
    gemini = services.gemini()
    if gemini is not None:
        gemini.preload()


def preload_search() -> None:
    """Search once, past the cache, so that the first customer does not wait for what that loads; a
    database that is away does not matter.
    """
    from gatte.intelligence.knowledge import retrieval

    with suppress(SQLAlchemyError), Session(db.engine) as session:
        retrieval.find_passages(session, "oi")
