"""What a customer is told, once, when the bot does not read everything that they write."""

from gatte.conversation.replies import TextReply
from gatte.conversation.texts import render


def rate_limited() -> TextReply:
    """Some messages of this minute stay unanswered."""
    return TextReply(render("held_back.too_fast"))


def muted() -> TextReply:
    """Nothing is answered for a while."""
    return TextReply(render("held_back.muted"))
