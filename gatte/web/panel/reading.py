"""Values of addresses and forms, which anybody can write as they like."""

from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from flask import abort, request

from gatte.desk import people
from gatte.models import User

Choice = TypeVar("Choice", bound=StrEnum)


def as_uuid(text: str) -> UUID | None:
    """The id that a text spells; None when it spells none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def as_moment(text: str) -> datetime | None:
    """The aware time that a text spells in ISO 8601; None when it spells none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def chosen(field: str, choices: type[Choice]) -> Choice:
    """The member of a closed set that a form's field names; 400 when it names none."""
    try:
        return choices(request.form.get(field, ""))
    except ValueError:
        abort(400)


def chosen_person(field: str) -> User | None:
    """The active user that a form's field names, None for nobody; 400 when there is no such user."""
    wanted = request.form.get(field, "")
    person = people.find_active_user(wanted) if wanted else None
    if wanted and person is None:
        abort(400)
    return person
