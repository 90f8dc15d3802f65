"""Blue ticks and "typing…": only where an answer follows, never by a paused number, and never in
heaps.
"""

import threading
from collections.abc import Iterator

import pytest

from gatte.conversation.snapshot import Owner
from gatte.conversation.states import State
from gatte.delivery import number_pause, read_receipts
from gatte.delivery.read_receipts import ReadReceipt, ReadReceiptQueue
from gatte.extensions import db
from gatte.models import NumberPause
from gatte.observability import metrics
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody
from tests.process_system import NUMBER, never, until

BAD_TOKEN = 190


class SlowChannel:
    """A channel whose calls wait until they are let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.begun: list[str] = []

    def mark_read(self, _number: str, wamid: str, **_: bool) -> None:
        self.begun.append(wamid)
        self.let_go.wait(30)


@pytest.fixture
def slow() -> Iterator[SlowChannel]:
    made = SlowChannel()
    yield made
    made.let_go.set()


def typing_of(meta, wamid: str) -> list[bool]:
    """For each mark of a message, whether it said that an answer is being written."""
    return [mark["typing"] for mark in meta.graph.reads if mark["wamid"] == wamid]


def dropped() -> float:
    page = metrics.render()[0].decode()
    [line] = [
        line
        for line in page.splitlines()
        if line.startswith('gatte_read_marks_total{outcome="dropped"}')
    ]
    return float(line.split()[-1])


def test_a_customer_sees_that_an_answer_is_being_written(app, meta):
    [wamid] = somebody(app).sends(payloads.text("oi"))

    assert until(lambda: typing_of(meta, wamid) == [True])


def test_a_reaction_is_marked_as_read_without_typing(app, meta):
    customer = somebody(app)
    [first] = customer.sends(payloads.text("oi"))
    [reaction] = customer.sends(payloads.reaction(first))

    assert until(lambda: typing_of(meta, reaction) == [False])


def test_nobody_types_while_a_person_is_waited_for(app, meta):
    customer = somebody(app)
    customer.sends(payloads.text("quero falar com um atendente"))
    [wamid] = customer.sends(payloads.text("alguém aí?"))

    assert until(lambda: typing_of(meta, wamid) == [False])


def test_nobody_types_while_a_person_has_the_conversation(app, meta):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    with app.app_context():
        row = customer.conversation()
        row.state, row.owner = State.WITH_HUMAN, Owner.HUMAN
        db.session.commit()
    [wamid] = customer.sends(payloads.text("obrigado"))

    assert until(lambda: typing_of(meta, wamid) == [False])


def test_a_paused_number_marks_nothing_as_read(app, meta):
    with app.app_context():
        db.session.add(
            NumberPause(
                phone_number_id=NUMBER,
                cause="token",
                error_code=BAD_TOKEN,
                probe_count=1,
                next_probe_at=db.func.now(),
            )
        )
        db.session.commit()
    app.extensions["gatte_pauses"] = number_pause.PauseCache()

    [wamid] = somebody(app).sends(payloads.text("oi"))

    assert never(lambda: bool(typing_of(meta, wamid)), 1)


def test_marks_that_meta_does_not_take_do_not_pile_up_and_the_newest_are_kept(slow):
    before, marks = dropped(), ReadReceiptQueue(at_once=1, most_waiting=2)
    for wamid in "abcdef":
        marks.add(ReadReceipt(slow, NUMBER, wamid, typing=True))
        assert until(lambda: slow.begun[:1] == ["a"])
    slow.let_go.set()

    assert until(lambda: slow.begun == ["a", "e", "f"])
    assert dropped() - before == 3


def test_a_mark_that_waited_for_too_long_is_not_sent(slow):
    before, marks = dropped(), ReadReceiptQueue(at_once=1, fresh_seconds=0.0)
    marks.add(ReadReceipt(slow, NUMBER, "late", typing=True, asked_at=-1.0))

    assert until(lambda: dropped() - before == 1)
    assert slow.begun == []


def test_marks_are_sent_on_a_bounded_number_of_threads(slow):
    marks = ReadReceiptQueue(at_once=read_receipts.MAX_CONCURRENT)
    for number in range(50):
        marks.add(ReadReceipt(slow, NUMBER, str(number), typing=True))

    assert until(lambda: len(slow.begun) == read_receipts.MAX_CONCURRENT)
    assert never(lambda: len(slow.begun) > read_receipts.MAX_CONCURRENT, 0.3)
