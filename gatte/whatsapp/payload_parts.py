"""The lists of a webhook body, looked at item by item: to a bound, so that no body holds a process
up; the excess stays one body.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gatte.whatsapp.events import CompanyEcho, InboundMessage, StatusUpdate, UnhandledEvent

OBJECT = "whatsapp_business_account"
BESIDE = ("messaging_product", "metadata", "contacts")
MAX_PARTS = 5_000
"""Parts of a body that are looked at one by one. Meta sends at most 1,000 in one; what is more is
kept as it came.
"""
REST_FIELD = "rest"
"""The field of an event that holds a webhook body: what was more in another."""


@dataclass
class ParsedPayload:
    """What was found in a body so far, and how many of its parts may still be looked at."""

    now: datetime
    messages: list[InboundMessage] = field(default_factory=list)
    statuses: list[StatusUpdate] = field(default_factory=list)
    echoes: list[CompanyEcho] = field(default_factory=list)
    others: list[UnhandledEvent] = field(default_factory=list)
    left: int = MAX_PARTS


@dataclass(frozen=True)
class ListedParts:
    """A list in a body: what its events are called, its number, its items, and how a body is made
    that holds some of them alone.
    """

    name: str
    number: str | None
    items: object
    alone: Callable[[list[Any]], dict[str, Any]]


def iterate_parts(
    found: ParsedPayload, among: ListedParts, take: Callable[[ParsedPayload, dict[str, Any]], None]
) -> None:
    """Give every object of a list to `take`; what is no list, or no object in it, is kept as it is,
    and the excess as one body.
    """
    if not isinstance(among.items, list):
        if among.items is not None:
            found.others.append(UnhandledEvent(among.name, among.number, among.items))
        return
    for place, item in enumerate(among.items):
        if found.left <= 0:
            found.others.append(
                UnhandledEvent(REST_FIELD, among.number, among.alone(among.items[place:]))
            )
            return
        found.left -= 1
        if isinstance(item, dict):
            take(found, item)
        else:
            found.others.append(UnhandledEvent(among.name, among.number, item))


def part_of(change: str, value: dict[str, Any], number: str | None, part: str) -> ListedParts:
    """One list of a change; a body with some of it alone has the metadata and the contacts too,
    without which nothing can be read.
    """

    def alone(some: list[Any]) -> dict[str, Any]:
        beside = {key: value[key] for key in BESIDE if key in value}
        return body_of([{"changes": [{"field": change, "value": {**beside, part: some}}]}])

    return ListedParts(part if change == "messages" else change, number, value.get(part), alone)


def body_of(entries: list[Any]) -> dict[str, Any]:
    """A webhook body of these entries."""
    return {"object": OBJECT, "entry": entries}
