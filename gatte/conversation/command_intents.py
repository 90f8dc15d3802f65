"""The intents of messages that a model read as commands: what `message.intent` and the metrics
show.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gatte.conversation.commands import PRECEDENCE, Command, TurnReading, intent_of
from gatte.conversation.nlu import IntentPrediction, PredictionSource, Utterance

RANK = {kind: rank for rank, group in enumerate(PRECEDENCE) for kind in group}


def with_intents(heard: tuple[Utterance, ...], reading: TurnReading) -> tuple[Utterance, ...]:
    """The messages, each with the intent of the weightiest command that Gemini read in it; those of
    which it read none keep theirs.
    """
    read = [one for one in reading.commands if one.source is PredictionSource.GEMINI]
    return tuple(_with_intent(one, read, reading.model) for one in heard) if read else heard


def _with_intent(one: Utterance, read: Sequence[Command], model: str) -> Utterance:
    spoken = (command for command in read if command.span and command.span in one.text)
    found = _weightiest(spoken)
    intent = intent_of(found) if found else None
    if found is None or intent is None:
        return one
    name, _, version = model.partition(" ")
    prediction = IntentPrediction(intent, found.confidence, found.source, (), name, version)
    return replace(one, understanding=prediction)


def _weightiest(commands: Iterable[Command]) -> Command | None:
    return min(commands, key=lambda command: RANK[type(command)], default=None)
