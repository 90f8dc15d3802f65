"""What cannot be undone, and the customer's own word that must come before it.

The word is a command said in so many words or tapped, or a literal yes to a bubble that names what
will happen. How a model reads a turn is never enough.
"""

from gatte.conversation.effects import CancelAppointment, Effect, EraseData, StopNotices

IRREVERSIBLE: tuple[type[Effect], ...] = (StopNotices, EraseData, CancelAppointment)


class NotSaidLiterally(Exception):
    """Code was about to do what cannot be undone without the customer's own word for it."""

    def __init__(self, doing: str) -> None:
        super().__init__(f"{doing}: neither said literally nor agreed to by name")
