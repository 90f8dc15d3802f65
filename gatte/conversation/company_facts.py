"""What a company says of itself: hours, address, channels, prices, payment and the like, each a row
of a kind and a key with a typed value.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from gatte.business_hours import (
    ALWAYS_OPEN,
    DAYS,
    BusinessHours,
    SpecialDay,
    check_span,
    holidays_of,
    spell,
)

DAYS_AHEAD = 120
"""Days for which special hours travel with a snapshot."""

Sentence = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=160, pattern=r"^[^\n]+$")
]
OptionalSentence = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=160, pattern=r"^[^\n]*$")
]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\n]+$")
]
Span = Annotated[str, AfterValidator(check_span)]


class FactKind(StrEnum):
    """Kinds of facts of a company."""

    COMPANY = "company"
    HOURS = "hours"
    HOLIDAY = "holiday"
    ADDRESS = "address"
    CHANNEL = "channel"
    PRICE = "price"
    DISCOUNT = "discount"
    PAYMENT = "payment"
    PARTNER = "partner"
    DELIVERY = "delivery"


class FactValue(BaseModel):
    """What a fact says; each kind has its own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CompanyValue(FactValue):
    """The company itself: its name as customers know it, or the state whose holidays it keeps."""

    text: Name


class HoursValue(FactValue):
    """The hours of a weekday, such as `08:00-12:00` and `13:00-18:00`; none when it is closed."""

    spans: Annotated[tuple[Span, ...], Field(max_length=4)]


class HolidayValue(FactValue):
    """A day with hours of its own: closed without spans."""

    name: Name
    spans: Annotated[tuple[Span, ...], Field(max_length=4)] = ()


class AddressValue(FactValue):
    """A place where customers are received."""

    street: Sentence
    district: OptionalSentence = ""
    city: Name
    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    postal_code: Annotated[str, StringConstraints(pattern=r"^(\d{5}-\d{3})?$")] = ""
    directions: OptionalSentence = ""
    parking: OptionalSentence = ""
    access: OptionalSentence = ""


class ChannelValue(FactValue):
    """A way to reach the company, as a customer writes or dials it."""

    contact: Name
    note: OptionalSentence = ""


def _with_cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


class PriceValue(FactValue):
    """What a product costs, in reais."""

    product: Name
    amount: Annotated[
        Decimal, Field(gt=0, max_digits=9, decimal_places=2), AfterValidator(_with_cents)
    ]
    condition: OptionalSentence = ""


class SentenceValue(FactValue):
    """A sentence that is told as it stands."""

    text: Sentence


class PaymentValue(FactValue):
    """A way to pay: whether it is taken, how often it is parted, and days of credit.

    `interest_free` and `term_days` are None where the company has not said.
    """

    name: Name
    accepted: bool = True
    installments: Annotated[int, Field(ge=1, le=60)] | None = None
    interest_free: bool | None = None
    term_days: Annotated[int, Field(ge=0, le=365)] | None = None
    note: OptionalSentence = ""


VALUES: dict[FactKind, type[FactValue]] = {
    FactKind.COMPANY: CompanyValue,
    FactKind.HOURS: HoursValue,
    FactKind.HOLIDAY: HolidayValue,
    FactKind.ADDRESS: AddressValue,
    FactKind.CHANNEL: ChannelValue,
    FactKind.PRICE: PriceValue,
    FactKind.DISCOUNT: SentenceValue,
    FactKind.PAYMENT: PaymentValue,
    FactKind.PARTNER: SentenceValue,
    FactKind.DELIVERY: SentenceValue,
}
KEYS: dict[FactKind, tuple[str, ...]] = {
    FactKind.COMPANY: ("name", "holidays_state"),
    FactKind.HOURS: DAYS,
    FactKind.CHANNEL: ("phone", "email", "site", "instagram", "facebook", "whatsapp"),
    FactKind.PAYMENT: (
        "pix",
        "boleto",
        "credit",
        "debit",
        "cash",
        "transfer",
        "cheque",
        "wallet",
        "invoice",
    ),
    FactKind.DISCOUNT: ("renewal", "quantity", "pix", "group", "general"),
    FactKind.PARTNER: ("terms", "commission", "payment"),
    FactKind.DELIVERY: ("issue", "token", "pickup", "home_visit"),
}
"""The keys that a kind knows; the others have keys of their own: a day, a place, a product."""
LONGEST_KEY = 60


