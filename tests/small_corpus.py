"""A corpus and a champion that are trained in a few seconds, and corrections of made-up agents."""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

from gatte.intelligence.learning.challenger import Corpus
from gatte.intelligence.learning.correction_set import Correction
from gatte.intelligence.understanding import command_model, turn_examples
from gatte.intelligence.understanding.command_model import CommandModel
from gatte.intelligence.understanding.reading_input import ReadingInput
from gatte.intelligence.understanding.turn_features import TurnContext

TAUGHT, SCORED = ("jovem", "lojista"), "contador"
MONDAY = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
MOVES = (
    "empurra minha reuniao pra frente",
    "arruma outro dia pra mim",
    "nao vai rolar aquele horario",
    "puxa meu atendimento pra outra semana",
    "o dia combinado ficou ruim",
    "da pra adiantar o nosso encontro",
)
"""Wishes that a small model reads otherwise, all for moving an appointment."""
MOVE = frozenset({"StartFlow:move_appointment"})


@cache
def corpus() -> Corpus:
    """Every third turn of two voices, and of a third one that is scored."""
    taught = turn_examples.turns_of(TAUGHT)[::3]
    scored = turn_examples.turns_of({SCORED})[::3]
    return Corpus(taught=taught, scored=scored, whole=(*taught, *scored))


@cache
def champion() -> CommandModel:
    """A model of all of it."""
    return command_model.fit(corpus().whole, "small")


@cache
def trial() -> CommandModel:
    """A model that knows nothing of what is scored."""
    return command_model.fit(corpus().taught, "small-trial")


def correction(
    text: str, labels: frozenset[str] = MOVE, *, contact: int = 1, agent: int = 1, minute: int = 0
) -> Correction:
    """What an agent says that a first message of a contact meant."""
    given = ReadingInput((text,), TurnContext())
    made_at = MONDAY + timedelta(minutes=minute)
    return Correction(UUID(int=contact), agent, made_at, given, labels)


def fair_corrections(count: int = 24) -> list[Correction]:
    """Corrections of three agents, each of a contact of its own."""
    return [
        correction(
            f"{MOVES[number % len(MOVES)]} {'por favor ' * (number // len(MOVES))}".strip(),
            contact=number,
            agent=1 + number % 3,
            minute=number,
        )
        for number in range(count)
    ]


def random_corrections(count: int = 24) -> list[Correction]:
    """The same words with labels drawn by lot."""
    lot = random.Random(5)
    labels = champion().labels
    return [
        Correction(
            one.contact_id, one.user_id, one.made_at, one.given, frozenset({lot.choice(labels)})
        )
        for one in fair_corrections(count)
    ]
