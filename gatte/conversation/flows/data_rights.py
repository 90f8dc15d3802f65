"""What the data protection law (LGPD, art. 18) gives the contact: see, correct, take a copy, be
forgotten.
"""

import re
from enum import StrEnum

from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import CorrectData, EraseData, ExportData, ForgetMemory
from gatte.conversation.flows.base import Flow, FlowName, Slot
from gatte.conversation.memory_kinds import MemoryKind
from gatte.conversation.parsing.documents import mask_document, parse_document, show_document
from gatte.conversation.parsing.names import parse_email, parse_name
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult, normalize_text
from gatte.conversation.replies import TICKET_NUMBER, ReplyOption
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import render


class DataRightsRequest(StrEnum):
    """What somebody wants with their data."""

    SEE = "see"
    CORRECT = "correct"
    EXPORT = "export"
    ERASE = "erase"
    FORGET = "forget"
    """One thing that is remembered from conversations before, and nothing else."""


FIELDS = ("name", "email", "document")
ERASE_WORDS = "apagar tudo"
"""What the customer must write where an erasure is carried out by itself."""
REQUESTS: tuple[tuple[DataRightsRequest, re.Pattern[str]], ...] = (
    (
        DataRightsRequest.ERASE,
        re.compile(
            r"\bapag\w+|\bexclu\w+|\bdelet\w+|\belimin\w+|\besque[cç]\w+|\bremov\w+|^erase$"
        ),
    ),
    (
        DataRightsRequest.CORRECT,
        re.compile(
            r"\bcorri\w+|\batualiz\w+|\bmudar?\b|\balterar?\b|\btrocar?\b|\bcorrecao\b|^correct$"
        ),
    ),
    (
        DataRightsRequest.EXPORT,
        re.compile(r"\bcopia\b|\bexport\w+|\bbaixar\b|\brelatorio\b|\bportabilidade\b|^export$"),
    ),
    (
        DataRightsRequest.SEE,
        re.compile(r"\bver\b|\bquais\b|\bconsult\w+|\bsaber\b|\bacess\w+|\bmostra\w*|^see$"),
    ),
)
FORGET_VERB = re.compile(r"\besque[cç]\w+|\bapag\w+|\bexclu\w+|\bremov\w+|\bdelet\w+|^forget$")
WHOLE = re.compile(r"\btudo\b|\btodos\b|\bdados\b|\bcadastro\b|\bconversas?\b")
MEMORY_WORDS: tuple[tuple[MemoryKind, re.Pattern[str]], ...] = (
    (MemoryKind.COMPANY, re.compile(r"\bempresa\b|\bfirma\b|^company$")),
    (MemoryKind.EMAIL, re.compile(r"\be-?mail\b")),
    (MemoryKind.PERIOD, re.compile(r"\bperiodo\b|\bhorario\b|\bturno\b|^period$")),
    (MemoryKind.PRODUCT, re.compile(r"\bproduto\b|\bcertificado\b|^product$")),
    (MemoryKind.NAME_FORM, re.compile(r"\bapelido\b|\bnome\b|\bme chama\w*\b|^name_form$")),
    (MemoryKind.PROMISE, re.compile(r"\bequipe\b|\bpendencia\b|\bprom\w+")),
    (MemoryKind.TOPIC, re.compile(r"\bassunto\b|^topic$")),
)
"""What customers call the things that are remembered of them."""
FIELD_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"\be-?mail\b")),
    ("document", re.compile(r"\bcpf\b|\bcnpj\b|\bdocumento\b|^document$")),
    ("name", re.compile(r"\bnome\b|^name$")),
)


def _find_request(text: str, snapshot: Snapshot) -> ParseResult:
    plain = normalize_text(text)
    is_part = FORGET_VERB.search(plain) and not WHOLE.search(plain)
    if plain == DataRightsRequest.FORGET or (is_part and _find_remembered(text, snapshot).value):
        return ParseResult(DataRightsRequest.FORGET)
    found = next((request for request, pattern in REQUESTS if pattern.search(plain)), None)
    return ParseResult(found) if found else NO_MATCH


def _remembered(snapshot: Snapshot) -> dict[str, str]:
    """What is remembered of the contact, with the e-mail that is registered."""
    registered = {"email": snapshot.contact.email} if snapshot.contact.email else {}
    return {**snapshot.memory, **registered}


def _find_remembered(text: str, snapshot: Snapshot) -> ParseResult:
    """Which of the things that are remembered a text names."""
    plain = normalize_text(text)
    known = _remembered(snapshot)
    found = (kind for kind, words in MEMORY_WORDS if kind in known and words.search(plain))
    kind = next(found, None)
    return NO_MATCH if kind is None else ParseResult(kind.value)


def asks_to_forget(text: str, snapshot: Snapshot) -> bool:
    """Whether a text wants one of the things forgotten that are remembered, and no more."""
    return _find_request(text, snapshot).value == DataRightsRequest.FORGET


def _parse_remembered(text: str, snapshot: Snapshot) -> ParseResult:
    found = _find_remembered(text, snapshot)
    return found if found.value else ParseResult(problem="forgotten_missing")


def _forgets(snapshot: Snapshot) -> bool:
    return snapshot.slots.get("request") == DataRightsRequest.FORGET


