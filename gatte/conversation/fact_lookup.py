"""The facts of one answer as they are looked up: which rows were used, and what nobody knows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from gatte.business_hours import BusinessHours
from gatte.conversation.company_facts import (
    CompanyFacts,
    Fact,
    FactKind,
    FactReference,
    SentenceValue,
)
from gatte.conversation.texts import render


@dataclass
class FactLookup:
    """What the sentences of one answer are made from, and what they have used so far."""

    facts: CompanyFacts
    hours: BusinessHours
    now: datetime
    used: list[FactReference] = field(default_factory=list)
    offers_person: bool = False

    @property
    def today(self) -> date:
        return self.now.date()

    def all_of(self, kind: FactKind) -> list[Fact]:
        return self.facts.of(kind, self.today)

    def use(self, *facts: Fact) -> None:
        self.used += [one.reference for one in facts if one.reference not in self.used]

    def unknown(self, key: str, **variables: object) -> str:
        """A sentence that says that something is not known here; a person is offered."""
        self.offers_person = True
        return render(f"facts.{key}", **variables)


def sentence_of(row: Fact) -> str:
    """The sentence of a fact that is told as it stands."""
    return row.value.text if isinstance(row.value, SentenceValue) else ""


def list_in_words(names: Sequence[str]) -> str:
    """Names as people list them: "Pix, boleto e cartão"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} e {names[-1]}"
