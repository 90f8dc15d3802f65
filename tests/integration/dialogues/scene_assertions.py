"""Compares what came of a scene with its lines, and the tables with what must always hold."""

from collections import Counter
from collections.abc import Callable

from sqlalchemy import func, select

from gatte.conversation import decision_history
from gatte.conversation.replies import TICKET_NUMBER
from gatte.conversation.states import Event
from gatte.extensions import db
from gatte.models import (
    Author,
    Conversation,
    DeliveryAttempt,
    Direction,
    Lead,
    Message,
    Outbox,
    Ticket,
    Transition,
    Turn,
    TurnOutcome,
)
from gatte.turns.replay import replay_conversation
from gatte.web.panel import labels
from tests.integration.dialogues import confidence_margins
from tests.stage.script import Check, Expected, Scene
from tests.stage.stage import Received, Stage

BETWEEN_PIECES = "…"
NOTHING = ("nenhum", "nenhuma", "ninguém")
SILENCE = "(silêncio)"


class Differs(AssertionError):
    """What happened is not what a line says."""


def plain(text: str) -> str:
    """A text as it is compared: on one line, without WhatsApp's bold marks."""
    return " ".join(text.replace("*", "").split())


def holds(text: str, wanted: str) -> bool:
    """Whether the pieces of a line stand in a text, in their order."""
    found, position = plain(text), 0
    for piece in filter(None, (plain(one) for one in wanted.split(BETWEEN_PIECES))):
        position = found.find(piece, position)
        if position < 0:
            return False
        position += len(piece)
    return True


def check(stage: Stage, scene: Scene) -> None:
    """All lines of a scene; Differs tells the first that is not so, with what was instead."""
    answers = [one for one in stage.new_answers() if one.author is Author.BOT]
    _check_answers(scene, answers)
    for expected in scene.expected:
        if expected.check is Check.NOT_SAID and any(
            holds(one.body, expected.words) for one in answers
        ):
            raise Differs(f"linha {expected.line}: o robô disse {expected.words!r}")
        if expected.check is Check.BUTTONS:
            _same_buttons(expected, [one.title for one in answers[-1].options] if answers else [])
        if expected.check in TABLES:
            _check_table(stage, expected)


def _check_answers(scene: Scene, answers: list[Received]) -> None:
    lines = [one for one in scene.expected if one.check is Check.BOT and one.words != SILENCE]
    said = [one.body for one in answers]
    if len(lines) != len(said):
        raise Differs(
            f"linha {scene.line}: esperadas {len(lines)} mensagens do robô, "
            f"vieram {len(said)}: {said}"
        )
    for expected, text in zip(lines, said, strict=True):
        if not holds(text, expected.words):
            raise Differs(
                f"linha {expected.line}: esperado {expected.words!r}, o robô disse: {text!r}"
            )


def _same_buttons(expected: Expected, shown: list[str]) -> None:
    wanted = (
        [] if expected.words in NOTHING else [title.strip() for title in expected.words.split("|")]
    )
    if wanted != shown:
        raise Differs(f"linha {expected.line}: esperados os botões {wanted}, vieram {shown}")


def _check_table(stage: Stage, expected: Expected) -> None:
    with stage.open():
        found = TABLES[expected.check](stage)
    if expected.check is Check.FORGOTTEN:
        if holds(found, expected.words):
            raise Differs(f"linha {expected.line}: o histórico ainda guarda {expected.words!r}")
        return
    pieces = (
        [] if expected.words in NOTHING else [piece.strip() for piece in expected.words.split(";")]
    )
    if bool(pieces) != bool(found) or any(not holds(found, piece) for piece in pieces):
        raise Differs(f"linha {expected.line}: esperado {expected.words!r}, está: {found!r}")


def _state(stage: Stage) -> str:
    return labels.STATES[stage.conversation().state]


def _ticket(stage: Stage) -> str:
    mine = select(Ticket).filter_by(contact_id=stage.contact().id)
    row = db.session.scalars(mine.order_by(Ticket.number.desc())).first()
    if row is None:
        return ""
    attached = f"{len(row.attachments)} anexo" + ("s" if len(row.attachments) != 1 else "")
    return (
        f"nº {row.number}; {labels.TICKET_KINDS[row.kind]}; "
        f"{row.subject}; {row.description}; "
        f"{labels.URGENCIES[row.urgency]}; {attached}"
    )


def _lead(stage: Stage) -> str:
    rows = list(
        db.session.scalars(
            select(Lead).filter_by(contact_id=stage.contact().id).order_by(Lead.created_at)
        )
    )
    if not rows:
        return ""
    row = rows[-1]
    facts = [
        row.product,
        row.name,
        row.document,
        row.company,
        row.email,
        "renovação" if row.renewal_of else None,
        f"total {len(rows)}",
    ]
    return "; ".join(fact for fact in facts if fact)


def _queue(stage: Stage) -> str:
    talk = stage.conversation()
    if talk.escalation_reason is None or talk.waiting_since is None:
        return ""
    return f"{labels.REASONS[talk.escalation_reason]}; prioridade {talk.priority}; {talk.summary}"


def _notices(stage: Stage) -> str:
    return "desligados" if stage.contact().opted_out_at else "ligados"


def _contact(stage: Stage) -> str:
    contact = stage.contact()
    return f"nome {contact.name}; e-mail {contact.email}; documento {contact.document}"


