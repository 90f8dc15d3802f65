"""What understanding, answering and sending cost in processor time, one after the other; services
are stand-ins on loopback.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bench.environment import TOKEN, application, standin, stores
from bench.report import ReportRow
from bench.retrieval_speed import questions
from gatte.conversation.commands import TurnReading
from gatte.conversation.nlu import Intent, IntentPrediction, MessageKind
from gatte.conversation.replies import TextReply
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import State
from gatte.conversation.thresholds import CONFIDENCE_THRESHOLD
from gatte.intelligence import command_generator, grounding_check, service
from gatte.intelligence.command_generator import TurnRequest
from gatte.intelligence.gemini.client import Gemini, Models
from gatte.intelligence.grounding_check import SourcePassage
from gatte.intelligence.understanding.classifier import load
from gatte.store.leases import Lease
from gatte.turns.load import TurnInput, UnreadMessage
from gatte.turns.process import process
from gatte.whatsapp import outbound
from gatte.whatsapp.client import CloudClient
from tests import process_system

ID = UUID(int=7)
MODELS = Models("gemini-3.5-flash-lite", "gemini-3.5-flash", "gemini-embedding-001")
PASSAGES = [
    f"Artigo {n}\nQuanto dura o A{n}?\n"
    f"O certificado A{n} vale {n} ano, em 3 parcelas de R$ 99,90. Veja www.exemplo.com.br."
    for n in range(5)
]
PASSAGE = SourcePassage("\n".join(PASSAGES))
BODY = outbound.message_body(TextReply(PASSAGES[0]), phone="5511987654321", outbox_id=str(ID))


def measure() -> list[ReportRow]:
    """The mean of each; texts differ from call to call unless the row says otherwise."""
    with standin("meta") as meta, standin("gemini") as gemini:
        return [*_calls(meta, gemini), *_whole(gemini)]


def _calls(meta: str, gemini: str) -> Iterator[ReportRow]:
    asked = questions()
    model, channel = Gemini("key", MODELS, gemini), CloudClient(meta, "v23.0", TOKEN)
    yield _row("reading a turn with Gemini", 2, lambda text: _read(model, text), asked)
    yield _row("a call of Gemini's responder", 2, lambda text: model.respond(text, PASSAGES), asked)
    yield _row("a send", 0.6, lambda _: channel.send(process_system.NUMBER, BODY), asked)
    yield _row(
        "checking an answer",
        0.5,
        lambda text: grounding_check.violations(text, PASSAGE),
        asked,
    )
    model.close()
    channel.close()


def _read(model: Gemini, text: str) -> None:
    turn = TurnRequest((text,), Snapshot(State.MENU, datetime.now(ZoneInfo("America/Sao_Paulo"))))
    command_generator.generate(model, turn, TurnReading())


def _whole(gemini: str) -> Iterator[ReportRow]:
    """Understanding by the local model alone, and a FAQ question of which it is sure from its text
    to the checked answer.
    """
    with _worker(gemini):
        service.preload_models()
        asked, other = (
            questions(),
            load(process_system.MODELS / "models"),
        )  # another classifier, since the worker's remembers texts
        yield _row("classifying a new text", None, other.classify, asked, passes=1)
        yield _row("classifying a known text", 0.1, other.classify, asked)
        sure = [text for text in asked if _sure(other.classify(text))]
        for text in sure[: len(sure) // 2]:
            _think(text)
        yield _row(
            "a sure FAQ question, never asked before",
            None,
            _think,
            sure[len(sure) // 2 :],
            passes=1,
        )
        yield _row("a sure FAQ question, asked before", 5, _think, sure)


def _sure(found: IntentPrediction) -> bool:
    return found.intent is Intent.FAQ and found.confidence >= CONFIDENCE_THRESHOLD


@contextmanager
def _worker(gemini: str) -> Iterator[None]:
    with stores() as place:
        settings = process_system.settings(place.database, place.redis)
        process_system.prepare(settings)
        with application(place, GEMINI_API_KEY="key", GEMINI_BASE_URL=gemini).app_context():
            yield


def _think(text: str) -> None:
    now = datetime.now(ZoneInfo("America/Sao_Paulo"))
    unread = UnreadMessage(
        ID, 1, MessageKind.TEXT, text, None, None, None, None, None, from_company_phone=False
    )
    process(
        TurnInput(
            Lease(ID, 1),
            "",
            None,
            process_system.NUMBER,
            Snapshot(State.MENU, now),
            (unread,),
            (),
            1,
        )
    )


def _row(
    what: str, most: float | None, call: Callable[[str], Any], texts: list[str], passes: int = 3
) -> ReportRow:
    """The best pass of some over all texts."""
    spent = []
    for _ in range(passes):
        started = time.thread_time()
        for text in texts:
            call(text)
        spent.append((time.thread_time() - started) * 1000 / len(texts))
    best = min(spent)
    measured, note = f"{best:.2f} ms CPU", f"{len(texts)} texts"
    return (
        ReportRow(what, "", measured, note)
        if most is None
        else ReportRow(what, f"< {most:g} ms CPU", measured, note, best < most)
    )
