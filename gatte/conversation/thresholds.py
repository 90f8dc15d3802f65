"""The numbers that decide what a guess is worth, when a human is called, and what is resumed."""

from datetime import timedelta

CONFIDENCE_THRESHOLD = 0.60
"""A guess this sure is acted on."""

FLOW_SWITCH_THRESHOLD = 0.75
"""A running flow is left for another one, or for a question, only by a guess this sure."""

CLOSE_MARGIN = 0.15
"""Two guesses nearer than this are both shown as buttons."""

DISAMBIGUATION_MIN = 0.25
"""A guess below this is not worth a button."""

MIN_QUESTION_WORDS = 2
"""Words from which on an unclear text is worth a look into the knowledge base."""

DISAMBIGUATE_AFTER = 2
"""Misunderstandings in a row that lead to a choice of buttons."""

ESCALATE_AFTER = 3
"""Misunderstandings in a row that lead to a human."""

SLOT_OFFERS_HUMAN_AT = 3
"""Unusable answers to one slot in a row after which a human is offered."""

SLOT_ESCALATES_AT = 5
"""Unusable answers to one slot in a row after which the desk is called."""

ERRORS_ESCALATE_AT = 2
"""Failed turns in a row after which the desk is called."""

RESUME_LIMIT = timedelta(hours=24)
"""How long the slots of an interrupted flow are kept for the customer to come back to."""

ACTIVITY_LOG_LENGTH = 6
"""How many of the bot's latest doings the agent's card shows."""

# Labels of the command model, whose probabilities are calibrated. Each was set by what errors cost
# on voices that were left out; docs/decisions/0049-reading-turns.md has the table.

LABEL_THRESHOLD = 0.5
"""A label this sure is acted on where nothing literal says otherwise."""

ESCALATE_THRESHOLD = 0.25
"""Escalations and requests for a person count sooner, since a person too many is the lesser harm;
but only where they are likelier than a question or an answer.
"""

ASKED_FLOW_THRESHOLD = 0.9
"""A wish for a flow in a text that is likelier a question about it."""

STORY_THRESHOLD = 0.8
"""Where the customer is asked to tell what happened, much sounds like a reason for a person."""

CONFIRM_THRESHOLD = 0.9
"""A yes to a summary, in words that no rule knows."""

DISPUTED_CONFIRM_THRESHOLD = 0.98
"""A yes to a summary beside words that may take it back."""

WRONG_PERSON_THRESHOLD = 0.65
"""To be told to have the wrong number hurts somebody who has the right one."""

MARKED_QUESTION_THRESHOLD = 0.3
"""A message with a question mark is a question sooner."""
