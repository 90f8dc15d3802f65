"""Several replies into as few bubbles as WhatsApp's limits allow: each delivered message costs money."""

from dataclasses import replace

from gatte.conversation.replies import Buttons, Menu, Reply, Template, Text

TEXT_LENGTH, BUTTONS_LENGTH, MENU_LENGTH = 4096, 1024, 4096
BETWEEN = "\n\n"


def _room(reply: Reply) -> int:
    if isinstance(reply, Buttons):
        return BUTTONS_LENGTH
    return MENU_LENGTH if isinstance(reply, Menu) else TEXT_LENGTH


def _shortened(reply: Reply) -> Reply:
    if isinstance(reply, Template) or len(reply.body) <= _room(reply):
        return reply
    return replace(reply, body=reply.body[: _room(reply) - 1] + "…")


def _joined(first: Reply, second: Reply) -> Reply | None:
    """Both in one bubble, or None where that cannot be."""
    if not isinstance(first, Text) or isinstance(second, Template):
        return None
    body = first.body if first.body == second.body else first.body + BETWEEN + second.body
    return replace(second, body=body) if len(body) <= _room(second) else None


def merge(replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """The same words in fewer messages: texts are joined, and a text goes in front of the buttons or the list after it.

    Of several replies with options only the last keeps them: an older choice beside a newer one only confuses.
    """
    merged: list[Reply] = []
    asks = [index for index, reply in enumerate(replies) if isinstance(reply, Buttons | Menu)]
    for index, reply in enumerate(replies):
        plain = Text(reply.body) if isinstance(reply, Buttons | Menu) and index != asks[-1] else reply
        joined = _joined(merged[-1], plain) if merged else None
        if joined:
            merged[-1] = joined
        else:
            merged.append(plain)
    return tuple(_shortened(reply) for reply in merged)
