"""The facts of the company as this process knows them: read again when their version is another."""

from dataclasses import dataclass, field
from datetime import date

from flask import current_app

from gatte import services
from gatte.business_hours import BusinessHours
from gatte.conversation.company_facts import CompanyFacts
from gatte.store import facts


@dataclass
class KnownFacts:
    """What this process has read, of which version, and what follows from it on a day."""

    version: int = -1
    facts: CompanyFacts = field(default_factory=CompanyFacts)
    day: date | None = None
    hours: BusinessHours = field(default_factory=BusinessHours)


def refresh(version: int | None = None) -> CompanyFacts:
    """The facts of this version, or of that which the database has now when a caller does not know
    it.
    """
    known = _known()
    current = facts.read_version() if version is None else version
    if known.version != current:
        loaded = facts.load()
        known.facts, known.version, known.day = loaded, current, None
    return known.facts


def latest() -> CompanyFacts:
    """The facts as `refresh` read them last, without asking anybody."""
    return _known().facts


def business_hours(today: date) -> BusinessHours:
    """When the company is open, by the facts read last; by the settings until these were taken over
    into the table.
    """
    known = _known()
    settings = services.settings()
    if not known.facts.seeded:
        return BusinessHours(settings.gatte_business_hours, settings.gatte_holidays_state)
    if known.day != today:
        known.hours, known.day = known.facts.business_hours(today), today
    return known.hours


def company_name(today: date) -> str:
    """The company's name as customers know it."""
    known = _known().facts.company_text("name", today)
    return known or services.settings().gatte_company_name


def _known() -> KnownFacts:
    known: KnownFacts = current_app.extensions.setdefault("gatte_facts", KnownFacts())
    return known
