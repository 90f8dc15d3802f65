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
