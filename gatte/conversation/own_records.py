"""What the contact's own records say: tickets, certificates, requests on personal data, the place
in the queue. Records of others never reach the core.
"""

from collections.abc import Callable

from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.fact_questions import FactQuestion
from gatte.conversation.fact_topics import FactTopic
from gatte.conversation.flows.certificates import show_certificate
from gatte.conversation.flows.ticket_status import find_number, state_in_words
from gatte.conversation.handoff import announce_queue
from gatte.conversation.snapshot import Snapshot, TicketFacts
from gatte.conversation.texts import render

DATA_REQUEST = "data_request"
"""The desk's name of tickets that ask for something about personal data."""
MOST_TOLD = 2


def tell_own_record(draft: DecisionBuilder, question: FactQuestion) -> None:
    """Say what the contact's own records answer to a question."""
    if question.topic is FactTopic.QUEUE:
        announce_queue(draft)
        return
    draft.add_text("answer.text", answer=SENTENCES[question.topic](question, draft.snapshot))


def _tickets(question: FactQuestion, snapshot: Snapshot) -> str:
    """How the tickets stand, or the one that is named."""
    number = find_number(question.text, snapshot).value
    tickets = [one for one in snapshot.tickets if number in (None, str(one.number))]
    if not tickets and number is not None:
        return render("ticket_status.not_this", number=number)
    if not tickets:
        return render("facts.no_ticket")
    lines = "\n".join(_ticket_line(one) for one in tickets[:MOST_TOLD])
    return render("ticket_status.done", lines=lines)


def _ticket_line(ticket: TicketFacts) -> str:
    """A ticket on one line."""
    return render(
        "ticket_status.line",
        number=ticket.number,
        subject=ticket.subject[:60],
        status=state_in_words(ticket.status),
    )


def _certificates(_question: FactQuestion, snapshot: Snapshot) -> str:
    """Until when the certificates are valid."""
    found = sorted(snapshot.certificates, key=lambda one: one.valid_until)[:MOST_TOLD]
    if not found:
        return render("facts.no_certificate")
    today = snapshot.now.date()
    lines = "\n".join(f"• {show_certificate(one, today)}" for one in found)
    return render("certificate_status.done", lines=lines)


def _data_requests(_question: FactQuestion, snapshot: Snapshot) -> str:
    """How the newest request on personal data stands."""
    newest = next((one for one in snapshot.tickets if one.kind == DATA_REQUEST), None)
    if newest is None:
        return render("facts.no_data_request")
    return render("facts.data_request", number=newest.number, status=state_in_words(newest.status))


SENTENCES: dict[FactTopic, Callable[[FactQuestion, Snapshot], str]] = {
    FactTopic.MY_TICKET: _tickets,
    FactTopic.MY_CERTIFICATE: _certificates,
    FactTopic.MY_DATA_REQUEST: _data_requests,
}
