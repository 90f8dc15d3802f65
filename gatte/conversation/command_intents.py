"""The intents of messages that a model read as commands: what `message.intent` and the metrics
show.
"""

from collections.abc import Sequence
from dataclasses import replace

from gatte.conversation.commands import PRECEDENCE, Command, TurnReading, intent_of
from gatte.conversation.nlu import Intent, IntentPrediction, PredictionSource, Utterance

RANK = {kind: rank for rank, group in enumerate(PRECEDENCE) for kind in group}


def with_intents(heard: tuple[Utterance, ...], reading: TurnReading) -> tuple[Utterance, ...]:
    """The messages, each with the intent of the weightiest command that Gemini read in it; those in
    which it read none that has an intent keep theirs.
    """
    read = [one for one in reading.commands if one.source is PredictionSource.GEMINI]
    if not read:
        return heard
    return tuple(_with_intent(one, read, reading.model) for one in heard)


def _with_intent(one: Utterance, read: Sequence[Command], model: str) -> Utterance:
    spoken = [command for command in read if command.span and command.span in one.text]
    showing = [(command, intent) for command in spoken if (intent := intent_of(command))]
    if not showing:
        return one
    weightiest, intent = min(showing, key=_rank)
    name, _, version = model.partition(" ")
    prediction = IntentPrediction(
        intent=intent,
        confidence=weightiest.confidence,
        source=weightiest.source,
        model=name,
        prompt_version=version,
    )
    return replace(one, understanding=prediction)


def _rank(shown: tuple[Command, Intent]) -> int:
    return RANK[type(shown[0])]
