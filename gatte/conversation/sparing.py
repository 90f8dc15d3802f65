"""Says beforehand what a message needs: a classifier (what rules, offers and the asked slot settle costs no model), an answer."""

from collections.abc import Iterable

from gatte.conversation.alarms import alarm_in
from gatte.conversation.draft import Draft
from gatte.conversation.filling import running
from gatte.conversation.ladder import looks_like_question
from gatte.conversation.listening import typed_choice
from gatte.conversation.media import SILENT
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.rules import command_in, social_in
from gatte.conversation.snapshot import Owner, Snapshot
from gatte.conversation.states import State
from gatte.conversation.understanding import MessageKind


def needs_understanding(snapshot: Snapshot, text: str) -> bool:
    """Whether the intent of this text may matter; False where it is decided without."""
    if snapshot.owner == Owner.HUMAN or not text.strip():
        return False
    if command_in(text) or alarm_in(text) or social_in(text) or typed_choice(Draft(snapshot), text):
        return False
    expects_yes = snapshot.state == State.CONFIRMING or bool(snapshot.notes.get("offer"))
    return not (expects_yes and yes_or_no(text) is not None) and not _answers_slot(snapshot, text)


def expects_answer(snapshot: Snapshot, kinds: Iterable[MessageKind]) -> bool:
    """Whether the bot will most likely answer messages of these kinds: not while a person is waited for or in charge, nor a reaction."""
    with_people = snapshot.owner == Owner.HUMAN or snapshot.state in {State.WAITING_HUMAN, State.WITH_HUMAN}
    return not with_people and any(kind not in SILENT for kind in kinds)


def _answers_slot(snapshot: Snapshot, text: str) -> bool:
    """Whether the running flow's question is plainly answered; free text may be another wish, and is looked at."""
    flow = running(Draft(snapshot))
    slot = flow.slot(snapshot.asking) if flow else None
    if slot is None or slot.free or looks_like_question(text):
        return False
    return slot.parse(text, snapshot).value is not None
