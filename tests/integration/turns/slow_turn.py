"""A turn that can be met while it waits for Gemini."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes import payloads
from tests.fakes.gemini import FakeGemini
from tests.fakes.http_loop import Answer
from tests.integration.turns.simulated_customer import Customer
from tests.process_system import until

# the local model is not sure of such a text, and Gemini is asked
UNSURE = "xyzzy plugh certificado frobnicar?"
PATIENCE = 60.0


@contextmanager
def turn_waiting_for_gemini(customer: Customer, gemini: FakeGemini) -> Iterator[threading.Event]:
    """A turn that waits for Gemini's answer while this lasts, or until the event is set."""
    go_on, asked = threading.Event(), len(gemini.calls)

    def late(answer: Answer) -> Answer:
        go_on.wait(PATIENCE)
        return answer

    gemini.meets(UNSURE.partition(" ")[0], late)
    customer.delivers(payloads.text(UNSURE))
    turn = threading.Thread(target=customer.is_answered)
    turn.start()
    assert until(lambda: len(gemini.calls) > asked), "no turn asked Gemini"
    try:
        yield go_on
    finally:
        go_on.set()
        turn.join()
