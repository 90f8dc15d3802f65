"""Plays single sentences at their place in a fresh conversation, and counts what came of them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from gatte.conversation.states import State
from gatte.extensions import db
from gatte.models import Message, Turn
from gatte.models.message import Direction
from tests.quality import judge, voice_files
from tests.quality.play import NOW
from tests.stage.script import Act, Doing, Script
from tests.stage.stage import Stage

PATHS: dict[str, tuple[str, ...]] = {
    "start": (),
    "slot:name": (
        "Comprar certificado",
        "e-CNPJ A1",
    ),
    "slot:document": ("Comprar certificado", "e-CNPJ A1", "Ana Souza"),
    "slot:day": ("Agendar atendimento",),
    "confirm": ("Agendar atendimento", "sexta", "10h"),
    "queue": ("atendente",),
}
"""What is said before, to come to a place."""

ARTICLES: dict[str, frozenset[str]] = {
    topic: frozenset(slugs.split())
    for topic, slugs in {
        "o-que-e": "o-que-e-certificado-digital",
        "quando-vence": "consultar-vencimento",
        "validade": "validade-do-certificado",
        "como-renovar": "como-renovar",
        "renovar-vencido": "renovar-depois-de-vencido",
        "o-que-para-vencido": "o-que-para-quando-vence",
        "a1-ou-a3": "diferenca-a1-a3",
        "ecpf-ou-ecnpj": "ecpf-ou-ecnpj",
        "para-nfe": "certificado-para-nota-fiscal",
        "mei": "mei-precisa",
        "preco": "quanto-custa",
        "pagamento-recibo": "pagamento-e-nota-da-compra",
        "documentos-ecpf": "documentos-pessoa-fisica",
        "documentos-ecnpj": "documentos-empresa",
        "videoconferencia": "videoconferencia",
        "sem-cnh": "sem-cnh",
        "quanto-demora": "quanto-tempo-demora",
        "reagendar-cancelar": "reagendar-ou-cancelar",
        "instalar-a1": "instalar-a1",
        "perdi-arquivo-a1": "perdi-o-arquivo-a1",
        "esqueci-senha-pin": "esqueci-a-senha",
        "puk-bloqueado": "puk-bloqueado",
        "token-nao-reconhecido": "token-nao-reconhecido",
        "mac-celular-nuvem": "mac-celular-nuvem",
        "erro-certificado-invalido": "certificado-invalido",
        "revogar": "revogar-certificado",
        "mudanca-razao-social": "mudanca-de-dados",
        "contador-procuracao": "contador-e-procuracao",
        "selo-eletronico": "a1-vai-acabar-selo-eletronico",
        "cnpj-letras": "cnpj-com-letras",
        "seguro-documentos-whatsapp": "seguro-enviar-documentos",
        "meus-dados-lgpd": "meus-dados-lgpd",
    }.items()
}
"""The articles that answer a topic of the voices' files."""

FACTS: dict[str, str] = {
    "fact:hours": r"8h30|08:30|8:30|18h|18:00|12h|12:00",
    "fact:holidays": r"feriado|n[ãa]o (?:abr|atend|trabalh)\w*|fechad",
    "fact:address": r"xv de novembro",
    "fact:channels": r"telefone|e-?mail|\(41\)|instagram",
    "fact:payment": r"\bpix\b|boleto|cart[ãa]o",
    "fact:delivery": r"correio|sedex|retir\w+|entreg\w+",
    "fact:price": r"149|189|199|289|389",
}
"""What an answer with the fact holds."""

FACTS_FOR_ARTICLES: dict[str, str] = {
    "preco": "price",
    "pagamento-recibo": "payment",
    "quanto-demora": "delivery",
}
"""Kinds of facts that answer the topic of an article as well as, or better than, the article."""

NO_ANSWER = "none"
ALARMS = frozenset().union(
    *(
        judge.REASONS[one]
        for one in (
            "invoices_stopped",
            "revocation",
            "fraud",
            "refund",
            "legal",
            "data_breach",
            "distress",
        )
    )
)


@dataclass(frozen=True)
class Heard:
    """What came of a sentence: for each figure that it counts for, whether it was so; and the
    transcript where that is not as it should be.
    """

    id: str
    voice: str
    counts: dict[str, bool]
    transcript: tuple[str, ...] = ()


UNWANTED = frozenset(
    {
        "look-alikes sent to a person",
        "provocations that did what cannot be undone",
        "questions with an article, answered wrongly",
        "questions without an answer, answered",
    }
)
"""Figures of which less is better."""


def read(voice: str) -> list[dict[str, Any]]:
    """The sentences of a voice, each with the voice's name."""
    return [line | {"voice": voice} for line in voice_files.lines(voice, "sentences")]


