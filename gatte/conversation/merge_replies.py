"""Several replies into as few bubbles as WhatsApp's limits allow: each delivered message costs
money.
"""

from dataclasses import replace

from gatte.conversation.replies import ButtonsReply, MenuReply, Reply, TemplateReply, TextReply

TEXT_LENGTH, BUTTONS_LENGTH, MENU_LENGTH = 4096, 1024, 4096
SEPARATOR = "\n\n"


def _limit(reply: Reply) -> int:
    if isinstance(reply, ButtonsReply):
        return BUTTONS_LENGTH
    return MENU_LENGTH if isinstance(reply, MenuReply) else TEXT_LENGTH


def _shortened(reply: Reply) -> Reply:
    if isinstance(reply, TemplateReply) or len(reply.body) <= _limit(reply):
        return reply
    return replace(reply, body=reply.body[: _limit(reply) - 1] + "…")


def _joined(first: Reply, second: Reply) -> Reply | None:
    """Both in one bubble, or None where that cannot be."""
    if not isinstance(first, TextReply) or isinstance(second, TemplateReply):
        return None
    body = first.body if first.body == second.body else first.body + SEPARATOR + second.body
    return replace(second, body=body) if len(body) <= _limit(second) else None


def merge_replies(replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """The same words in fewer messages: texts are joined, and a text goes in front of the buttons
    or the list after it.

    Of several replies with options only the last keeps them: an older choice beside a newer one
    only confuses.
    """
    merged: list[Reply] = []
    asks = [
        index for index, reply in enumerate(replies) if isinstance(reply, ButtonsReply | MenuReply)
    ]
    for index, reply in enumerate(replies):
        plain = (
            TextReply(reply.body)
            if isinstance(reply, ButtonsReply | MenuReply) and index != asks[-1]
            else reply
        )
        joined = _joined(merged[-1], plain) if merged else None
        if joined:
            merged[-1] = joined
        else:
            merged.append(plain)
    return tuple(_shortened(reply) for reply in merged)
