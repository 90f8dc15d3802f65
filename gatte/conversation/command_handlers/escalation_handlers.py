"""What brings a person, and what comes before everything else: secrets and insults."""

from gatte.conversation import option_ids
from gatte.conversation.command_handlers.command_run import CommandRun
from gatte.conversation.commands import (
    Command,
    Complain,
    Escalate,
    Hostile,
    OtherLanguage,
    Outcome,
    RequestHuman,
    Secret,
    WrongPerson,
)
from gatte.conversation.effects import EscalationReason
from gatte.conversation.handoff import (
    acknowledge_while_queued,
    announce_queue,
    escalate,
    raises_priority,
)
from gatte.conversation.input_triage import attach_media
from gatte.conversation.slot_filling import suspend_flow
from gatte.conversation.states import Event
from gatte.conversation.texts import exists, render
from gatte.conversation.thresholds import ESCALATE_AFTER, SLOT_OFFERS_HUMAN_AT


def warn_about_secret(turn: CommandRun, command: Secret) -> Outcome:
    """One warning a turn; the message itself is gone from here already."""
    if not turn.resolutions:
        turn.draft.add_text(f"secret.{command.kind}")
    return Outcome.DONE


def answer_hostile(turn: CommandRun, command: Hostile) -> Outcome:
    """Once a calm word and the offer of a person; then silence would be rude, so the same again."""
    turn.settle(command)
    turn.progressed = False
    if turn.count_no_progress() >= ESCALATE_AFTER:
        escalate(turn.draft, EscalationReason.NOT_UNDERSTOOD, "hostile", turn.text)
    else:
        turn.draft.add_buttons(render("ladder.hostile"), option_ids.HUMAN(), option_ids.MENU())
    return Outcome.DONE


def escalate_to_human(turn: CommandRun, command: Escalate) -> Outcome:
    if turn.waiting and not raises_priority(turn.draft, command.reason):
        acknowledge_while_queued(turn.draft)
        return turn.settle(command)
    if turn.attached and not turn.waiting:
        attach_media(turn.draft, list(turn.attached))
    escalate(turn.draft, command.reason, f"{command.source} {command.reason}", turn.text)
    return turn.settle(command)


def request_human(turn: CommandRun, command: RequestHuman) -> Outcome:
    """Put the conversation in the queue; somebody who waits already hears how long."""
    draft = turn.draft
    if turn.waiting:
        draft.add_text("handoff.still_waiting")
        announce_queue(draft)
        return turn.settle(command)
    reason = EscalationReason.REQUESTED
    if draft.snapshot.invalid_slot_count >= SLOT_OFFERS_HUMAN_AT:
        reason = EscalationReason.SLOT_FAILED
    escalate(draft, reason, "asked for a human", turn.text)
    return turn.settle(command)


def complain(turn: CommandRun, command: Complain) -> Outcome:
    escalate(turn.draft, EscalationReason.COMPLAINT, f"{command.source} complaint", turn.text)
    return turn.settle(command)


def complain_while_waiting(turn: CommandRun, command: Complain) -> Outcome:
    if raises_priority(turn.draft, EscalationReason.COMPLAINT):
        escalate(turn.draft, EscalationReason.COMPLAINT, f"{command.source} complaint", turn.text)
    else:
        turn.draft.add_text("handoff.still_waiting")
        announce_queue(turn.draft)
    return turn.settle(command)


def answer_wrong_person(turn: CommandRun, command: WrongPerson) -> Outcome:
    suspend_flow(turn.draft)
    turn.draft.transition(Event.MENU_SHOWN, "wrong person")
    turn.draft.add_buttons(
        render("social.wrong_person", company=turn.draft.snapshot.company[:60]),
        option_ids.HUMAN(),
        option_ids.MENU(),
    )
    return turn.settle(command)


def answer_other_language(turn: CommandRun, command: OtherLanguage) -> Outcome:
    key = f"language.{command.language or 'any'}"
    turn.draft.add_text(key if exists(key) else "language.any")
    escalate(turn.draft, EscalationReason.REQUESTED, "another language", turn.text)
    return turn.settle(command)


def note_for_human(turn: CommandRun, _command: Command) -> Outcome:
    """For the person: noted, and said so once."""
    if turn.draft.question is None and not turn.draft.replies:
        acknowledge_while_queued(turn.draft)
    return Outcome.KEPT
