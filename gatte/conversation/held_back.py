"""What a customer is told, once, when the bot does not read everything that they write."""

from gatte.conversation.replies import Text
from gatte.conversation.texts import say


def too_fast() -> Text:
    """Some messages of this minute stay unanswered."""
    return Text(say("held_back.too_fast"))


def muted() -> Text:
    """Nothing is answered for a while."""
    return Text(say("held_back.muted"))