def check_key(kind: FactKind, key: str) -> None:
    """ValueError says why a fact of this kind cannot have this key."""
    known = KEYS.get(kind)
    if known is not None and key not in known:
        raise ValueError(f"{key!r} is no key of {kind}: the keys are {', '.join(known)}")
    if kind is FactKind.HOLIDAY:
        date.fromisoformat(key)
    plain = key.replace("-", "").replace("_", "")
    if not (plain.isascii() and plain.isalnum() and plain == plain.lower()):
        raise ValueError(f"{key!r} may hold small letters, digits and hyphens only")
    if len(key) > LONGEST_KEY:
        raise ValueError(f"{key!r} is longer than {LONGEST_KEY} characters")


def read_value(kind: FactKind, key: str, value: dict[str, Any]) -> FactValue:
    """The value of a fact of this kind; ValueError (pydantic's ValidationError is one) when it
    does not fit.
    """
    check_key(kind, key)
    found = VALUES[kind].model_validate(value)
    if isinstance(found, CompanyValue) and key == "holidays_state":
        holidays_of(found.text)
    return found


@dataclass(frozen=True)
class FactReference:
    """Which row answered: kind, key and the version that the row had then."""

    kind: FactKind
    key: str
    version: int


@dataclass(frozen=True)
class Fact:
    """One fact, valid from a day to a day, both included; None for no bound."""

    kind: FactKind
    key: str
    value: FactValue
    version: int = 1
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the fact is valid on a day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)

    @property
    def reference(self) -> FactReference:
        """How a trace names this row."""
        return FactReference(self.kind, self.key, self.version)


@dataclass(frozen=True)
class CompanyFacts:
    """All facts of a company; `seeded` tells whether the table rules, or still the settings."""

    facts: tuple[Fact, ...] = ()
    seeded: bool = False

    def of(self, kind: FactKind, day: date) -> list[Fact]:
        """The facts of a kind that hold on a day, one a key: of several the one that began last."""
        holding = (one for one in self.facts if one.kind is kind and one.holds_on(day))
        oldest_first = sorted(holding, key=lambda one: one.valid_from or date.min)
        latest = {one.key: one for one in oldest_first}
        in_order = dict.fromkeys(one.key for one in self.facts)
        return [latest[key] for key in in_order if key in latest]

    def find(self, kind: FactKind, key: str, day: date) -> Fact | None:
        """The fact of this kind and key that holds on a day."""
        return next((one for one in self.of(kind, day) if one.key == key), None)

    def company_text(self, key: str, day: date) -> str:
        """A text of the company itself (`name`, `holidays_state`); empty when it is not known."""
        found = self.find(FactKind.COMPANY, key, day)
        return found.value.text if found and isinstance(found.value, CompanyValue) else ""

    def business_hours(self, today: date) -> BusinessHours:
        """When the company is open: the weekdays as they are today, and days that differ as special
        days. Without any hours it never closes.
        """
        week = self._week(today)
        spelled = ALWAYS_OPEN if week is None else spell(week)
        state = self.company_text("holidays_state", today)
        return BusinessHours(spelled, state, tuple(self._special_days(today, week)))

    def _week(self, day: date) -> tuple[tuple[str, ...], ...] | None:
        found = {one.key: one.value for one in self.of(FactKind.HOURS, day)}
        if not found:
            return None
        values = (found.get(weekday) for weekday in DAYS)
        return tuple(one.spans if isinstance(one, HoursValue) else () for one in values)

    def _special_days(
        self, today: date, week: tuple[tuple[str, ...], ...] | None
    ) -> Iterator[SpecialDay]:
        """Holidays of the company's own, and days on which other weekly hours hold by then."""
        days = [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)]
        named = {one.key: one.value for one in self.of(FactKind.HOLIDAY, today)}
        changing = any(
            one.kind is FactKind.HOURS and (one.valid_from or one.valid_to) for one in self.facts
        )
        for day in days:
            value = named.get(day.isoformat())
            if isinstance(value, HolidayValue):
                yield SpecialDay(day, value.name, value.spans)
            elif changing and week is not None:
                then = self._week(day) or week
                differs = then[day.weekday()] != week[day.weekday()]
                if differs and day not in holidays_of(self.company_text("holidays_state", day)):
                    yield SpecialDay(day, "", then[day.weekday()])
