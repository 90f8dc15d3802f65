"""The customer waits for a human: commands and taps work, a sure question is answered, everything else is for the human."""

from gatte.conversation.alarms import Alarm
from gatte.conversation.draft import Draft
from gatte.conversation.handoff import escalate, is_more_pressing, keep_waiting
from gatte.conversation.idle import ask_knowledge
from gatte.conversation.ladder import QUESTIONS, is_sure
from gatte.conversation.media import Said
from gatte.conversation.thresholds import SWITCH


def raise_alarm(draft: Draft, alarm: Alarm, said: str) -> bool:
    """Move forward in the queue for a more pressing reason; whether that was so."""
    if not is_more_pressing(draft, alarm.reason):
        return False
    escalate(draft, alarm.reason, f"rule {alarm.reason}", said)
    return True


def hear(draft: Draft, said: list[Said]) -> None:
    """Answer a sure question; note the rest for the human."""
    asked = [one for one in said if one.understanding and one.understanding.intent in QUESTIONS and "?" in one.text]
    if asked and is_sure(asked[-1].understanding, SWITCH):
        ask_knowledge(draft, "\n".join(one.text for one in asked), "while waiting")
    else:
        keep_waiting(draft)