def _remembered_options(snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    return tuple(
        ReplyOption(f"slot:forgotten:{kind}", _sentence(render(f"memory.{kind}")))
        for kind in MemoryKind
        if kind in _remembered(snapshot)
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:24]


def _parse_request(text: str, snapshot: Snapshot) -> ParseResult:
    found = _find_request(text, snapshot)
    return found if found.value else ParseResult(problem="request_missing")


def _parse_field(text: str, _snapshot: Snapshot) -> ParseResult:
    plain = normalize_text(text)
    found = next((field for field, pattern in FIELD_WORDS if pattern.search(plain)), None)
    return ParseResult(found) if found else ParseResult(problem="field_missing")


def _find_field(text: str, snapshot: Snapshot) -> ParseResult:
    found = _parse_field(text, snapshot)
    return found if found.value and "request" in snapshot.slots else NO_MATCH


def _parse_value(text: str, snapshot: Snapshot) -> ParseResult:
    field = snapshot.slots.get("field")
    if field == "email":
        return parse_email(text)
    return parse_document(text) if field == "document" else parse_name(text)


def _value_question(snapshot: Snapshot) -> str:
    return f"ask.value_{snapshot.slots.get('field', '')}"


def _parse_erase_word(text: str, _snapshot: Snapshot) -> ParseResult:
    is_exact = normalize_text(text).strip(" .!*\"'") == ERASE_WORDS
    return ParseResult(ERASE_WORDS) if is_exact else ParseResult(problem="erase_word_missing")


def _erases_by_itself(snapshot: Snapshot) -> bool:
    return _erases(snapshot) and snapshot.erasure_hours is not None


def _erases(snapshot: Snapshot) -> bool:
    return snapshot.slots.get("request") == DataRightsRequest.ERASE


def _corrects(snapshot: Snapshot) -> bool:
    return snapshot.slots.get("request") == DataRightsRequest.CORRECT


def _request_options(snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    offered = [
        one for one in DataRightsRequest if one is not DataRightsRequest.FORGET or snapshot.memory
    ]
    return tuple(
        ReplyOption(f"slot:request:{one}", render(f"row.data_{one}"), render(f"about.data_{one}"))
        for one in offered
    )


def _field_options(_snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    return tuple(
        ReplyOption(f"slot:field:{field}", render(f"option.field_{field}")) for field in FIELDS
    )


def _confirms(snapshot: Snapshot) -> bool:
    return snapshot.slots.get("request") != DataRightsRequest.SEE


def _see(draft: DecisionBuilder) -> None:
    contact = draft.snapshot.contact
    known = {
        "name": contact.name,
        "email": contact.email,
        "document": mask_document(contact.document) if contact.document else None,
        "phone": f"•••{contact.phone[-4:]}" if contact.phone else None,
    }
    lines = [
        f"• {render(f'label.{field}')}: {value}"[:120] for field, value in known.items() if value
    ]
    lines += [
        render("data_rights.remembered", kind=render(f"memory.{kind}"), value=value)[:160]
        for kind, value in draft.snapshot.memory.items()
    ]
    if draft.snapshot.certificates:
        lines.append(render("data_rights.certificates", count=len(draft.snapshot.certificates)))
    if draft.snapshot.tickets:
        lines.append(render("data_rights.tickets", count=len(draft.snapshot.tickets)))
    draft.add_text("data_rights.see", lines="\n".join(lines) or render("data_rights.nothing"))


def finish(draft: DecisionBuilder) -> None:
    """Do what was asked, after the yes where one is due."""
    slots = draft.snapshot.slots
    request = DataRightsRequest(slots["request"])
    if request == DataRightsRequest.SEE:
        _see(draft)
        return
    if request == DataRightsRequest.CORRECT:
        draft.add_effect(CorrectData(slots["field"], slots["value"]))
        draft.add_text("data_rights.correct_done")
        return
    if request == DataRightsRequest.FORGET:
        draft.add_effect(ForgetMemory(slots["forgotten"]))
        draft.add_text("data_rights.forget_done", kind=render(f"memory.{slots['forgotten']}"))
        return
    if request == DataRightsRequest.EXPORT:
        draft.add_effect(ExportData())
        draft.add_text("data_rights.export_done", number=TICKET_NUMBER)
        return
    draft.add_effect(EraseData())
    hours = draft.snapshot.erasure_hours
    if hours is None:
        draft.add_text("data_rights.erase_done", number=TICKET_NUMBER)
        return
    when = (
        render("data_rights.erase_in_hours", hours=hours)
        if hours
        else render("data_rights.erase_soon")
    )
    draft.add_text("data_rights.erase_scheduled", number=TICKET_NUMBER, when=when)


def _show_value(value: str) -> str:
    return show_document(value) if parse_document(value).value == value else value


DATA_RIGHTS = Flow(
    FlowName.DATA_RIGHTS,
    (
        Slot(
            "request",
            parse_answer=_parse_request,
            extract=_find_request,
            options=_request_options,
            format=lambda value: render(f"row.data_{value}"),
            invalidates=("field", "value", "erase_word", "forgotten"),
        ),
        Slot(
            "erase_word",
            parse_answer=_parse_erase_word,
            required_if=_erases_by_itself,
            format=lambda _value: ERASE_WORDS.upper(),
        ),
        Slot(
            "forgotten",
            parse_answer=_parse_remembered,
            extract=_find_remembered,
            required_if=_forgets,
            options=_remembered_options,
            format=lambda kind: render(f"memory.{kind}"),
        ),
        Slot(
            "field",
            parse_answer=_parse_field,
            extract=_find_field,
            required_if=_corrects,
            options=_field_options,
            format=lambda value: render(f"option.field_{value}"),
            invalidates=("value",),
        ),
        Slot(
            "value",
            parse_answer=_parse_value,
            required_if=_corrects,
            question_key=_value_question,
            format=_show_value,
            synonyms=("valor",),
        ),
    ),
    finish,
    needs_confirmation=_confirms,
    no_means_cancel=True,
    irreversible=_erases,
)
