"""Facts of the company in the hands of its people: added, changed, removed; each change is audited
and raises the version of its row.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from gatte.conversation.company_facts import FactKind, read_value
from gatte.models import CompanyFact
from gatte.models.columns import new_uuid7
from gatte.store import audit
from gatte.store import facts as stored

LONGEST_SOURCE = 200


class StaleFact(Exception):
    """Somebody changed the fact after the page was made."""


class FactExists(Exception):
    """There is a fact of this kind and key that begins on the same day."""


@dataclass(frozen=True)
class FactProblem:
    """What is wrong with a fact: the field, and why."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


class BadFact(Exception):
    """A fact cannot be stored as it is written."""

    def __init__(self, problems: list[FactProblem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class FactDraft:
    """A fact as a form or a file gives it; `value` holds the fields of its kind."""

    kind: FactKind
    key: str
    value: dict[str, Any]
    source: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    def problems(self) -> list[FactProblem]:
        """What is wrong with the draft; empty when it can be stored."""
        found: list[FactProblem] = []
        try:
            read_value(self.kind, self.key, self.value)
        except ValidationError as error:
            found += [
                FactProblem(".".join(map(str, one["loc"])) or "value", one["msg"])
                for one in error.errors()
            ]
        except ValueError as error:
            found.append(FactProblem("key", str(error)))
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            found.append(FactProblem("valid_to", "is before valid_from"))
        if len(self.source) > LONGEST_SOURCE:
            found.append(FactProblem("source", f"is longer than {LONGEST_SOURCE} characters"))
        return found

    def columns(self) -> dict[str, Any]:
        """The columns of a row; BadFact says what is wrong."""
        problems = self.problems()
        if problems:
            raise BadFact(problems)
        value = read_value(self.kind, self.key, self.value).model_dump(mode="json")
        return {
            "kind": self.kind,
            "key": self.key,
            "value": value,
            "source": self.source,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
        }


def add(draft: FactDraft, user_id: int | None) -> CompanyFact:
    """Store a new fact; BadFact, or FactExists when its name is taken."""
    columns = draft.columns()
    stored.lock_import()
    _require_free_name(draft, None)
    fact = CompanyFact(id=new_uuid7(), updated_by_id=user_id, **columns)
    stored.add(fact)
    audit.record(user_id, "fact.add", _subject(fact), {"kind": draft.kind.value, "key": draft.key})
    return fact


def change(fact_id: UUID, draft: FactDraft, user_id: int | None, version: int) -> CompanyFact:
    """Change a fact; BadFact, FactExists, or StaleFact when that would undo what another did since
    `version`.
    """
    columns = draft.columns()
    stored.lock_import()
    fact = stored.get_locked(fact_id)
    if all(getattr(fact, name) == value for name, value in columns.items()):
        return fact
    if fact.version != version:
        raise StaleFact
    _require_free_name(draft, fact_id)
    changed = [name for name, value in columns.items() if getattr(fact, name) != value]
    for name in changed:
        setattr(fact, name, columns[name])
    stored.touch(fact, user_id)
    audit.record(user_id, "fact.change", _subject(fact), {"fields": changed})
    return fact


def remove(fact_id: UUID, user_id: int | None, version: int) -> None:
    """Delete a fact; StaleFact when somebody changed it since `version`."""
    fact = stored.get_locked(fact_id)
    if fact.version != version:
        raise StaleFact
    details = {"kind": fact.kind.value, "key": fact.key, "value": fact.value}
    audit.record(user_id, "fact.remove", _subject(fact), details)
    stored.remove(fact)


def _require_free_name(draft: FactDraft, but: UUID | None) -> None:
    known = stored.facts_by_name([draft.kind]).get((draft.kind, draft.key, draft.valid_from))
    if known is not None and known.id != but:
        raise FactExists


def _subject(fact: CompanyFact) -> str:
    return f"fact:{fact.id}"