def play(app: Flask, agents: tuple[int, int], sentence: dict[str, Any]) -> Heard:
    """Bring a fresh conversation to the sentence's place, say it, and see."""
    stage = stage_at(app, agents, sentence["place"])
    before = _Before(_flow(stage), judge.booked(stage)) if stage.wamids else _Before(None, False)
    bubbles = len(stage.received)
    _say(stage, sentence["text"])
    said = tuple(one.body for one in stage.received[bubbles:])
    counts = _counts(stage, sentence, before, said)
    transcript = (f"{sentence['place']} > {sentence['text']}", *(f"bot < {one}" for one in said))
    well = all(so != (figure in UNWANTED) for figure, so in counts.items())
    return Heard(sentence["id"], sentence["voice"], counts, () if well else transcript)


def stage_at(app: Flask, agents: tuple[int, int], place: str) -> Stage:
    """A fresh conversation that has come to a place."""
    stage = Stage(app, agents, Script(name=place, customer="", at=NOW))
    for text in PATHS[place]:
        _say(stage, text)
    return stage


@dataclass(frozen=True)
class _Before:
    """What stood before the sentence: the running flow, and whether an appointment was made."""

    flow: str | None
    booked: bool


def _say(stage: Stage, text: str) -> None:
    stage.do(Doing(Act.TEXT, text))
    stage.settle()
    stage.new_answers()


def _flow(stage: Stage) -> str | None:
    """The flow that runs or waits to go on; `queue` while a person is awaited."""
    with stage.open():
        conversation = stage.conversation()
        if conversation.state in {State.WAITING_HUMAN, State.WITH_HUMAN}:
            return "queue"
        flow: str | None = conversation.flow or conversation.suspended_flow
        return flow


def _counts(
    stage: Stage, sentence: dict[str, Any], before: _Before, said: tuple[str, ...]
) -> dict[str, bool]:
    match sentence["kind"]:
        case "must_reach_person":
            waits = judge.state(stage) is State.WAITING_HUMAN
            place = "at the start" if sentence["place"] == "start" else "later"
            return {"must reach a person": waits, f"must reach a person, {place}": waits}
        case "look_alike":
            return {"look-alikes sent to a person": _alarmed(stage, before)}
        case "provocation":
            undone = _undone(stage, sentence["not"], before)
            return {"provocations that did what cannot be undone": undone}
        case "opening":
            return {"intent of openings": _intent(stage) == sentence["intent"]}
        case _:
            return _question(stage, sentence["topic"], said)


def _alarmed(stage: Stage, before: _Before) -> bool:
    """Whether a person was called; in the queue, whether it became an alarm."""
    with stage.open():
        conversation = stage.conversation()
        if before.flow == "queue":
            return conversation.escalation_reason in ALARMS
        return bool(conversation.state == State.WAITING_HUMAN)


def _undone(stage: Stage, provoked: str, before: _Before) -> bool:
    """Whether what the words only sounded like was done: opt-out, erasure, an appointment, or a
    form or a place in the queue given up.
    """
    if provoked == "book":
        return judge.booked(stage) and not before.booked
    if provoked == "cancel":
        return before.flow is not None and _flow(stage) is None
    return provoked in judge.irreversible(stage)


def _intent(stage: Stage) -> str | None:
    with stage.open():
        mine = select(Message).filter_by(contact_id=stage.contact().id, direction=Direction.IN)
        row = db.session.scalars(mine.order_by(Message.sequence.desc())).first()
        return row.intent.value if row is not None and row.intent else None


def _question(stage: Stage, topic: str, said: tuple[str, ...]) -> dict[str, bool]:
    """A question is right where the answer is from a fitting article, or holds the fact."""
    used, kinds = _article_used(stage), _facts_used(stage)
    if topic == NO_ANSWER:
        return {"questions without an answer, answered": used is not None or bool(kinds)}
    if topic in FACTS:
        text = "\n".join(said).casefold()
        return {"questions on facts, answered rightly": judge.matches(FACTS[topic], text)}
    right = used in ARTICLES[topic] or FACTS_FOR_ARTICLES.get(topic) in kinds
    answered = used is not None or bool(kinds)
    return {
        "questions with an article, answered rightly": right,
        "questions with an article, answered wrongly": answered and not right,
    }


def _answer_of(stage: Stage) -> dict[str, Any]:
    """What the last turn's trace tells of its answer; empty where it gave none."""
    with stage.open():
        conversation_id: UUID = stage.conversation().id
        mine = select(Turn).filter_by(conversation_id=conversation_id).order_by(Turn.id.desc())
        turn = db.session.scalars(mine).first()
        return (turn.trace or {}).get("answer") or {} if turn is not None else {}


def _article_used(stage: Stage) -> str | None:
    """The article from which the last turn answered; None where it did not."""
    return next(iter(_answer_of(stage).get("sources", ())), None)


def _facts_used(stage: Stage) -> set[str]:
    """The kinds of the facts from which the last turn answered."""
    return {one["kind"] for one in _answer_of(stage).get("facts", ())}
