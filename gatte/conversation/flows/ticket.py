"""A ticket for the desk: what it is about, what happened, how urgent; photos and documents go with
it.
"""

import re

from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import OpenTicket, Urgency
from gatte.conversation.flows.base import Flow, FlowName, Slot, attachments_of
from gatte.conversation.parsing.abbreviations import expand_abbreviations
from gatte.conversation.parsing.answers import HOLD_ON, asks_for_a_moment
from gatte.conversation.parsing.normalize import (
    FILLERS,
    NO_MATCH,
    ParseResult,
    normalize_text,
    truncate,
    words,
)
from gatte.conversation.replies import ReplyOption
from gatte.conversation.rules import OPEN_TICKET, asks_for_ticket
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import render

SUBJECT_LENGTH, DESCRIPTION_LENGTH, SHOWN_LENGTH = 80, 1500, 160
TELLS_ENOUGH = 60
WORDS_OF_STORY = 4
"""Words beside the wish, courtesy left out, from which on somebody has told what happened."""

URGENCIES: tuple[tuple[Urgency, re.Pattern[str]], ...] = (
    (
        Urgency.CRITICAL,
        re.compile(
            r"\bcritic\w+|\bparou tudo\b|\btudo parado\b|\bpra ontem\b|\bemergencia\b|^critical$"
        ),
    ),
    (
        Urgency.LOW,
        re.compile(
            r"\bsem pressa\b|\bpode esperar\b|\bbaixa\b"
            r"|\bnao (?:e|eh|ta|esta) (?:tao )?urgente\b|\bsem urgencia\b|^low$"
        ),
    ),
    (
        Urgency.HIGH,
        re.compile(
            r"\burgent\w*|\burgencia\b|\balta\b|\bhoje\b|\bagora\b"
            r"|\brapido\b|\bo quanto antes\b|^high$"
        ),
    ),
    (Urgency.NORMAL, re.compile(r"\bnormal\b|\bmedia\b|\btanto faz\b|\bessa semana\b|^normal$")),
)


def find_urgency(text: str) -> ParseResult:
    """How pressing it is, in the customer's words."""
    plain = normalize_text(expand_abbreviations(text.lower()))
    found = next((urgency for urgency, pattern in URGENCIES if pattern.search(plain)), None)
    return ParseResult(found) if found else ParseResult(problem="urgency_missing")


def _volunteered_urgency(text: str, _snapshot: Snapshot) -> ParseResult:
    said = re.search(r"\b(?:muito )?urgente\b|\bsem pressa\b|\bparou tudo\b", normalize_text(text))
    return find_urgency(text) if said else ParseResult()


def _parse_subject(text: str, _snapshot: Snapshot) -> ParseResult:
    if asks_for_a_moment(text):
        return ParseResult(problem=HOLD_ON)
    bare = truncate(text, SUBJECT_LENGTH)
    says_something = sum(mark.isalnum() for mark in bare) > 2 and not _only_wishes(text)
    return ParseResult(bare) if says_something else ParseResult(problem="subject_missing")


def _only_wishes(text: str) -> bool:
    """Whether a text wants a ticket and does not say what for."""
    return asks_for_ticket(text) and len(_beside_wish(text)) < WORDS_OF_STORY


def _beside_wish(text: str) -> list[str]:
    """The words of a text beside those that want a ticket, without courtesy."""
    rest = OPEN_TICKET.sub(" ", normalize_text(text))
    return [word for word in words(rest) if word not in FILLERS]


def _told_story(text: str, snapshot: Snapshot) -> ParseResult:
    """What happened, where it is told with the wish for a ticket, before more is asked."""
    begins = snapshot.requested_slot in {None, "subject"} and "description" not in snapshot.slots
    if not begins or asks_for_a_moment(text) or len(_beside_wish(text)) < WORDS_OF_STORY:
        return NO_MATCH
    return ParseResult(text.strip()[:DESCRIPTION_LENGTH])


def _parse_description(text: str, _snapshot: Snapshot) -> ParseResult:
    if asks_for_a_moment(text):
        return ParseResult(problem=HOLD_ON)
    bare = text.strip()[:DESCRIPTION_LENGTH]
    return (
        ParseResult(bare)
        if sum(mark.isalnum() for mark in bare) > 2
        else ParseResult(problem="description_missing")
    )


def _whole_story(value: str, text: str) -> dict[str, str]:
    """Somebody who tells it all at once is not asked to tell it again."""
    return (
        {"description": text.strip()[:DESCRIPTION_LENGTH]}
        if value and len(text.strip()) >= TELLS_ENOUGH
        else {}
    )


def _urgency_options(_snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    return tuple(
        ReplyOption(f"slot:urgency:{one}", render(f"option.urgency_{one}"))
        for one in (Urgency.LOW, Urgency.NORMAL, Urgency.HIGH)
    )


def finish(draft: DecisionBuilder) -> None:
    """Open the ticket, with what was attached on the way."""
    slots = draft.snapshot.slots
    draft.add_effect(
        OpenTicket(
            slots["subject"],
            slots["description"],
            Urgency(slots["urgency"]),
            attachments_of(draft.snapshot),
        )
    )
    draft.add_text("ticket.done")


TICKET = Flow(
    FlowName.TICKET,
    (
        Slot(
            "subject",
            parse_answer=_parse_subject,
            synonyms=("assunto", "título", "titulo"),
            free_text=True,
            long_text=True,
            derived_slots=_whole_story,
        ),
        Slot(
            "description",
            parse_answer=_parse_description,
            extract=_told_story,
            format=lambda value: truncate(value, SHOWN_LENGTH),
            synonyms=("descrição", "descricao", "detalhe", "detalhes"),
            free_text=True,
            long_text=True,
        ),
        Slot(
            "urgency",
            parse_answer=lambda text, _: find_urgency(text),
            extract=_volunteered_urgency,
            options=_urgency_options,
            format=lambda value: render(f"option.urgency_{value}"),
            synonyms=("urgência", "urgencia", "prioridade"),
            unambiguous=True,
        ),
    ),
    finish,
)
