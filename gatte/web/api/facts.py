"""What the company says of itself: hours, address, prices and the like, from which the bot answers
at once.
"""

import json as json_text
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from flask import url_for
from pydantic import AfterValidator, Field, StringConstraints

from gatte.conversation.company_facts import FactKind
from gatte.desk import facts as desk
from gatte.desk.facts import LONGEST_SOURCE, BadFact, FactDraft
from gatte.extensions import db
from gatte.models import CompanyFact, Scope
from gatte.store import facts as stored
from gatte.web.api.authorization import current_user_id
from gatte.web.api.certificates import Day
from gatte.web.api.cursors import cut_page, read_cursor
from gatte.web.api.endpoint import Answer, Endpoint, not_found, single
from gatte.web.api.idempotency import keep_answer_open
from gatte.web.api.preconditions import require_match
from gatte.web.api.schema import NO_NUL, ApiModel, Line, Moment, PageQuery, UpdatedSince
from gatte.web.problems import Problem

TAG = "facts"
PLACE = "/facts/<uuid:fact_id>"
Source = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_SOURCE, pattern=NO_NUL)
]


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    if "\\u0000" in json_text.dumps(value):
        raise ValueError("holds NUL, which no text of the database can")
    return value


FactFields = Annotated[dict[str, Any], AfterValidator(_storable)]


class FactResource(ApiModel):
    """One fact; the fields of `value` are those of its kind."""

    id: UUID
    kind: FactKind
    key: str
    value: dict[str, Any]
    source: str
    valid_from: date | None = Field(description="The first day; null: always so far.")
    valid_to: date | None = Field(description="The last day; null: without end.")
    version: int
    created_at: Moment
    updated_at: Moment


class FactPage(ApiModel):
    items: list[FactResource]
    next_cursor: str | None


class FactListQuery(PageQuery):
    kind: FactKind | None = None
    updated_since: UpdatedSince = None


class FactContent(ApiModel):
    """The whole of a fact."""

    kind: FactKind
    key: Line = Field(
        description="Of hours seg to dom, of a special day the day itself, of a price its product."
    )
    value: FactFields = Field(
        description='Such as {"spans": ["08:00-18:00"]} of hours, {"product": "e-CNPJ A1",'
        ' "amount": "199.00"} of a price. `errors` says what does not fit.'
    )
    source: Source = ""
    valid_from: Day | None = None
    valid_to: Day | None = None


def fact_resource(fact: CompanyFact) -> FactResource:
    """A fact as the API shows it."""
    return FactResource(
        id=fact.id,
        kind=fact.kind,
        key=fact.key,
        value=dict(sorted(fact.value.items())),  # Postgres has an order of its own
        source=fact.source,
        valid_from=fact.valid_from,
        valid_to=fact.valid_to,
        version=fact.version,
        created_at=fact.created_at,
        updated_at=fact.updated_at,
    )


@Endpoint("GET", "/facts", TAG, Scope.FACTS_READ, FactPage)
def list_facts(query: FactListQuery) -> FactPage:
    """Facts, the newest first."""
    after = read_cursor(query)
    found = stored.list_page(
        kind=query.kind,
        updated_since=query.updated_since,
        after=UUID(after[0]) if after else None,
        limit=query.limit + 1,
    )
    shown, cursor = cut_page(found, query, lambda fact: [str(fact.id)])
    return FactPage(items=[fact_resource(one) for one in shown], next_cursor=cursor)


@Endpoint("GET", PLACE, TAG, Scope.FACTS_READ, FactResource)
def get_fact(fact_id: UUID) -> Answer:
    """One fact."""
    fact = stored.find(fact_id)
    if fact is None:
        raise not_found("fact")
    return single(fact_resource(fact))


@Endpoint("POST", "/facts", TAG, Scope.FACTS_WRITE, FactResource, 201, (409,), idempotent=True)
def create_fact(json: FactContent) -> Answer:
    """Add a fact. It has a name of its own (kind, key, first day): another of the same name is
    refused with 409 of type `fact-exists`.
    """
    try:
        fact = desk.add(_draft(json), current_user_id())
    except BadFact as bad:
        raise _bad_fact(bad) from None
    db.session.flush()
    keep_answer_open()
    place = url_for("api.get_fact", fact_id=fact.id)
    return single(fact_resource(fact), 201, {"Location": place})


@Endpoint("PUT", PLACE, TAG, Scope.FACTS_WRITE, FactResource, refusals=(409,), conditional=True)
def put_fact(fact_id: UUID, json: FactContent) -> Answer:
    """Change a fact, as a whole."""
    fact = stored.get_locked(fact_id)
    require_match(fact_resource(fact))
    try:
        changed = desk.change(fact_id, _draft(json), current_user_id(), fact.version)
    except BadFact as bad:
        raise _bad_fact(bad) from None
    db.session.flush()
    return single(fact_resource(changed))


@Endpoint("DELETE", PLACE, TAG, Scope.FACTS_WRITE, FactResource, conditional=True)
def delete_fact(fact_id: UUID) -> Answer:
    """Remove a fact; the answer is what it was."""
    fact = stored.get_locked(fact_id)
    shown = fact_resource(fact)
    require_match(shown)
    desk.remove(fact_id, current_user_id(), fact.version)
    db.session.flush()
    return single(shown)


def _draft(json: FactContent) -> FactDraft:
    return FactDraft(
        kind=json.kind,
        key=json.key,
        value=json.value,
        source=json.source,
        valid_from=json.valid_from,
        valid_to=json.valid_to,
    )


def _bad_fact(bad: BadFact) -> Problem:
    errors = [
        {
            "place": "body",
            "pointer": _pointer(problem.field),
            "detail": problem.reason,
        }
        for problem in bad.problems
    ]
    return Problem(
        422, "The fact cannot be stored: `errors` says why.", kind="bad-fact", errors=errors
    )


def _pointer(field: str) -> str:
    """The place of a field: those of the kind stand within `value`."""
    if field in {"key", "value", "source", "valid_to"}:
        return f"/{field}"
    return "/value/" + field.replace(".", "/")
