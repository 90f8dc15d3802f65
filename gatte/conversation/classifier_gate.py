"""Says beforehand what a message needs: a classifier (what rules, offers and the asked slot settle
costs no model), an answer.
"""

from collections.abc import Iterable

from gatte.conversation.customer_input import option_named_in
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.escalation_rules import find_trigger
from gatte.conversation.fallback import looks_like_question
from gatte.conversation.input_triage import SILENT
from gatte.conversation.nlu import MessageKind
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.rules import command_in, small_talk_in
from gatte.conversation.slot_filling import current_flow
from gatte.conversation.snapshot import Owner, Snapshot
from gatte.conversation.states import State


def needs_classifier(snapshot: Snapshot, text: str) -> bool:
    """Whether the intent of this text may matter; False where it is decided without."""
    if snapshot.owner == Owner.HUMAN or not text.strip():
        return False
    if (
        command_in(text)
        or find_trigger(text)
        or small_talk_in(text)
        or option_named_in(DecisionBuilder(snapshot), text)
    ):
        return False
    expects_yes = snapshot.state == State.CONFIRMING or bool(snapshot.flags.get("offer"))
    return not (expects_yes and yes_or_no(text) is not None) and not _answers_slot(snapshot, text)


def expects_answer(snapshot: Snapshot, kinds: Iterable[MessageKind]) -> bool:
    """Whether the bot will most likely answer messages of these kinds: not while a person is waited
    for or in charge, nor a reaction.
    """
    with_people = snapshot.owner == Owner.HUMAN or snapshot.state in {
        State.WAITING_HUMAN,
        State.WITH_HUMAN,
    }
    return not with_people and any(kind not in SILENT for kind in kinds)


def _answers_slot(snapshot: Snapshot, text: str) -> bool:
    """Whether the running flow's question is plainly answered; free text may be another wish, and
    is looked at.
    """
    flow = current_flow(DecisionBuilder(snapshot))
    slot = flow.slot(snapshot.requested_slot) if flow else None
    if slot is None or slot.free_text or looks_like_question(text):
        return False
    return slot.parse_answer(text, snapshot).value is not None
