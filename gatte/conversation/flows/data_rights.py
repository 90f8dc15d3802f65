"""What the data protection law (LGPD, art. 18) gives the contact: see, correct, take a copy, be forgotten."""

import re
from enum import StrEnum

from gatte.conversation.draft import Draft
from gatte.conversation.effects import CorrectData, EraseData, ExportData
from gatte.conversation.flows.base import Flow, FlowName, Slot
from gatte.conversation.parsing.documents import mask_document, parse_document, show_document
from gatte.conversation.parsing.people import parse_email, parse_name
from gatte.conversation.parsing.words import NOTHING, Parsed, fold
from gatte.conversation.replies import TICKET_NUMBER, Option
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import say


class Request(StrEnum):
    """What somebody wants with their data."""

    SEE = "see"
    CORRECT = "correct"
    EXPORT = "export"
    ERASE = "erase"


FIELDS = ("name", "email", "document")
REQUESTS: tuple[tuple[Request, re.Pattern[str]], ...] = (
    (Request.ERASE, re.compile(r"\bapag\w+|\bexclu\w+|\bdelet\w+|\belimin\w+|\besque[cç]\w+|\bremov\w+|^erase$")),
    (Request.CORRECT, re.compile(r"\bcorri\w+|\batualiz\w+|\bmudar?\b|\balterar?\b|\btrocar?\b|\bcorrecao\b|^correct$")),
    (Request.EXPORT, re.compile(r"\bcopia\b|\bexport\w+|\bbaixar\b|\brelatorio\b|\bportabilidade\b|^export$")),
    (Request.SEE, re.compile(r"\bver\b|\bquais\b|\bconsult\w+|\bsaber\b|\bacess\w+|\bmostra\w*|^see$")),
)
FIELD_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"\be-?mail\b")),
    ("document", re.compile(r"\bcpf\b|\bcnpj\b|\bdocumento\b|^document$")),
    ("name", re.compile(r"\bnome\b|^name$")),
)


def _find_request(text: str, _snapshot: Snapshot) -> Parsed:
    plain = fold(text)
    found = next((request for request, pattern in REQUESTS if pattern.search(plain)), None)
    return Parsed(found) if found else NOTHING


def _parse_request(text: str, snapshot: Snapshot) -> Parsed:
    found = _find_request(text, snapshot)
    return found if found.value else Parsed(problem="request_missing")


def _parse_field(text: str, _snapshot: Snapshot) -> Parsed:
    plain = fold(text)
    found = next((field for field, pattern in FIELD_WORDS if pattern.search(plain)), None)
    return Parsed(found) if found else Parsed(problem="field_missing")


def _find_field(text: str, snapshot: Snapshot) -> Parsed:
    found = _parse_field(text, snapshot)
    return found if found.value and "request" in snapshot.slots else NOTHING


def _parse_value(text: str, snapshot: Snapshot) -> Parsed:
    field = snapshot.slots.get("field")
    if field == "email":
        return parse_email(text)
    return parse_document(text) if field == "document" else parse_name(text)


def _corrects(snapshot: Snapshot) -> bool:
    return snapshot.slots.get("request") == Request.CORRECT


def _request_options(_snapshot: Snapshot) -> tuple[Option, ...]:
    return tuple(Option(f"slot:request:{one}", say(f"row.data_{one}"), say(f"about.data_{one}")) for one in Request)


def _field_options(_snapshot: Snapshot) -> tuple[Option, ...]:
    return tuple(Option(f"slot:field:{field}", say(f"option.field_{field}")) for field in FIELDS)


def _confirms(snapshot: Snapshot) -> bool:
    return snapshot.slots.get("request") != Request.SEE


def _see(draft: Draft) -> None:
    contact = draft.now.contact
    known = {
        "name": contact.name,
        "email": contact.email,
        "document": mask_document(contact.document) if contact.document else None,
        "phone": f"•••{contact.phone[-4:]}" if contact.phone else None,
    }
    lines = [f"• {say(f'label.{field}')}: {value}"[:120] for field, value in known.items() if value]
    lines += [say("data_rights.certificates", count=len(draft.now.certificates))] if draft.now.certificates else []
    lines += [say("data_rights.tickets", count=len(draft.now.tickets))] if draft.now.tickets else []
    draft.say("data_rights.see", lines="\n".join(lines) or say("data_rights.nothing"))


def finish(draft: Draft) -> None:
    """Do what was asked, after the yes where one is due."""
    slots = draft.now.slots
    request = Request(slots["request"])
    if request == Request.SEE:
        _see(draft)
        return
    if request == Request.CORRECT:
        draft.do(CorrectData(slots["field"], slots["value"]))
        draft.say("data_rights.correct_done")
        return
    # People carry these out: the customer gets the number of the request.
    draft.do(ExportData() if request == Request.EXPORT else EraseData())
    draft.say(f"data_rights.{request}_done", number=TICKET_NUMBER)


def _show_value(value: str) -> str:
    return show_document(value) if parse_document(value).value == value else value


DATA_RIGHTS = Flow(
    FlowName.DATA_RIGHTS,
    (
        Slot(
            "request",
            parse=_parse_request,
            find=_find_request,
            options=_request_options,
            show=lambda value: say(f"row.data_{value}"),
            clears=("field", "value"),
        ),
        Slot(
            "field",
            parse=_parse_field,
            find=_find_field,
            wanted=_corrects,
            options=_field_options,
            show=lambda value: say(f"option.field_{value}"),
            clears=("value",),
        ),
        Slot("value", parse=_parse_value, wanted=_corrects, show=_show_value, words=("valor",)),
    ),
    finish,
    confirms=_confirms,
    no_cancels=True,
)
