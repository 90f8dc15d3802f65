"""What the desk refuses, as problems: the HTTP status and the words of each."""

from flask import Blueprint, Response

from gatte.conversation.states import InvalidTransition
from gatte.desk import handoff
from gatte.desk.appointments import StaleAppointment
from gatte.desk.facts import FactExists
from gatte.extensions import db
from gatte.store import appointments
from gatte.store.certificates import NoSuchCertificate
from gatte.store.conversations import NoSuchConversation
from gatte.store.facts import NoSuchFact
from gatte.store.leads import NoSuchLead
from gatte.store.tickets import NoSuchTicket
from gatte.store.webhook_subscriptions import NoSuchSubscription
from gatte.web.problems import problem_response

REFUSALS: dict[type[Exception], tuple[int, str, str]] = {
    handoff.AlreadyTaken: (409, "already-taken", "Another agent has the conversation."),
    handoff.NotYours: (
        409,
        "not-yours",
        "The token's user does not have the conversation: take it first.",
    ),
    handoff.ConversationClosed: (
        409,
        "conversation-closed",
        "The conversation is over: the customer's next message begins another.",
    ),
    handoff.CustomerJustWrote: (
        409,
        "customer-just-wrote",
        "The customer wrote something that nobody has read: read it before you close.",
    ),
    handoff.WindowClosed: (
        409,
        "service-window-closed",
        (
            "More than 24 hours have passed since the customer's last message: WhatsApp takes only "
            "approved templates until they write again. Nothing was sent."
        ),
    ),
    appointments.TimeTaken: (
        409,
        "time-taken",
        "All that can be served at this time are booked: choose another.",
    ),
    StaleAppointment: (
        409,
        "not-booked",
        "The appointment is not booked any more: it was moved, cancelled, or is over.",
    ),
    FactExists: (
        409,
        "fact-exists",
        "There is a fact of this kind and key that begins on the same day: change that one.",
    ),
    InvalidTransition: (
        409,
        "invalid-transition",
        "The conversation is in a state that does not allow this: read it again.",
    ),
    NoSuchConversation: (404, "not-found", "There is no conversation with this id."),
    NoSuchTicket: (404, "not-found", "There is no ticket with this id."),
    NoSuchLead: (404, "not-found", "There is no lead with this id."),
    appointments.NoSuchAppointment: (404, "not-found", "There is no appointment with this id."),
    NoSuchFact: (404, "not-found", "There is no fact with this id."),
    NoSuchSubscription: (404, "not-found", "There is no webhook with this id."),
    NoSuchCertificate: (404, "not-found", "There is no certificate with this id."),
}


def init_blueprint(bp: Blueprint) -> None:
    """Answer what the desk refuses with a problem."""
    for refusal in REFUSALS:
        bp.register_error_handler(refusal, _refuse)


def _refuse(refusal: Exception) -> Response:
    db.session.rollback()
    status, kind, detail = REFUSALS[type(refusal)]
    return problem_response(status, detail, kind=kind)
