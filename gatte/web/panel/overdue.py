"""A warning for the people at the desk: a customer waits for them, and has for too long."""

from datetime import datetime

from gatte.conversation.states import State
from gatte.models import Conversation
from gatte.web.panel.formatting import waiting_time

UNTAKEN = "Ninguém assumiu esta conversa ainda: o cliente espera há {waited}."
UNANSWERED = "O cliente escreveu e espera uma resposta da equipe há {waited}."


def warning(conversation: Conversation) -> str:
    """What the desk must see about a conversation that it lets wait; empty while the inactivity
    timer has not warned of it.
    """
    flags = conversation.flags or {}
    if conversation.closed_at is not None or not flags.get("warned"):
        return ""
    if conversation.state is State.WAITING_HUMAN:
        return UNTAKEN.format(waited=waiting_time(conversation.waiting_since))
    if conversation.state is State.WITH_HUMAN and flags.get("customer_waiting"):
        since = _since(conversation, flags["customer_waiting"])
        return UNANSWERED.format(waited=waiting_time(since))
    return ""


def _since(conversation: Conversation, noted: str) -> datetime | None:
    """Since when the customer waits; an older note says only that."""
    try:
        return datetime.fromisoformat(noted)
    except ValueError:
        return conversation.last_inbound_at
