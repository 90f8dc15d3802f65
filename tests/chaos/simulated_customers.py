"""Customers whose answers can be told apart, so that from outside one sees what was lost, came
twice, or out of order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.chaos.kill_orders import MARK
from tests.fakes import payloads
from tests.fakes.people import Person

Json = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """What a customer writes, and words that only its answer holds; without words any answer will
    do.
    """

    part: Json
    answer: str


@dataclass(frozen=True)
class Verdict:
    """How a customer fared, in answers."""

    lost: int = 0
    twice: int = 0
    out_of_order: int = 0

    @property
    def fine(self) -> bool:
        return not (self.lost or self.twice or self.out_of_order)


@dataclass
class Customer:
    """One customer. A patient one writes the next line when the last was answered, a hasty one when
    it was delivered.
    """

    person: Person
    lines: tuple[Line, ...]
    hasty: bool = False
    silent: bool = False  # waits for a word of the bot after the last answer
    written: int = 0
    under_way: bool = False
    next_at: float = 0.0
    heard: list[tuple[str, str]] = field(default_factory=list)  # outbox id and words
    injections: list[str] = field(default_factory=list)  # what struck while this one was waiting
    wamids: list[str] = field(default_factory=list)  # of what this one wrote

    @property
    def expected(self) -> int:
        return len(self.lines) + (1 if self.silent else 0)

    @property
    def wrote_all(self) -> bool:
        return self.written == len(self.lines) and not self.under_way

    @property
    def content(self) -> bool:
        """Whether everything that must be said was said; of a hasty one's answers some may have
        become one.
        """
        return self.wrote_all and len(self.heard) >= (1 if self.hasty else self.expected)

    def may_write(self, now: float) -> bool:
        if self.under_way or self.written == len(self.lines) or now < self.next_at:
            return False
        return self.hasty or len(self.heard) >= self.written

    def verdict(self) -> Verdict:
        """What was lost, came twice or out of order, by what this customer received."""
        places = [self._place(words, index) for index, (_, words) in enumerate(self.heard)]
        twice = len(self.heard) - len({outbox_id for outbox_id, _ in self.heard})
        twice = max(twice, len(places) - len(set(places)), len(self.heard) - self.expected)
        backwards = sum(1 for before, after in pairwise(places) if after < before)
        missing = (0 if self.heard else 1) if self.hasty else self.expected - len(set(places))
        return Verdict(max(0, missing), max(0, twice), backwards)

    def _place(self, words: str, index: int) -> int:
        """Which of the lines an answer belongs to; one that belongs to none is in its place."""
        if index >= len(self.lines) and self.silent:
            return index
        known = [
            place for place, line in enumerate(self.lines) if line.answer and line.answer in words
        ]
        return known[-1] if known else index


def _line(words: str, answer: str) -> Line:
    return Line(payloads.text(words), answer)


def greeter(person: Person) -> Customer:
    return Customer(person, (_line("oi", "Como posso ajudar"),))


def unlucky(person: Person) -> Customer:
    """Somebody whose turn fails when a point needs it; an apology is an answer too."""
    return Customer(person, (_line(f"{MARK}, qual o horário de vocês?", ""),))


def sleeper(person: Person) -> Customer:
    """Somebody who begins a flow and falls silent."""
    return Customer(person, (_line("quero abrir um chamado", "assunto"),), silent=True)


def reporter(person: Person) -> Customer:
    """Somebody who opens a ticket, step by step, and asks in the end what has become of it."""
    subject = f"token {person.phone} sumiu"
    return Customer(
        person,
        (
            _line("quero abrir um chamado", "qual é o assunto"),
            _line(subject, "Conte o que aconteceu"),
            _line(
                "instalei o driver mas o windows nao reconhece o token de jeito nenhum",
                "Qual é a urgência",
            ),
            _line("é urgente", "Vou abrir este chamado"),
            _line("sim", "O chamado foi aberto"),
            _line("meu chamado", f"{subject}: aberto"),
        ),
    )


def hasty(person: Person) -> Customer:
    """Somebody who asks one thing after another and waits for no answer."""
    lines = (
        _line("quanto custa o certificado a1?", "O valor depende do tipo"),
        _line("e aceita pix?", "As formas mais comuns são Pix"),
        _line("qual a diferença do a1 pro a3?", "O A1 é um arquivo instalado"),
        _line("quais documentos precisa pra tirar o ecnpj?", "contrato social"),
    )
    return Customer(person, lines, hasty=True)


CROWD: tuple[Callable[[Person], Customer], ...] = (reporter, hasty)
