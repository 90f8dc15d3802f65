"""Values of addresses and forms, which anybody can write as they like."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from flask import abort, request

from gatte.desk import users
from gatte.models import User

Choice = TypeVar("Choice", bound=StrEnum)
# Clear of the ends of the calendar, where no time zone can be added any more.
YEARS = range(2000, 9000)
LARGEST_INT = 2**31 - 1
LARGEST_BIGINT = 2**63 - 1


def refuse_unstorable() -> None:
    """400 for an address or a form that holds NUL, which no text in Postgres can hold."""
    pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
    if "\0" in request.path or any("\0" in word for pair in pairs for word in pair):
        abort(400)


def as_uuid(text: str) -> UUID | None:
    """The id that a text spells; None when it spells none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def parse_datetime(text: str) -> datetime | None:
    """The aware time that a text spells in ISO 8601; None when it spells none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None or moment.year not in YEARS:
        return None
    # Postgres refuses offsets that Python takes: of a day, or of microseconds.
    return moment.astimezone(UTC)


def parse_day(text: str) -> date | None:
    """The day that a text spells in ISO 8601; None when it spells none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def parse_integer(text: str, largest: int = LARGEST_INT) -> int | None:
    """The whole number from 0 to `largest` that a text spells in ASCII digits; None when it spells
    none.
    """
    if not (text.isascii() and text.isdecimal()) or len(text) > 19:
        return None
    number = int(text)
    return number if number <= largest else None


def chosen_version() -> int:
    """The version of the row that a form was made of; 400 when it names none."""
    version = parse_integer(request.form.get("versao", ""))
    if version is None:
        abort(400)
    return version


def changed(field: str, present: str) -> str:
    """What a refused form shall show: what its writer changed in this field, else what is `present`
    by now.
    """
    written = request.form.get(field, "")
    return present if written == request.form.get(f"{field}_antes") else written


def form_text(field: str) -> str:
    """What somebody wrote into a field, with plain line ends: a form sends them as CR LF."""
    return request.form.get(field, "").replace("\r\n", "\n").strip()


def draft_id() -> UUID | None:
    """The id that the page gave a draft, so that sending it twice writes it once."""
    return as_uuid(request.form.get("rascunho", ""))


def form_enum(field: str, choices: type[Choice]) -> Choice:
    """The member of a closed set that a form's field names; 400 when it names none."""
    try:
        return choices(request.form.get(field, ""))
    except ValueError:
        abort(400)


def form_user(field: str, present: User | None = None) -> User | None:
    """The user that a form's field names, active or the `present` one; None for nobody, 400 when
    there is no such user.
    """
    wanted = request.form.get(field, "")
    if present is not None and wanted == str(present.id):
        return present
    person = users.find_active_user(wanted) if wanted else None
    if wanted and person is None:
        abort(400)
    return person
