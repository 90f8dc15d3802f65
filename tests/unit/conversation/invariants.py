"""What must hold for every decision, whatever led to it; used by the random runs."""

import json

from gatte.conversation.effects import (
    CaptureLead,
    CorrectData,
    EraseData,
    OpenTicket,
    QueueForHuman,
    RequestAppointment,
)
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.input_triage import SILENT
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.replies import ButtonsReply, MenuReply, Reply, TextReply, from_json, to_json
from gatte.conversation.slot_filling import summary_fingerprint
from gatte.conversation.snapshot import (
    AnswerFound,
    Decision,
    Input,
    MessagesReceived,
    Owner,
    Snapshot,
)
from gatte.conversation.states import TRANSITIONS, Event, State

NEEDS_YES = (CaptureLead, OpenTicket, EraseData, RequestAppointment, CorrectData)
STORED = (
    "flow",
    "requested_slot",
    "suspended_flow",
    "fallback_count",
    "invalid_slot_count",
    "consecutive_errors",
)
PASSWORD = "S3nh4#Secreta"
TYPED_YES = {"1", "a primeira", "sim, confirmo"}
PERSONAL = (PASSWORD, "52998224725", "45997418000153", "joao@x.com", "João", "Ana Lima", "Padaria")


def check(before: Snapshot, happening: Input, decision: Decision, shown_mark: str) -> None:
    """All invariants of one decision; `shown_mark` stands for the summary that the customer saw
    last.
    """
    after = decision.snapshot
    _steps_follow_the_table(before, decision)
    _a_human_is_not_spoken_over(before, happening, decision)
    _flow_and_state_agree(after)
    _effects_were_confirmed(before, happening, decision, shown_mark)
    _counters_are_bounded(after)
    _survives_storage(after, decision.replies)
    assert len(decision.replies) <= 2, decision.replies
    for reply in decision.replies:
        _fits_whatsapp(reply, own=not isinstance(happening, AnswerFound))
    assert decision.question is None or (
        decision.question.strip() and after.state in {State.ANSWERING, State.WAITING_HUMAN}
    )
    assert not any(personal in str(after.flags) for personal in PERSONAL), (
        "notes are for marks; personal data belongs in slots"
    )
    assert PASSWORD not in str((after.slots, after.flags, decision.effects, decision.question))


def _steps_follow_the_table(before: Snapshot, decision: Decision) -> None:
    state = before.state
    for step in decision.steps:
        assert step.from_state == state
        assert TRANSITIONS[(step.from_state, step.event)] == step.to_state
        state = step.to_state
    assert state == decision.snapshot.state


def _a_human_is_not_spoken_over(before: Snapshot, happening: Input, decision: Decision) -> None:
    assert (decision.snapshot.owner == Owner.HUMAN) == (decision.snapshot.state == State.WITH_HUMAN)
    if decision.snapshot.owner == Owner.HUMAN or (
        before.owner == Owner.HUMAN and isinstance(happening, MessagesReceived)
    ):
        assert decision.replies == ()
        assert decision.question is None


def _flow_and_state_agree(after: Snapshot) -> None:
    if after.state in {State.COLLECTING, State.CONFIRMING}:
        assert after.flow in FLOWS
        assert after.requested_slot
    if after.state in {
        State.START,
        State.MENU,
        State.WAITING_HUMAN,
        State.WITH_HUMAN,
        State.TIMEOUT,
        State.CLOSED,
    }:
        assert after.flow is None
        assert after.requested_slot is None


def _says_yes(happening: Input, mark: str) -> bool:
    """Whether the customer tapped the yes of the summary with this mark, typed it, or said yes and
    nothing against it, in messages that are read.
    """
    if not isinstance(happening, MessagesReceived):
        return False
    told = [one for one in happening.utterances if one.kind not in SILENT]
    tapped = any(one.choice == f"confirm:{mark}:yes" for one in told)
    answers = {yes_or_no(one.text) for one in told if one.text}
    typed = any(one.text.strip().casefold() in TYPED_YES for one in told)
    return tapped or typed or (True in answers and False not in answers)


def _effects_were_confirmed(
    before: Snapshot, happening: Input, decision: Decision, shown_mark: str
) -> None:
    if Event.CONFIRMED in [step.event for step in decision.steps]:
        assert _says_yes(happening, shown_mark)
    if any(isinstance(effect, NEEDS_YES) for effect in decision.effects):
        assert Event.CONFIRMED in [step.event for step in decision.steps]
        assert summary_fingerprint(before) == shown_mark
    assert sum(isinstance(effect, NEEDS_YES) for effect in decision.effects) <= 1
    assert sum(isinstance(effect, QueueForHuman) for effect in decision.effects) <= 1


def _counters_are_bounded(after: Snapshot) -> None:
    assert after.fallback_count < 3
    assert after.invalid_slot_count < 5
    assert after.consecutive_errors < 2
    assert type(after.flow or "") is type(after.suspended_flow or "") is str
    assert sum(len(key) + len(value) for key, value in after.flags.items()) < 4000


def _survives_storage(after: Snapshot, replies: tuple[Reply, ...]) -> None:
    stored = {name: getattr(after, name) for name in STORED} | {
        "slots": dict(after.slots),
        "flags": dict(after.flags),
    }
    assert json.loads(json.dumps(stored)) == stored
    assert all(type(value) is str for value in (*after.slots.values(), *after.flags.values()))
    assert all(from_json(to_json(reply)) == reply for reply in replies[-1:])


def _fits_whatsapp(reply: Reply, *, own: bool) -> None:
    assert isinstance(reply, TextReply | ButtonsReply | MenuReply)
    assert reply.body.strip()
    assert len(reply.body) <= (1024 if isinstance(reply, ButtonsReply) else 4096)
    assert not own or len(reply.body) <= 1024, len(reply.body)
    if isinstance(reply, ButtonsReply):
        _fits(reply, most=3, title=20, identity=256)
    if isinstance(reply, MenuReply):
        _fits(reply, most=10, title=24, identity=200)
        assert 1 <= len(reply.button) <= 20
        assert all(len(option.description) <= 72 for option in reply.options)


def _fits(reply: ButtonsReply | MenuReply, *, most: int, title: int, identity: int) -> None:
    assert 1 <= len(reply.options) <= most
    assert all(
        1 <= len(option.title) <= title and 1 <= len(option.id) <= identity
        for option in reply.options
    )
    assert len({option.id for option in reply.options}) == len(reply.options)
    assert len({option.title for option in reply.options}) == len(reply.options)
