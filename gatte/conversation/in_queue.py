"""The customer waits for a human: commands and taps work, a sure question is answered, everything
else is for the human.
"""

from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.escalation_rules import EscalationTrigger
from gatte.conversation.fallback import QUESTIONS, is_confident
from gatte.conversation.handoff import acknowledge_while_queued, escalate, raises_priority
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.no_active_flow import ask_knowledge
from gatte.conversation.thresholds import FLOW_SWITCH_THRESHOLD


def raise_priority(draft: DecisionBuilder, alarm: EscalationTrigger, said: str) -> bool:
    """Move forward in the queue for a more pressing reason; whether that was so."""
    if not raises_priority(draft, alarm.reason):
        return False
    escalate(draft, alarm.reason, f"rule {alarm.reason}", said)
    return True


def handle_messages(draft: DecisionBuilder, said: list[UnderstoodText]) -> None:
    """Answer a sure question; note the rest for the human."""
    asked = [
        one
        for one in said
        if one.understanding and one.understanding.intent in QUESTIONS and "?" in one.text
    ]
    if asked and is_confident(asked[-1].understanding, FLOW_SWITCH_THRESHOLD):
        ask_knowledge(draft, "\n".join(one.text for one in asked), "while waiting")
    else:
        acknowledge_while_queued(draft)
