"""What counts whoever else read a turn: alarms, wishes for a person, proven values."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gatte.conversation.command_reader.label_commands import command_of_label, threshold
from gatte.conversation.command_reader.literal_commands import alarms
from gatte.conversation.command_reader.place import Place
from gatte.conversation.command_reader.slot_commands import volunteered
from gatte.conversation.commands import (
    Command,
    CorrectSlot,
    SetSlot,
    TurnReading,
)
from gatte.conversation.nlu import PredictionSource

URGENT = frozenset({"RequestHuman", "Escalate"})


def with_sure_commands(
    place: Place, given: Sequence[Command], reading: TurnReading
) -> list[Command]:
    """The commands that a model gave, beside those that count in any case."""
    return [
        *given,
        *alarms(place, reading),
        *_urgent_labels(place, reading),
        *_proven_values(place, given),
    ]


def _urgent_labels(place: Place, reading: TurnReading) -> Iterator[Command]:
    """Escalations and wishes for a person that the local model hears."""
    for score in reading.labels:
        name, _, _ = score.label.partition(":")
        least = threshold(place, score.label, reading)
        if name not in URGENT or reading.heard(score) < least:
            continue
        command = command_of_label(place, score.label, ())
        if command is not None:
            yield replace(
                command,
                source=PredictionSource.LOCAL,
                confidence=score.probability,
                span="\n".join(place.texts),
            )


def _proven_values(place: Place, given: Sequence[Command]) -> Iterator[SetSlot]:
    """Documents and e-mails that prove themselves, of slots for which no value was given."""
    valued = {one.slot for one in given if isinstance(one, SetSlot | CorrectSlot)}
    for one in volunteered(place, "\n".join(place.texts), sure_only=True):
        if one.value and one.slot not in valued:
            yield one