def _history(stage: Stage) -> str:
    mine = select(Message).filter_by(contact_id=stage.contact().id)
    talks = db.session.scalars(select(Conversation).filter_by(contact_id=stage.contact().id))
    kept = [f"{row.body} {row.raw_payload}" for row in db.session.scalars(mine)]
    return " ".join(
        [*kept, *(f"{talk.slots} {talk.flags} {talk.summary}" for talk in talks), _traces(stage)]
    )


def _traces(stage: Stage) -> str:
    return " ".join(str(turn.trace) for turn in _turns(stage))


TABLES: dict[Check, Callable[[Stage], str]] = {
    Check.STATE: _state,
    Check.TICKET: _ticket,
    Check.LEAD: _lead,
    Check.QUEUE: _queue,
    Check.NOTICES: _notices,
    Check.CONTACT: _contact,
    Check.FORGOTTEN: _history,
}


# --- what must hold at the end of every dialogue ---


def check_all_is_well(stage: Stage) -> None:
    """No message unanswered, none answered twice, no error that was not meant, a replay gives the
    same, and no decision was narrow.
    """
    with stage.open():
        _every_message_has_a_turn(stage)
        _nothing_was_sent_twice(stage)
        _no_turn_failed_unasked(stage)
        _every_answer_is_of_its_turn(stage)
        _replay_gives_the_same(stage)
        _nothing_rests_on_a_narrow_margin(stage)


def _every_message_has_a_turn(stage: Stage) -> None:
    unread = select(func.count()).where(
        Message.contact_id == stage.contact().id, Message.direction == Direction.IN
    )
    if left := db.session.scalar(
        unread.where(Message.turn_id.is_(None), Message.skip_reason.is_(None))
    ):
        raise Differs(f"{left} mensagens do cliente não foram lidas por nenhum turno")


def _nothing_was_sent_twice(stage: Stage) -> None:
    accepted = select(DeliveryAttempt.outbox_id).where(DeliveryAttempt.outcome == "accepted")
    twice = [one for one, times in Counter(db.session.scalars(accepted)).items() if times > 1]
    unfinished = (
        select(func.count())
        .select_from(Outbox)
        .where(Outbox.state.in_(("pending", "sending", "uncertain", "failed", "dead_letter")))
    )
    if twice or db.session.scalar(unfinished):
        raise Differs(
            f"enviadas duas vezes: {twice}; não enviadas: {db.session.scalar(unfinished)}"
        )


def _no_turn_failed_unasked(stage: Stage) -> None:
    failed = [turn.error for turn in _turns(stage) if turn.outcome is TurnOutcome.FAILED]
    if bool(failed) != stage.script.breaks:
        raise Differs(f"turnos que falharam: {failed}")


def _every_answer_is_of_its_turn(stage: Stage) -> None:
    """What a turn decided to say went out once, whole; where it names a ticket that it opens, with
    that ticket's number.
    """
    newest = db.session.scalar(
        select(func.max(Ticket.number)).filter_by(contact_id=stage.contact().id)
    )
    for turn in _turns(stage):
        course = decision_history.recorded_in(turn.trace)
        written = db.session.scalars(
            select(Message).filter_by(turn_id=turn.id, direction=Direction.OUT, author="bot")
        )
        said = [row.body for row in written.all()]
        decided = (
            None
            if course is None
            else [_numbered(reply["body"], newest) for reply in course["decision"]["replies"]]
        )
        if decided is not None and sorted(said) != sorted(decided):
            raise Differs(f"o turno decidiu dizer {decided} e disse {said}")


def _numbered(body: str, ticket: int | None) -> str:
    return body.replace(TICKET_NUMBER, str(ticket))


def _replay_gives_the_same(stage: Stage) -> None:
    for talk in db.session.scalars(
        select(Conversation.id).filter_by(contact_id=stage.contact().id)
    ).all():
        if differences := replay_conversation(talk).differences:
            raise Differs(f"o replay dá outra coisa: {differences[0]}")


def _nothing_rests_on_a_narrow_margin(stage: Stage) -> None:
    """Another machine adds numbers up in another order: what is decided may not hang on a digit."""
    if close := [
        line for turn in _turns(stage) for line in confidence_margins.too_close(turn.trace or {})
    ]:
        raise Differs(f"decidido por menos de {confidence_margins.NARROW} de confiança: {close}")


def _turns(stage: Stage) -> list[Turn]:
    talks = select(Conversation.id).filter_by(contact_id=stage.contact().id)
    return list(
        db.session.scalars(select(Turn).where(Turn.conversation_id.in_(talks)).order_by(Turn.id))
    )


def visited(stage: Stage) -> set[str]:
    """What a dialogue touched: states, events, finished flows and reasons, by their names in the
    code.
    """
    with stage.open():
        steps = db.session.execute(
            select(Transition.from_state, Transition.to_state, Transition.event, Transition.cause)
        ).all()
        courses = [
            course for turn in _turns(stage) if (course := decision_history.recorded_in(turn.trace))
        ]
    names = {str(name) for step in steps for name in step[:3]}
    finished = {
        step.cause for step in steps if step.event in {Event.CONFIRMED, Event.FLOW_FINISHED}
    }
    reasons = {
        str(effect["reason"])
        for course in courses
        for effect in course["decision"]["effects"]
        if "reason" in effect
    }
    return names | finished | reasons
