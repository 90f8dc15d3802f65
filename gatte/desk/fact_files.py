"""Facts of the company as a TOML file: read with all its errors, imported, exported; and the facts
with which a new installation begins.

A file holds `[[fact]]` tables with `kind`, `key`, `value`, and if wanted `source`, `valid_from`,
`valid_to`.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from sqlalchemy import func

from gatte import services
from gatte.business_hours import ALWAYS_OPEN, DAYS, opening_hours
from gatte.conversation.company_facts import FactKind
from gatte.desk import facts
from gatte.desk.facts import FactDraft
from gatte.models import CompanyFact
from gatte.store import facts as stored

DEMO_FACTS = Path(__file__).parents[1] / "intelligence" / "content" / "facts.toml"
HEADER = re.compile(r"^[ \t]*\[\[[ \t]*fact[ \t]*\]\]", re.MULTILINE)
FROM_SETTINGS = "configuração da instalação"


class BadFacts(Exception):
    """A file of facts cannot be used; `problems` has one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class FactRow(BaseModel):
    """A `[[fact]]` table of a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FactKind
    key: str
    value: dict[str, Any]
    source: Annotated[str, StringConstraints(strip_whitespace=True)] = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class FactImport:
    """What an import did, or would do, in numbers of facts."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0


def read_facts(path: Path = DEMO_FACTS) -> list[FactDraft]:
    """The facts of a file; BadFacts lists all its problems with their lines."""
    try:
        text = path.read_text(encoding="utf-8")
        rows = tomllib.loads(text).get("fact", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFacts([f"not a TOML file: {error}"]) from None
    if not rows or not isinstance(rows, list):
        raise BadFacts(["the file holds no [[fact]]"])
    lines = [text.count("\n", 0, found.start()) + 1 for found in HEADER.finditer(text)]
    places = lines if len(lines) == len(rows) else list(range(1, len(rows) + 1))
    problems: list[str] = []
    drafts: dict[tuple[FactKind, str, date | None], FactDraft] = {}
    for place, row in zip(places, rows, strict=True):
        name = f"line {place}, {_name(row)}"
        draft = _draft(row, name, problems)
        if draft is None:
            continue
        identity = draft.kind, draft.key, draft.valid_from
        if identity in drafts:
            problems.append(f"{name}: stands here more than once with this valid_from")
        drafts[identity] = draft
    if problems:
        raise BadFacts(problems)
    return list(drafts.values())


def _name(row: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """What a row of a file is called where it is refused."""
    if not isinstance(row, dict):
        return "fact"
    return f"{row.get('kind', 'without kind')} {row.get('key', 'without key')}"


def _draft(row: Any, name: str, problems: list[str]) -> FactDraft | None:  # noqa: ANN401
    try:
        read = FactRow.model_validate(row)
    except ValidationError as error:
        problems += [
            f"{name}: {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
        ]
        return None
    draft = FactDraft(**dict(read))
    problems += [f"{name}: {one}" for one in draft.problems()]
    return draft


def import_facts(
    drafts: Sequence[FactDraft], user_id: int | None = None, *, replace: bool = False
) -> FactImport:
    """Add or change facts by kind, key and first day; the same import again changes nothing. The
    caller commits.

    Facts that are not among `drafts` stay as they are, unless those of the kinds in it shall be
    replaced.
    """
    stored.lock_import()
    known = stored.facts_by_name({draft.kind for draft in drafts})
    outcomes = []
    for draft in drafts:
        present = known.pop((draft.kind, draft.key, draft.valid_from), None)
        outcomes.append(_store(draft, present, user_id))
    superfluous = list(known.values()) if replace else []
    for fact in superfluous:
        facts.remove(fact.id, user_id, fact.version)
    return FactImport(
        outcomes.count("created"),
        outcomes.count("changed"),
        outcomes.count("unchanged"),
        len(superfluous),
    )


def _store(draft: FactDraft, present: CompanyFact | None, user_id: int | None) -> str:
    if present is None:
        facts.add(draft, user_id)
        return "created"
    before = present.version
    facts.change(present.id, draft, user_id, before)
    return "unchanged" if present.version == before else "changed"


def export_facts() -> str:
    """All facts as a file that `read_facts` reads."""
    return "\n".join(_table(fact) for fact in stored.list_all())


def _table(fact: CompanyFact) -> str:
    """A fact as a table of TOML."""
    value = ", ".join(f"{key} = {_toml(one)}" for key, one in fact.value.items() if one is not None)
    lines = ["[[fact]]", f"kind = {_toml(fact.kind.value)}", f"key = {_toml(fact.key)}"]
    lines.append(f"value = {{ {value} }}")
    if fact.source:
        lines.append(f"source = {_toml(fact.source)}")
    if fact.valid_from:
        lines.append(f"valid_from = {fact.valid_from.isoformat()}")
    if fact.valid_to:
        lines.append(f"valid_to = {fact.valid_to.isoformat()}")
    return "\n".join([*lines, ""])


def _toml(value: Any) -> str:  # noqa: ANN401 - what JSON holds
    """A text, number, yes or no, or list of them, in TOML: which writes these as JSON does, but for
    one control character.
    """
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def seed_from_settings() -> bool:
    """Take over name, hours and holidays from the settings, once in the life of a database; whether
    that was done now. The caller commits.
    """
    stored.lock_import()
    seeds = stored.get_seeds()
    if seeds.settings_seeded_at is not None:
        return False
    import_facts(list(_facts_of_settings()))
    seeds.settings_seeded_at = func.now()
    return True


def _facts_of_settings() -> Iterator[FactDraft]:
    settings = services.settings()
    company = {"name": settings.gatte_company_name, "holidays_state": settings.gatte_holidays_state}
    for key, text in company.items():
        yield FactDraft(FactKind.COMPANY, key, {"text": text[:80]}, FROM_SETTINGS)
    if settings.gatte_business_hours.strip() == ALWAYS_OPEN:
        return
    hours = opening_hours(settings.gatte_business_hours)
    for number, day in enumerate(DAYS):
        spans = [f"{one.opens:%H:%M}-{one.closes:%H:%M}" for one in hours if one.weekday == number]
        yield FactDraft(FactKind.HOURS, day, {"spans": spans}, FROM_SETTINGS)


def seed_demo() -> bool:
    """Take over the demo content, once in the life of a database; whether that was done now. The
    caller commits.
    """
    stored.lock_import()
    seeds = stored.get_seeds()
    if seeds.demo_seeded_at is not None:
        return False
    known = stored.facts_by_name(set(FactKind))
    fresh = [one for one in read_facts() if (one.kind, one.key, one.valid_from) not in known]
    import_facts(fresh)
    seeds.demo_seeded_at = func.now()
    return True
