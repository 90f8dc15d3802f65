"""Plays everything in several processes, each with embedded stores of its own."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty
from typing import Any

from flask import Flask

from tests.process_system import build_models
from tests.quality import customers, sentences, slot_values, system, turns
from tests.quality.customers import Customer
from tests.quality.play import Played, Reading, play
from tests.quality.sentences import Heard
from tests.quality.slot_values import ReadValue
from tests.quality.turns import ReadTurn

PROCESSES = 2
PATIENCE = 5.0
"""Seconds after which it is looked whether the processes still live."""


@dataclass(frozen=True)
class PlayCustomer:
    """One dialogue to be played."""

    customer: Customer
    seed: int
    reading: Reading

    def run(self, app: Flask, agents: tuple[int, int]) -> Played:
        """How it went."""
        return play(app, agents, self.customer, self.seed, self.reading)


@dataclass(frozen=True)
class PlaySentence:
    """One sentence to be said."""

    sentence: dict[str, Any]

    def run(self, app: Flask, agents: tuple[int, int]) -> Heard:
        """What came of it."""
        return sentences.play(app, agents, self.sentence)


@dataclass(frozen=True)
class ReadTurns:
    """The turns of a voice to be read."""

    voice: str

    def run(self, app: Flask, _agents: tuple[int, int]) -> list[ReadTurn]:
        """How they were read."""
        reader = turns.model_reader(app.extensions["gatte_local_models"])
        return turns.read_all(turns.read(self.voice), reader)


@dataclass(frozen=True)
class ReadValues:
    """The values of a voice's turns to be read."""

    voice: str

    def run(self, app: Flask, _agents: tuple[int, int]) -> list[ReadValue]:
        """How they were stored."""
        return slot_values.read_all(turns.read(self.voice), app.extensions["gatte_local_models"])


Task = PlayCustomer | PlaySentence | ReadTurns | ReadValues
Result = Played | Heard | list[ReadTurn] | list[ReadValue]


@dataclass
class Results:
    """All that was played and read."""

    played: list[Played] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    read: list[ReadTurn] = field(default_factory=list)
    values: list[ReadValue] = field(default_factory=list)

    def add(self, one: Result) -> None:
        """Take one result in."""
        match one:
            case Played():
                self.played.append(one)
            case Heard():
                self.heard.append(one)
            case _:
                self.read += [turn for turn in one if isinstance(turn, ReadTurn)]
                self.values += [value for value in one if isinstance(value, ReadValue)]


def tasks(
    voices: Sequence[str],
    seeds: int,
    only: str | None,
    readings: Sequence[Reading] = tuple(Reading),
) -> Iterator[Task]:
    """What is to be done; `only` is `customers`, `sentences`, `turns` or None for all."""
    for voice in voices:
        if only in {None, "customers"}:
            for customer in customers.read(voice):
                for seed in range(seeds):
                    for reading in readings:
                        yield PlayCustomer(customer, seed, reading)
        if only in {None, "sentences"}:
            yield from (PlaySentence(one) for one in sentences.read(voice))
        if only in {None, "turns"}:
            yield ReadTurns(voice)
            yield ReadValues(voice)


def run(todo: Sequence[Task]) -> Results:
    """Do all tasks; RuntimeError when a process ended before its last one."""
    build_models()
    context = get_context("spawn")
    done: Queue[Any] = context.Queue()
    processes = [
        context.Process(target=_work, args=(todo[number::PROCESSES], done))
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    results, missing = Results(), len(todo)
    while missing:
        try:
            results.add(done.get(timeout=PATIENCE))
        except Empty:
            if any(process.exitcode for process in processes):
                raise RuntimeError("a process that played dialogues failed") from None
        else:
            missing -= 1
    for process in processes:
        process.join()
    return results


def _work(todo: Sequence[Task], done: "Queue[Any]") -> None:
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            system.running(Path(folder)) as (app, agents),
        ):
            for task in todo:
                done.put(task.run(app, agents))
    except BaseException:
        done.cancel_join_thread()  # else the process waits for a reader that may be gone
        raise
