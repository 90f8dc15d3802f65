"""What may be remembered of a contact: a closed set."""

from enum import StrEnum


class MemoryKind(StrEnum):
    """One thing that is worth knowing in the next conversation: how to call the person, the
    company, the product they have, the part of the day they prefer, their e-mail, what was talked
    about last, what the company owes them.
    """

    NAME_FORM = "name_form"
    COMPANY = "company"
    PRODUCT = "product"
    PERIOD = "period"
    EMAIL = "email"
    TOPIC = "topic"
    PROMISE = "promise"
