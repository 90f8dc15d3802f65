"""What the refusal policy takes out of a turn: questions and wishes that fall under it become a
refusal, whoever read them; what calls for a person stays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gatte.conversation import refusal_policy
from gatte.conversation.command_reader.place import Place
from gatte.conversation.commands import (
    Command,
    Complain,
    CorrectSlot,
    Escalate,
    Hostile,
    OffTopic,
    Question,
    RequestHuman,
    SetSlot,
    SmallTalk,
    StartFlow,
    Unclear,
    WrongPerson,
)
from gatte.conversation.refusal_policy import RefusalTopic

STRONGER = (Hostile, Escalate, RequestHuman, Complain, WrongPerson, SetSlot, CorrectSlot)
"""Beside these a turn is no mere question: victims of a fraud are heard, and values are taken."""
REPLACED = (StartFlow, OffTopic, SmallTalk, Unclear)
"""What says nothing more where all that was written is refused."""


def with_refusals(place: Place, commands: Sequence[Command]) -> list[Command]:
    """The commands, where what the policy refuses is one `OffTopic` with its topic."""
    tells_story = place.slot is not None and place.slot.long_text
    if tells_story or any(isinstance(one, STRONGER) for one in commands):
        return list(commands)
    topics = {text: refusal_policy.refused_before_search(text) for text in place.texts}
    found = [topic for topic in topics.values() if topic is not None]
    if not found:
        return list(commands)
    all_refused = len(found) == len(topics)
    kept = list(_kept(commands, all_refused=all_refused))
    return [*kept, OffTopic(topic=found[0], span="\n".join(place.texts))]


def _kept(commands: Sequence[Command], *, all_refused: bool) -> Iterator[Command]:
    for one in commands:
        if isinstance(one, Question):
            allowed = [line for line in one.text.splitlines() if _topic(line) is None]
            if allowed:
                yield replace(one, text="\n".join(allowed))
        elif one.literal or not isinstance(one, OffTopic if not all_refused else REPLACED):
            yield one


def _topic(line: str) -> RefusalTopic | None:
    return refusal_policy.refused_before_search(line)
