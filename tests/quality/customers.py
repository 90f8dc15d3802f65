"""Simulated customers: what each wants, knows and says, and how a seed varies its writing."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.quality import voice_files

TYPO_CHANCE = 0.15
JOIN_CHANCE = 0.33
SWAP_CHANCE = 0.2
LONG_ENOUGH_FOR_A_TYPO = 5

PLACES_WITHOUT_SLOT = frozenset({"confirm", "offer", "queue", "else"})


@dataclass(frozen=True)
class Aside:
    """What a customer says once instead of a first answer, and what the bot must say after it."""

    at: str
    messages: tuple[str, ...]
    must_say: tuple[str, ...]


@dataclass(frozen=True)
class Customer:
    """One simulated customer of a voice; `end` is the state in which it has what it wants."""

    id: str
    voice: str
    persona: str
    patience: int
    known: dict[str, Any]
    goal: str
    opening: tuple[tuple[str, ...], ...]
    answers: dict[str, list[str]]
    asides: tuple[Aside, ...]
    end: dict[str, Any]
    must_say: tuple[str, ...]
    must_not_say: tuple[str, ...]

    @property
    def wanted_slots(self) -> dict[str, str]:
        """The values that must stand in the database at the end."""
        slots: dict[str, str] = self.end.get("slots") or {}
        return slots


def read(voice: str) -> list[Customer]:
    """The customers of a voice."""
    return [_customer(voice, line) for line in voice_files.lines(voice, "customers")]


def _customer(voice: str, line: dict[str, Any]) -> Customer:
    asides = tuple(
        Aside(one["at"], tuple(one["messages"]), tuple(one.get("must_say", ())))
        for one in line["asides"]
    )
    return Customer(
        id=line["id"],
        voice=voice,
        persona=line["persona"],
        patience=line["patience"],
        known=line["known"],
        goal=line["goal"],
        opening=tuple(tuple(burst) for burst in line["opening"]),
        answers=line["answers"],
        asides=asides,
        end=line["end"],
        must_say=tuple(line["must_say"]),
        must_not_say=tuple(line["must_not_say"]),
    )


def opening(customer: Customer, seed: int) -> tuple[str, ...]:
    """The variant of the opening for this seed."""
    return customer.opening[seed % len(customer.opening)]


def vary(messages: Sequence[str], seed: int, rng: random.Random) -> tuple[str, ...]:
    """The messages as this seed writes them: seed 0 as they stand, others joined, in another
    order, or with a slip of the finger.
    """
    if seed == 0:
        return tuple(messages)
    written = list(messages)
    if len(written) > 1 and rng.random() < SWAP_CHANCE and not _pieces_of_a_number(written):
        place = rng.randrange(len(written) - 1)
        written[place], written[place + 1] = written[place + 1], written[place]
    if len(written) > 1 and rng.random() < JOIN_CHANCE:
        written = ["\n".join(written)]
    return tuple(_with_typo(text, rng) if rng.random() < TYPO_CHANCE else text for text in written)


def _pieces_of_a_number(messages: Sequence[str]) -> bool:
    return all(any(mark.isdigit() for mark in text) for text in messages)


def _with_typo(text: str, rng: random.Random) -> str:
    """Two letters of one long word change places; values with digits or an @ are typed with care,
    and so are names.
    """
    parts = text.split(" ")
    places = [
        number
        for number, part in enumerate(parts)
        if len(part) >= LONG_ENOUGH_FOR_A_TYPO and part.isalpha() and part.islower()
    ]
    if not places or len(parts) < 3:
        return text
    place = rng.choice(places)
    word = parts[place]
    letter = rng.randrange(1, len(word) - 2)
    parts[place] = word[:letter] + word[letter + 1] + word[letter] + word[letter + 2 :]
    return " ".join(parts)
