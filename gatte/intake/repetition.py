"""How often a customer said the same again after it was answered: who repeats himself because
nothing came back is no spammer.
"""

from datetime import datetime, timedelta

from gatte.intake.incoming_message import IncomingMessage
from gatte.intake.open_conversation import OpenConversation
from gatte.intake.spam import TEN_MINUTES, spoken
from gatte.store import messages

PRECISION = timedelta(seconds=1)  # of Meta's times, which are cut to whole seconds


def times_repeated(talk: OpenConversation, one: IncomingMessage) -> int:
    """How often this was said of late, itself among them: what one turn answered counts once, what
    none has answered not at all.

    Neither does an answer that was accepted after the customer had written: a late one, or one that
    overtook the message.
    """
    same = spoken(one.text)
    answered = messages.list_answered(talk.conversation_id, _since(talk, one), _written_at(one))
    turns = {said.turn_id for said in answered if spoken(said.text) == same}
    return 1 + len(turns)


def _since(talk: OpenConversation, one: IncomingMessage) -> datetime:
    ten_minutes_ago = one.row.received_at - timedelta(milliseconds=TEN_MINUTES)
    return max(ten_minutes_ago, talk.muted_until or ten_minutes_ago)


def _written_at(one: IncomingMessage) -> datetime:
    return min(one.row.sent_at + PRECISION, one.row.received_at)
