"""A ticket for the desk: what it is about, what happened, how urgent; photos and documents go with it."""

import re

from gatte.conversation.draft import Draft
from gatte.conversation.effects import OpenTicket, Urgency
from gatte.conversation.flows.base import Flow, FlowName, Slot, attachments_of
from gatte.conversation.parsing.words import Parsed, clip, fold
from gatte.conversation.replies import Option
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import say

SUBJECT_LENGTH, DESCRIPTION_LENGTH, SHOWN_LENGTH = 80, 1500, 160
TELLS_ENOUGH = 60

URGENCIES: tuple[tuple[Urgency, re.Pattern[str]], ...] = (
    (Urgency.CRITICAL, re.compile(r"\bcritic\w+|\bparou tudo\b|\btudo parado\b|\bpra ontem\b|\bemergencia\b|^critical$")),
    (
        Urgency.LOW,
        re.compile(r"\bsem pressa\b|\bpode esperar\b|\bbaixa\b|\bnao (?:e|eh|ta|esta) (?:tao )?urgente\b|\bsem urgencia\b|^low$"),
    ),
    (Urgency.HIGH, re.compile(r"\burgent\w*|\burgencia\b|\balta\b|\bhoje\b|\bagora\b|\brapido\b|\bo quanto antes\b|^high$")),
    (Urgency.NORMAL, re.compile(r"\bnormal\b|\bmedia\b|\btanto faz\b|\bessa semana\b|^normal$")),
)


def find_urgency(text: str) -> Parsed:
    """How pressing it is, in the customer's words."""
    plain = fold(text)
    found = next((urgency for urgency, pattern in URGENCIES if pattern.search(plain)), None)
    return Parsed(found) if found else Parsed(problem="urgency_missing")


def _volunteered_urgency(text: str, _snapshot: Snapshot) -> Parsed:
    said = re.search(r"\b(?:muito )?urgente\b|\bsem pressa\b|\bparou tudo\b", fold(text))
    return find_urgency(text) if said else Parsed()


def _parse_subject(text: str, _snapshot: Snapshot) -> Parsed:
    bare = clip(text, SUBJECT_LENGTH)
    return Parsed(bare) if sum(mark.isalnum() for mark in bare) > 2 else Parsed(problem="subject_missing")


def _parse_description(text: str, _snapshot: Snapshot) -> Parsed:
    bare = text.strip()[:DESCRIPTION_LENGTH]
    return Parsed(bare) if sum(mark.isalnum() for mark in bare) > 2 else Parsed(problem="description_missing")


def _whole_story(value: str, text: str) -> dict[str, str]:
    """Somebody who tells it all at once is not asked to tell it again."""
    return {"description": text.strip()[:DESCRIPTION_LENGTH]} if value and len(text.strip()) >= TELLS_ENOUGH else {}


def _urgency_options(_snapshot: Snapshot) -> tuple[Option, ...]:
    return tuple(Option(f"slot:urgency:{one}", say(f"option.urgency_{one}")) for one in (Urgency.LOW, Urgency.NORMAL, Urgency.HIGH))


def finish(draft: Draft) -> None:
    """Open the ticket, with what was attached on the way."""
    slots = draft.now.slots
    draft.do(OpenTicket(slots["subject"], slots["description"], Urgency(slots["urgency"]), attachments_of(draft.now)))
    draft.say("ticket.done")


TICKET = Flow(
    FlowName.TICKET,
    (
        Slot("subject", parse=_parse_subject, words=("assunto", "título", "titulo"), free=True, story=True, also=_whole_story),
        Slot(
            "description",
            parse=_parse_description,
            show=lambda value: clip(value, SHOWN_LENGTH),
            words=("descrição", "descricao", "detalhe", "detalhes"),
            free=True,
            story=True,
        ),
        Slot(
            "urgency",
            parse=lambda text, _: find_urgency(text),
            find=_volunteered_urgency,
            options=_urgency_options,
            show=lambda value: say(f"option.urgency_{value}"),
            words=("urgência", "urgencia", "prioridade"),
            sure=True,
        ),
    ),
    finish,
)
