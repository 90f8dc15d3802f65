"""The tables `company_fact` and `company_fact_version`: what a company says of itself."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from gatte.conversation.company_facts import CompanyFacts, Fact, FactKind, read_value
from gatte.extensions import db
from gatte.infra.database.statement_batch import Row, fetch_rows
from gatte.models import CompanyFact, CompanyFactVersion

VERSION_COLUMN = "coalesce((SELECT version FROM company_fact_version), 0) AS facts_version"
"""The state of the facts, as a column of any statement: a number that grows with every change, 0
before the first.
"""
IMPORT_LOCK = 0x66616374  # "fact": two imports at once wait for each other
IN_ORDER = (CompanyFact.kind, CompanyFact.key, CompanyFact.valid_from.nulls_first(), CompanyFact.id)
SEEDED_SQL = "SELECT TRUE FROM company_fact_version WHERE settings_seeded_at IS NOT NULL"
ALL_FACTS_SQL = """
    SELECT kind, key, value, version, valid_from, valid_to
    FROM company_fact
    ORDER BY created_at, id
"""
FactName = tuple[FactKind, str, date | None]
"""Kind, key and first day of a fact: no two have the same."""

log = structlog.get_logger(__name__)


class NoSuchFact(Exception):
    """There is no fact with this id."""


def read_version() -> int:
    """The number of the facts as they are now."""
    return int(fetch_rows(f"SELECT {VERSION_COLUMN}")[0].facts_version)


def load() -> CompanyFacts:
    """All facts with their values read, in the order in which they were made; a row that cannot be
    read is logged and left out.
    """
    seeded = bool(fetch_rows(SEEDED_SQL))
    facts = (_fact(row) for row in fetch_rows(ALL_FACTS_SQL))
    return CompanyFacts(tuple(one for one in facts if one is not None), seeded)


def _fact(row: Row) -> Fact | None:
    kind = FactKind(row.kind)
    try:
        value = read_value(kind, row.key, row.value)
    except ValueError:
        log.warning("fact_unreadable", kind=kind.value, key=row.key)
        return None
    return Fact(kind, row.key, value, row.version, row.valid_from, row.valid_to)


def list_all(kind: FactKind | None = None) -> list[CompanyFact]:
    """The rows of a kind, or all, with who changed them last."""
    query = select(CompanyFact).options(joinedload(CompanyFact.updated_by))
    if kind is not None:
        query = query.where(CompanyFact.kind == kind)
    return list(db.session.scalars(query.order_by(*IN_ORDER)))


def list_page(
    *, kind: FactKind | None, updated_since: datetime | None, after: UUID | None, limit: int
) -> Sequence[CompanyFact]:
    """The facts of a kind, changed since a time, where asked, the newest first (ids made later sort
    later); those behind `after`.
    """
    query = select(CompanyFact)
    if kind is not None:
        query = query.where(CompanyFact.kind == kind)
    if updated_since is not None:
        query = query.where(CompanyFact.updated_at >= updated_since)
    if after is not None:
        query = query.where(CompanyFact.id < after)
    return db.session.scalars(query.order_by(CompanyFact.id.desc()).limit(limit)).all()


def count_by_kind() -> dict[FactKind, int]:
    """How many facts are of each kind; kinds without any are left out."""
    counted = select(CompanyFact.kind, func.count()).group_by(CompanyFact.kind)
    return dict(db.session.execute(counted).all())


def find(fact_id: UUID) -> CompanyFact | None:
    """A fact with who changed it last."""
    query = select(CompanyFact).where(CompanyFact.id == fact_id)
    return db.session.scalar(query.options(joinedload(CompanyFact.updated_by)))


def get_locked(fact_id: UUID) -> CompanyFact:
    """A fact, locked until the transaction ends; NoSuchFact when there is none."""
    locked = select(CompanyFact).where(CompanyFact.id == fact_id).with_for_update(of=CompanyFact)
    fact: CompanyFact | None = db.session.scalar(locked.execution_options(populate_existing=True))
    if fact is None:
        raise NoSuchFact(str(fact_id))
    return fact


def lock_import() -> None:
    """Let nobody else import facts until the transaction ends."""
    db.session.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK)))


def get_seeds() -> CompanyFactVersion:
    """When settings and demo content were taken over, as a row that can be changed; made when there
    is none yet.
    """
    found = db.session.get(CompanyFactVersion, 1, populate_existing=True)
    if found is None:
        found = CompanyFactVersion(id=1, version=0)
        db.session.add(found)
        db.session.flush()
    return found


def facts_by_name(kinds: Collection[FactKind]) -> dict[FactName, CompanyFact]:
    """The rows of these kinds by kind, key and first day."""
    query = select(CompanyFact).where(CompanyFact.kind.in_(kinds)).order_by(*IN_ORDER)
    return {(one.kind, one.key, one.valid_from): one for one in db.session.scalars(query)}


def add(fact: CompanyFact) -> None:
    """Store a fact; IntegrityError at the flush when its kind, key and first day are taken."""
    db.session.add(fact)


def remove(fact: CompanyFact) -> None:
    """Delete a fact."""
    db.session.delete(fact)


def touch(fact: CompanyFact, user_id: int | None) -> None:
    """Note who changed a fact now: forms of the version before are out of date."""
    fact.version += 1
    fact.updated_by_id = user_id
    fact.updated_at = func.now()
